#include "smtp/client_machine.h"

#include <assert.h>

#include "base/mem.h"
#include "smtp/envelope.h"

/* A content up to this size goes in the same burst as the envelope, where the peer allows it; a
 * larger one waits for the replies to RCPT, so that a refused mail costs no content. */
#define BURST_OCTETS_MAX 65536

/* --- results -------------------------------------------------------------------------------- */

static void decide(struct smtp_client *c, size_t i, const struct fail *reply)
{
	struct smtp_client_result *r = &c->results[i];

	if (r->done)
		return;
	*r = (struct smtp_client_result){ .done = true, .reply = *reply };
	r->delivered = reply->kind == FAIL_NONE;
	c->open--;
}

static void decide_all(struct smtp_client *c, const struct fail *reply)
{
	for (size_t i = 0; c->open > 0; i++)
		decide(c, i, reply);
}

/* One of which the peer has said nothing, and cannot have it all, was not tried. */
void smtp_client_mail_broke(struct smtp_client *c, const struct fail *why)
{
	if (!c->in_mail)
		return;
	if (c->heard || c->ended)
		decide_all(c, why);
	c->in_mail = false;
	c->results_due = true;
	c->body = BODY_NONE;
}

/* The rest of the mail cannot follow, through no fault of the conversation; but a content that
 * was begun can be left unfinished only by hanging up. */
static void break_off(struct smtp_client *c, const struct fail *why)
{
	static const struct fail no_trouble;

	decide_all(c, why);
	smtp_client_end(c, &no_trouble);
}

/* Every recipient has its result.  clean: the peer has forgotten the transaction by itself. */
static void mail_is_over(struct smtp_client *c, bool clean)
{
	assert(c->open == 0);
	c->in_mail = false;
	c->results_due = true;
	c->body = BODY_NONE;
	if (clean) {
		smtp_client_ready(c);
		return;
	}
	buf_put(&c->out, S("RSET\r\n"));
	c->waiting = WAIT_RSET;
}

/* --- what we say ---------------------------------------------------------------------------- */

static void body_is_given(struct smtp_client *c)
{
	if (!c->peer.chunking)
		buf_put(&c->out, S(".\r\n"));
	c->body = BODY_GIVEN;
	c->ended = true;
}

static void want_body(struct smtp_client *c)
{
	smtp_dots_init(&c->dots, !c->peer.chunking);
	c->body = BODY_WANTED;
	if (c->body_left == 0)
		body_is_given(c);
}

static void say_data(struct smtp_client *c)
{
	c->committed = true;
	if (!c->peer.chunking) {
		buf_put(&c->out, S("DATA\r\n"));
		return;
	}
	buf_putf(&c->out, "BDAT %llu LAST\r\n", (unsigned long long)c->mail.size_octets);
	want_body(c);
}

static void say_envelope(struct smtp_client *c)
{
	smtp_envelope_mail(&c->out, &c->peer, &c->mail);
	c->waiting = WAIT_MAIL;
	if (!c->peer.pipelining)
		return;
	for (size_t i = 0; i < c->mail.rcpt_count; i++)
		smtp_envelope_rcpt(&c->out, &c->peer, &c->mail, i);
	if (!c->mail.asks_only && (!c->peer.chunking || c->mail.size_octets <= BURST_OCTETS_MAX))
		say_data(c);
}

void smtp_client_mail(struct smtp_client *c, const struct smtp_client_mail *mail, int64_t now_ms)
{
	struct fail why;

	assert(mail->rcpt_count > 0 && !c->in_mail && !c->results_due && !c->quit_wanted);
	assert(c->waiting == WAIT_NOTHING || c->waiting == WAIT_OVER);
	mem_free(c->results);
	c->results = mem_zero(mail->rcpt_count * sizeof *c->results);
	c->mail = *mail;
	c->open = mail->rcpt_count;
	c->rcpt_at = 0;
	c->body = BODY_NONE;
	c->body_left = mail->size_octets;
	c->heard = c->committed = c->ended = c->progress = c->ready_due = false;
	c->now_ms = c->since_ms = now_ms;
	if (c->waiting == WAIT_OVER) {
		c->results_due = true;
		return;
	}
	c->in_mail = true;
	if (c->peer.size_octets_max > 0 && mail->size_octets > c->peer.size_octets_max) {
		fail_with(&why, FAIL_PERMANENT, "5.3.4",
			"The peer takes %llu octets, the mail has %llu",
			(unsigned long long)c->peer.size_octets_max,
			(unsigned long long)mail->size_octets);
		decide_all(c, &why);
		mail_is_over(c, true);
		return;
	}
	say_envelope(c);
}

void smtp_client_mail_body(struct smtp_client *c, str bytes)
{
	struct fail why;

	if (c->body != BODY_ASKED)
		return; /* what it was asked for is over */
	if (!bytes.p) {
		fail_with(&why, FAIL_TEMPORARY, "4.3.0", "The content cannot be read");
		break_off(c, &why);
		return;
	}
	assert(bytes.n > 0 && bytes.n <= c->body_left);
	c->body_left -= bytes.n;
	c->progress = true;
	if (!smtp_dots_add(&c->dots, bytes, &c->out) ||
		(c->body_left == 0 && !smtp_dots_whole(&c->dots))) {
		fail_with(&why, FAIL_PERMANENT, "5.6.0",
			"The content has a line that ends without CRLF");
		break_off(c, &why);
		return;
	}
	c->body = BODY_WANTED;
	if (c->body_left == 0)
		body_is_given(c);
}

/* --- what the peer says --------------------------------------------------------------------- */

/* What a refused MAIL means for RCPT is clear: its own reply does not count. */
static void on_mail(struct smtp_client *c, const struct fail *reply)
{
	if (reply->kind != FAIL_NONE)
		decide_all(c, reply);
	if (!c->peer.pipelining && c->open == 0) {
		mail_is_over(c, false);
		return;
	}
	if (!c->peer.pipelining)
		smtp_envelope_rcpt(&c->out, &c->peer, &c->mail, 0);
	c->waiting = WAIT_RCPT;
}

/* The next recipient, from i on, that still waits for its result. */
static size_t next_open(const struct smtp_client *c, size_t i)
{
	while (i < c->mail.rcpt_count && c->results[i].done)
		i++;
	return i;
}

static void on_envelope(struct smtp_client *c)
{
	if (!c->committed) {
		if (c->open == 0) {
			mail_is_over(c, false);
			return;
		}
		say_data(c);
	}
	c->waiting = c->peer.chunking ? WAIT_FINAL : WAIT_DATA;
	c->rcpt_at = next_open(c, 0);
}

/* 552 from old servers says "too many recipients", which the next transaction cures (RFC 5321
 * section 4.5.3.1.10); one whose status names another reason, a full mailbox, means what it says.
 */
static void on_rcpt(struct smtp_client *c, const struct fail *reply)
{
	struct fail why = *reply;

	if (why.code == 552 &&
		(strcmp(why.status, "5.0.0") == 0 || strcmp(why.status, "5.5.3") == 0)) {
		why.kind = FAIL_TEMPORARY;
		why.code = 452;
		str_to_c(S("4.5.3"), why.status, sizeof why.status);
	}
	if (why.kind != FAIL_NONE || c->mail.asks_only)
		decide(c, c->rcpt_at, &why);
	c->rcpt_at++;
	if (c->rcpt_at == c->mail.rcpt_count)
		on_envelope(c);
	else if (!c->peer.pipelining)
		smtp_envelope_rcpt(&c->out, &c->peer, &c->mail, c->rcpt_at);
}

/* 354 although nobody was accepted is the price of pipelining: an empty message (RFC 2920 section
 * 3.1).  With LMTP it would have no reply, for there is none to reply for (RFC 2033 section 4.2).
 */
static void on_data(struct smtp_client *c, const struct fail *reply)
{
	if (reply->kind != FAIL_NONE) {
		decide_all(c, reply);
		mail_is_over(c, false);
	} else if (c->open > 0) {
		c->waiting = WAIT_FINAL;
		want_body(c);
	} else if (c->setup.lmtp) {
		break_off(c, reply);
	} else {
		c->waiting = WAIT_FINAL;
		buf_put(&c->out, S(".\r\n"));
	}
}

static void on_final(struct smtp_client *c, const struct fail *reply)
{
	bool good = reply->kind == FAIL_NONE;

	if (c->body == BODY_WANTED || c->body == BODY_ASKED) {
		if (good)
			smtp_client_out_of_turn(c, reply);
		else
			break_off(c, reply);
		return;
	}
	if (!c->setup.lmtp || c->open == 0) {
		decide_all(c, reply);
		mail_is_over(c, good);
		return;
	}
	decide(c, c->rcpt_at, reply);
	c->rcpt_at = next_open(c, c->rcpt_at);
	if (c->open == 0)
		mail_is_over(c, good);
}

static void on_rset(struct smtp_client *c, const struct fail *reply)
{
	if (reply->kind == FAIL_NONE)
		smtp_client_ready(c);
	else
		smtp_client_leave(c, reply);
}

void smtp_client_mail_replied(struct smtp_client *c, const struct fail *reply)
{
	if (c->waiting == WAIT_MAIL)
		on_mail(c, reply);
	else if (c->waiting == WAIT_RCPT)
		on_rcpt(c, reply);
	else if (c->waiting == WAIT_DATA)
		on_data(c, reply);
	else if (c->waiting == WAIT_FINAL)
		on_final(c, reply);
	else
		on_rset(c, reply);
}
