#include "smtp/client.h"

#include <assert.h>

#include "base/buf.h"
#include "base/mem.h"
#include "smtp/dots.h"
#include "smtp/envelope.h"
#include "smtp/reply.h"

/* A content up to this size goes in the same burst as the envelope, where the peer allows it; a
 * larger one waits for the replies to RCPT, so that a refused mail costs no content. */
#define BURST_OCTETS_MAX 65536

#define QUIT_MS_MAX 5000 /* nothing depends on the answer to QUIT */

/* Whose reply comes next. */
enum waiting {
	WAIT_NOTHING, /* READY */
	WAIT_GREETING,
	WAIT_EHLO,
	WAIT_HELO,
	WAIT_STARTTLS,
	WAIT_HANDSHAKE, /* not a reply: smtp_client_secured */
	WAIT_MAIL,
	WAIT_RCPT,
	WAIT_DATA,
	WAIT_FINAL, /* to the end of the content; with LMTP, one for each recipient */
	WAIT_RSET,
	WAIT_QUIT,
	WAIT_OVER, /* there is no conversation any more */
};

struct smtp_client {
	struct smtp_client_setup setup;
	struct smtp_client_peer peer;
	enum waiting waiting;
	bool secured, quit_wanted;
	bool results_due, ready_due, handshake_due; /* acts not yet said */
	bool progress;                              /* content was given since since_ms */
	int64_t now_ms, since_ms;
	struct fail trouble;
	struct smtp_reply reply;
	struct buf line; /* of a reply, until its end comes */
	struct buf out;  /* to be sent; the first said bytes of it were */
	size_t said;

	/* the mail in hand */
	struct smtp_client_mail mail;
	bool in_mail;
	bool heard;     /* a reply to one of its commands was read */
	bool committed; /* DATA or BDAT was said */
	bool ended;     /* the end of its content was said */
	enum { BODY_NONE, BODY_WANTED, BODY_ASKED, BODY_GIVEN } body;
	uint64_t body_left; /* octets to be given */
	struct smtp_dots dots;
	size_t rcpt_at; /* whose reply comes next */
	size_t open;    /* recipients without a result */
	struct smtp_client_result *results;
};

/* --- results and ends ----------------------------------------------------------------------- */

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

/* The conversation is over; a mail in hand gets its results.  One of which the peer has said
 * nothing, and cannot have it all, was not tried. */
static void end(struct smtp_client *c, const struct fail *why)
{
	if (c->waiting == WAIT_OVER)
		return;
	if (why->kind != FAIL_NONE && c->waiting != WAIT_QUIT)
		c->trouble = *why;
	if (c->in_mail) {
		if (c->heard || c->ended)
			decide_all(c, why);
		c->in_mail = false;
		c->results_due = true;
	}
	c->waiting = WAIT_OVER;
	c->body = BODY_NONE;
	c->ready_due = c->handshake_due = false;
	c->said = 0;
	buf_free(&c->out);
	buf_free(&c->line);
}

/* The rest of the mail cannot follow, through no fault of the conversation; but a content that
 * was begun can be left unfinished only by hanging up. */
static void break_off(struct smtp_client *c, const struct fail *why)
{
	static const struct fail no_trouble;

	decide_all(c, why);
	end(c, &no_trouble);
}

static void leave(struct smtp_client *c, const struct fail *trouble)
{
	if (trouble)
		c->trouble = *trouble;
	buf_put(&c->out, S("QUIT\r\n"));
	c->waiting = WAIT_QUIT;
}

static void become_ready(struct smtp_client *c)
{
	c->waiting = WAIT_NOTHING;
	if (c->quit_wanted)
		leave(c, NULL);
	else
		c->ready_due = true;
}

/* Every recipient has its result.  clean: the peer has forgotten the transaction by itself. */
static void mail_is_over(struct smtp_client *c, bool clean)
{
	assert(c->open == 0);
	c->in_mail = false;
	c->results_due = true;
	c->body = BODY_NONE;
	if (clean) {
		become_ready(c);
		return;
	}
	buf_put(&c->out, S("RSET\r\n"));
	c->waiting = WAIT_RSET;
}

/* --- what we say ---------------------------------------------------------------------------- */

static void say_hello(struct smtp_client *c, enum waiting how)
{
	const char *verb = how == WAIT_HELO ? "HELO" : c->setup.lmtp ? "LHLO" : "EHLO";

	c->peer = (struct smtp_client_peer){ 0 };
	buf_putf(&c->out, "%s %.*s\r\n", verb, STR(c->setup.hello));
	c->waiting = how;
}

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

/* --- what the peer says --------------------------------------------------------------------- */

static void on_nothing(struct smtp_client *c, const struct fail *reply)
{
	struct fail why;

	fail_with(&why, FAIL_TEMPORARY, "4.5.0", "The peer spoke out of turn: %d %s", reply->code,
		reply->text);
	end(c, &why);
}

static void on_greeting(struct smtp_client *c, const struct fail *reply)
{
	if (reply->kind == FAIL_NONE)
		say_hello(c, WAIT_EHLO);
	else
		leave(c, reply);
}

/* We know what the peer can do: is that protected enough to go on? */
static void on_known(struct smtp_client *c)
{
	struct fail why;

	if (c->secured || !(c->setup.tls_wanted || c->setup.tls_required)) {
		become_ready(c);
	} else if (c->peer.starttls) {
		buf_put(&c->out, S("STARTTLS\r\n"));
		c->waiting = WAIT_STARTTLS;
	} else if (c->setup.tls_required) {
		fail_with(&why, FAIL_TEMPORARY, "4.7.4",
			"TLS is required, and the peer does not offer it");
		leave(c, &why);
	} else {
		become_ready(c);
	}
}

static void on_ehlo(struct smtp_client *c, const struct fail *reply)
{
	if (reply->kind == FAIL_NONE) {
		c->peer.esmtp = true;
		on_known(c);
	} else if (reply->kind == FAIL_PERMANENT && !c->setup.lmtp) {
		say_hello(c, WAIT_HELO);
	} else {
		leave(c, reply);
	}
}

static void on_helo(struct smtp_client *c, const struct fail *reply)
{
	if (reply->kind == FAIL_NONE)
		on_known(c);
	else
		leave(c, reply);
}

static void on_starttls(struct smtp_client *c, const struct fail *reply)
{
	struct fail why;

	if (reply->kind == FAIL_NONE) {
		c->handshake_due = true;
		c->waiting = WAIT_HANDSHAKE;
	} else if (c->setup.tls_required) {
		fail_with(&why, FAIL_TEMPORARY, "4.7.4",
			"TLS is required, and the peer refused it: %d %s", reply->code,
			reply->text);
		leave(c, &why);
	} else {
		become_ready(c);
	}
}

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
	if (why.kind != FAIL_NONE)
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
			on_nothing(c, reply);
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
		become_ready(c);
	else
		leave(c, reply);
}

static void on_quit(struct smtp_client *c, const struct fail *reply)
{
	end(c, reply);
}

/* clang-format off */
static const struct {
	const char *when; /* ends a sentence */
	void (*replied)(struct smtp_client *c, const struct fail *reply);
} waits[] = {
	[WAIT_NOTHING] = { "", on_nothing },
	[WAIT_GREETING] = { " while waiting for the greeting", on_greeting },
	[WAIT_EHLO] = { " while waiting for the reply to EHLO", on_ehlo },
	[WAIT_HELO] = { " while waiting for the reply to HELO", on_helo },
	[WAIT_STARTTLS] = { " while waiting for the reply to STARTTLS", on_starttls },
	[WAIT_HANDSHAKE] = { " while waiting for the TLS handshake", on_nothing },
	[WAIT_MAIL] = { " while waiting for the reply to MAIL", on_mail },
	[WAIT_RCPT] = { " while waiting for the reply to RCPT", on_rcpt },
	[WAIT_DATA] = { " while waiting for the reply to DATA", on_data },
	[WAIT_FINAL] = { " while waiting for the reply to the content", on_final },
	[WAIT_RSET] = { " while waiting for the reply to RSET", on_rset },
	[WAIT_QUIT] = { " while waiting for the reply to QUIT", on_quit },
	[WAIT_OVER] = { "", on_nothing },
};
/* clang-format on */

/* 3xx belongs to DATA, and nothing else that is good does. */
static void take_reply(struct smtp_client *c)
{
	struct fail reply;

	smtp_reply_fail(&c->reply, &reply);
	c->reply = (struct smtp_reply){ 0 };
	c->since_ms = c->now_ms;
	c->progress = false;
	c->heard = true;
	if (reply.code == 421)
		end(c, &reply);
	else if (reply.kind == FAIL_NONE && (reply.code >= 300) != (c->waiting == WAIT_DATA))
		on_nothing(c, &reply);
	else
		waits[c->waiting].replied(c, &reply);
}

/* Take one line of a reply off *input.  False: its end is not there. */
static bool take_line(struct smtp_client *c, str *input)
{
	struct fail why;
	str text;

	switch (smtp_reply_take(&c->reply, input, &text, &why)) {
	case SCAN_MORE:
		return false;
	case SCAN_BAD:
		end(c, &why);
		return true;
	case SCAN_DONE:
		if (c->waiting == WAIT_EHLO && c->reply.lines > 1)
			smtp_offer_line(&c->peer, text);
		if (c->reply.whole)
			take_reply(c);
		return true;
	}
	return true;
}

/* All is taken: what follows the reply to STARTTLS in clear, or comes when it is over, is nobody's
 * (RFC 3207 section 4.2). */
size_t smtp_client_feed(struct smtp_client *c, str bytes, int64_t now_ms)
{
	size_t taken = bytes.n;

	c->now_ms = now_ms;
	while (bytes.n > 0 && c->waiting != WAIT_OVER && c->waiting != WAIT_HANDSHAKE) {
		size_t have = buf_str(&c->line).n;
		str part;

		if (have == 0 && take_line(c, &bytes))
			continue;
		part = str_first(bytes, str_find(bytes, '\n') + 1);
		part = str_first(part, SMTP_REPLY_LINE_MAX - have);
		buf_put(&c->line, part);
		bytes = str_skip(bytes, part.n);
		part = buf_str(&c->line);
		if (have > 0 && take_line(c, &part))
			buf_take(&c->line, buf_str(&c->line).n);
	}
	return taken;
}

/* --- the rest of the verbs ------------------------------------------------------------------ */

struct smtp_client *smtp_client_new(const struct smtp_client_setup *setup, int64_t now_ms)
{
	struct smtp_client *c = MEM_NEW(struct smtp_client);

	c->setup = *setup;
	c->waiting = WAIT_GREETING;
	c->now_ms = c->since_ms = now_ms;
	return c;
}

void smtp_client_free(struct smtp_client *c)
{
	if (!c)
		return;
	buf_free(&c->line);
	buf_free(&c->out);
	mem_free(c->results);
	mem_free(c);
}

struct smtp_client_act smtp_client_next(struct smtp_client *c)
{
	struct smtp_client_act act = { .kind = SMTP_CLIENT_IDLE };

	buf_take(&c->out, c->said);
	act.bytes = buf_str(&c->out);
	c->said = act.bytes.n;
	if (c->said > 0) {
		act.kind = SMTP_CLIENT_SEND;
	} else if (c->body == BODY_WANTED) {
		act.kind = SMTP_CLIENT_BODY;
		c->body = BODY_ASKED;
	} else if (c->handshake_due) {
		act.kind = SMTP_CLIENT_STARTTLS;
		c->handshake_due = false;
	} else if (c->results_due) {
		act.kind = SMTP_CLIENT_RESULTS;
		c->results_due = false;
	} else if (c->ready_due) {
		act.kind = SMTP_CLIENT_READY;
		c->ready_due = false;
	} else if (c->waiting == WAIT_OVER) {
		act.kind = SMTP_CLIENT_CLOSE;
	}
	return act;
}

static void say_envelope(struct smtp_client *c)
{
	smtp_envelope_mail(&c->out, &c->peer, &c->mail);
	c->waiting = WAIT_MAIL;
	if (!c->peer.pipelining)
		return;
	for (size_t i = 0; i < c->mail.rcpt_count; i++)
		smtp_envelope_rcpt(&c->out, &c->peer, &c->mail, i);
	if (!c->peer.chunking || c->mail.size_octets <= BURST_OCTETS_MAX)
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

void smtp_client_body(struct smtp_client *c, str bytes)
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

void smtp_client_secured(struct smtp_client *c, int64_t now_ms)
{
	if (c->waiting != WAIT_HANDSHAKE)
		return;
	c->now_ms = c->since_ms = now_ms;
	c->secured = true;
	say_hello(c, WAIT_EHLO);
}

/* That a stream broke is never the fault of the mail. */
void smtp_client_gone(struct smtp_client *c, const struct fail *why)
{
	struct fail gone;

	fail_with(&gone, FAIL_TEMPORARY, "4.4.2", "%s%s",
		why ? why->text : "The peer closed the connection", waits[c->waiting].when);
	end(c, &gone);
}

void smtp_client_quit(struct smtp_client *c, int64_t now_ms)
{
	c->quit_wanted = true;
	c->now_ms = now_ms;
	if (c->waiting != WAIT_NOTHING)
		return;
	c->ready_due = false;
	c->since_ms = now_ms;
	leave(c, NULL);
}

int64_t smtp_client_deadline_ms(const struct smtp_client *c)
{
	switch (c->waiting) {
	case WAIT_NOTHING:
	case WAIT_OVER:
		return INT64_MAX;
	case WAIT_GREETING:
		return c->since_ms + c->setup.greeting_ms_max;
	case WAIT_EHLO:
	case WAIT_HELO:
	case WAIT_STARTTLS:
	case WAIT_HANDSHAKE:
	case WAIT_MAIL:
	case WAIT_RCPT:
	case WAIT_RSET:
		return c->since_ms + c->setup.command_ms_max;
	case WAIT_DATA:
		return c->since_ms + c->setup.data_ms_max;
	case WAIT_FINAL:
		return c->since_ms + (c->ended ? c->setup.final_ms_max : c->setup.data_ms_max);
	case WAIT_QUIT:
		return c->since_ms + QUIT_MS_MAX;
	}
	return INT64_MAX;
}

/* Content that was given since is a sign of life too, and its moment was not told: the wait starts
 * anew, and is at most doubled by that. */
void smtp_client_tick(struct smtp_client *c, int64_t now_ms)
{
	struct fail why;

	c->now_ms = now_ms;
	if (now_ms < smtp_client_deadline_ms(c))
		return;
	if (c->progress) {
		c->progress = false;
		c->since_ms = now_ms;
		return;
	}
	fail_with(&why, FAIL_TEMPORARY, "4.4.2", "Timed out%s", waits[c->waiting].when);
	end(c, &why);
}

const struct smtp_client_peer *smtp_client_peer(const struct smtp_client *c)
{
	return &c->peer;
}

const struct smtp_client_result *smtp_client_results(const struct smtp_client *c)
{
	return c->results;
}

const struct fail *smtp_client_trouble(const struct smtp_client *c)
{
	return &c->trouble;
}
