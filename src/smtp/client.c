#include "smtp/client_machine.h"

#include "base/mem.h"

#define QUIT_MS_MAX 5000 /* nothing depends on the answer to QUIT */

/* --- ends ----------------------------------------------------------------------------------- */

void smtp_client_end(struct smtp_client *c, const struct fail *why)
{
	if (c->waiting == WAIT_OVER)
		return;
	if (why->kind != FAIL_NONE && c->waiting != WAIT_QUIT)
		c->trouble = *why;
	smtp_client_mail_broke(c, why);
	c->waiting = WAIT_OVER;
	c->ready_due = c->handshake_due = false;
	c->said = 0;
	buf_free(&c->out);
	buf_free(&c->line);
	smtp_client_auth_wipe(c);
}

void smtp_client_leave(struct smtp_client *c, const struct fail *trouble)
{
	if (trouble)
		c->trouble = *trouble;
	buf_put(&c->out, S("QUIT\r\n"));
	c->waiting = WAIT_QUIT;
}

void smtp_client_ready(struct smtp_client *c)
{
	c->waiting = WAIT_NOTHING;
	if (c->quit_wanted)
		smtp_client_leave(c, NULL);
	else
		c->ready_due = true;
}

/* --- what we say ---------------------------------------------------------------------------- */

static void say_hello(struct smtp_client *c, enum smtp_client_waiting how)
{
	const char *verb = how == WAIT_HELO ? "HELO" : c->setup.lmtp ? "LHLO" : "EHLO";

	c->peer = (struct smtp_client_peer){ 0 };
	buf_putf(&c->out, "%s %.*s\r\n", verb, STR(c->setup.hello));
	c->waiting = how;
}

/* --- what the peer says --------------------------------------------------------------------- */

void smtp_client_out_of_turn(struct smtp_client *c, const struct fail *reply)
{
	struct fail why;

	fail_with(&why, FAIL_TEMPORARY, "4.5.0", "The peer spoke out of turn: %d %s", reply->code,
		reply->text);
	smtp_client_end(c, &why);
}

static void on_greeting(struct smtp_client *c, const struct fail *reply)
{
	if (reply->kind == FAIL_NONE)
		say_hello(c, WAIT_EHLO);
	else
		smtp_client_leave(c, reply);
}

/* We know what the peer can do: is that protected enough to go on? */
static void on_known(struct smtp_client *c)
{
	struct fail why;

	if (c->secured || !(c->setup.tls_wanted || c->setup.tls_required)) {
		smtp_client_auth_begin(c);
	} else if (c->peer.starttls) {
		buf_put(&c->out, S("STARTTLS\r\n"));
		c->waiting = WAIT_STARTTLS;
	} else if (c->setup.tls_required) {
		fail_with(&why, FAIL_TEMPORARY, "4.7.4",
			"TLS is required, and the peer does not offer it");
		smtp_client_leave(c, &why);
	} else {
		smtp_client_auth_begin(c);
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
		smtp_client_leave(c, reply);
	}
}

static void on_helo(struct smtp_client *c, const struct fail *reply)
{
	if (reply->kind == FAIL_NONE)
		on_known(c);
	else
		smtp_client_leave(c, reply);
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
		smtp_client_leave(c, &why);
	} else {
		smtp_client_auth_begin(c);
	}
}

static void on_quit(struct smtp_client *c, const struct fail *reply)
{
	smtp_client_end(c, reply);
}

/* clang-format off */
static const struct {
	const char *when; /* ends a sentence */
	void (*replied)(struct smtp_client *c, const struct fail *reply);
} waits[] = {
	[WAIT_NOTHING] = { "", smtp_client_out_of_turn },
	[WAIT_GREETING] = { " while waiting for the greeting", on_greeting },
	[WAIT_EHLO] = { " while waiting for the reply to EHLO", on_ehlo },
	[WAIT_HELO] = { " while waiting for the reply to HELO", on_helo },
	[WAIT_STARTTLS] = { " while waiting for the reply to STARTTLS", on_starttls },
	[WAIT_HANDSHAKE] = { " while waiting for the TLS handshake", smtp_client_out_of_turn },
	[WAIT_LOGIN] = { " while our login was made ready", smtp_client_out_of_turn },
	[WAIT_AUTH] = { " while waiting for the reply to AUTH", smtp_client_auth_replied },
	[WAIT_MAIL] = { " while waiting for the reply to MAIL", smtp_client_mail_replied },
	[WAIT_RCPT] = { " while waiting for the reply to RCPT", smtp_client_mail_replied },
	[WAIT_DATA] = { " while waiting for the reply to DATA", smtp_client_mail_replied },
	[WAIT_FINAL] = { " while waiting for the reply to the content", smtp_client_mail_replied },
	[WAIT_RSET] = { " while waiting for the reply to RSET", smtp_client_mail_replied },
	[WAIT_QUIT] = { " while waiting for the reply to QUIT", on_quit },
	[WAIT_OVER] = { "", smtp_client_out_of_turn },
};
/* clang-format on */

/* 3xx belongs to DATA, and nothing else that is good does; 334 belongs to AUTH. */
static bool fits(const struct smtp_client *c, int code)
{
	if (code == 334)
		return c->waiting == WAIT_AUTH || c->waiting == WAIT_DATA;
	return (code >= 300) == (c->waiting == WAIT_DATA);
}

static void take_reply(struct smtp_client *c)
{
	struct fail reply;

	smtp_reply_fail(&c->reply, &reply);
	c->reply = (struct smtp_reply){ 0 };
	c->since_ms = c->now_ms;
	c->progress = false;
	c->heard = true;
	if (reply.code == 421)
		smtp_client_end(c, &reply);
	else if (reply.kind == FAIL_NONE && !fits(c, reply.code))
		smtp_client_out_of_turn(c, &reply);
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
		smtp_client_end(c, &why);
		return true;
	case SCAN_DONE:
		if (c->waiting == WAIT_EHLO && c->reply.lines > 1)
			smtp_offer_line(&c->peer, text);
		if (c->waiting == WAIT_AUTH)
			smtp_client_auth_text(c, text);
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
	c->waiting = setup->tls_first ? WAIT_HANDSHAKE : WAIT_GREETING;
	c->handshake_due = setup->tls_first;
	c->now_ms = c->since_ms = now_ms;
	return c;
}

void smtp_client_free(struct smtp_client *c)
{
	if (!c)
		return;
	buf_free(&c->line);
	buf_free(&c->out);
	smtp_client_auth_wipe(c);
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
	} else if (c->auth.due) {
		act.kind = SMTP_CLIENT_AUTH;
		act.bytes = c->auth.challenged ? buf_str(&c->auth.challenge) : (str){ 0 };
		if (c->auth.challenged && !act.bytes.p)
			act.bytes = S("");
		c->auth.due = false;
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

void smtp_client_body(struct smtp_client *c, str bytes)
{
	smtp_client_mail_body(c, bytes);
}

void smtp_client_secured(struct smtp_client *c, int64_t now_ms)
{
	if (c->waiting != WAIT_HANDSHAKE)
		return;
	c->now_ms = c->since_ms = now_ms;
	c->secured = true;
	if (c->setup.tls_first)
		c->waiting = WAIT_GREETING;
	else
		say_hello(c, WAIT_EHLO);
}

/* That a stream broke is never the fault of the mail. */
void smtp_client_gone(struct smtp_client *c, const struct fail *why)
{
	struct fail gone;

	fail_with(&gone, FAIL_TEMPORARY, "4.4.2", "%s%s",
		why ? why->text : "The peer closed the connection", waits[c->waiting].when);
	smtp_client_end(c, &gone);
}

void smtp_client_quit(struct smtp_client *c, int64_t now_ms)
{
	c->quit_wanted = true;
	c->now_ms = now_ms;
	if (c->waiting != WAIT_NOTHING)
		return;
	c->ready_due = false;
	c->since_ms = now_ms;
	smtp_client_leave(c, NULL);
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
	case WAIT_LOGIN:
	case WAIT_AUTH:
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
	smtp_client_end(c, &why);
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
