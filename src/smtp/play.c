#include "smtp/play.h"

#include <assert.h>
#include <stdio.h>

#include "base/ascii.h"
#include "mail/address.h"

void play_begin(struct play *p, bool late)
{
	*p = (struct play){
		.late = late,
		.limits = {.line_octets_max = 1024,
			   .text_line_octets_max = 1000,
			   .message_octets_max = 1000000,
			   .recipients_max = 100,
			   .transactions_max = 100,
			   .idle_commands_max = 100,
			   .errors_max = 20,
			   .command_ms_max = 300000,
			   .data_ms_max = 200000,
			   .answer_ms_max = 30000,
			   .message_ms_max = 3600000,
			   .handshake_ms_max = 60000},
	};
}

void play_greet(struct play *p)
{
	p->setup.hostname = S("pivot.test");
	p->setup.limits = &p->limits;
	p->machine = smtp_server_new(&p->setup, p->now_ms);
	smtp_server_greet(p->machine, NULL);
	play_run(p);
}

void play_end(struct play *p)
{
	smtp_server_free(p->machine);
	buf_free(&p->sent);
	buf_free(&p->events);
	buf_free(&p->body);
	buf_free(&p->refusals);
}

static void note(struct play *p, const char *event, str about)
{
	if (p->body_open)
		buf_put(&p->events, S(")"));
	p->body_open = false;
	buf_putf(&p->events, "%s%s", buf_str(&p->events).n ? " " : "", event);
	if (about.n > 0)
		buf_putf(&p->events, "(%.*s)", STR(about));
}

static void note_body(struct play *p, str bytes)
{
	assert(p->may_body && bytes.n > 0);
	if (!p->body_open) {
		note(p, "BODY", S(""));
		buf_put(&p->events, S("("));
	}
	p->body_open = true;
	buf_put(&p->body, bytes);
	for (size_t i = 0; i < bytes.n; i++)
		if (bytes.p[i] != '\r')
			buf_put_char(&p->events, bytes.p[i] == '\n' ? '~' : bytes.p[i]);
}

static void note_refused(struct play *p, const struct smtp_server_act *act)
{
	assert(!p->gone && act->refusal->kind != FAIL_NONE && act->refusal->text[0]);
	buf_putf(&p->refusals, "%s%d/%s %s", buf_str(&p->refusals).n ? ", " : "",
		fail_code(act->refusal), act->refusal->status, act->limit ? act->limit : "-");
	p->gone = act->hangs_up;
}

/* --- answers ---------------------------------------------------------------------------------- */

static bool judge(struct play *p, str address)
{
	str local = address_local(address);

	if (str_starts(local, S("later")))
		return fail_reply(&p->refusal, 451, "4.7.1", "Come later");
	if (str_starts(local, S("bye")))
		return fail_reply(&p->refusal, 421, "4.3.2", "Not now");
	if (str_starts(local, S("no")) && !str_starts(local, S("nodata")))
		return fail_reply(&p->refusal, 550, "5.1.1", "No such user");
	return true;
}

/* A response says itself what becomes of it: "more" gets a challenge, "no" and "busy" a refusal;
 * all else is a name, which is let in. */
static void hear_auth(struct play *p, const struct smtp_server_act *act)
{
	str response = act->auth.response;

	assert(!p->begun && smtp_server_tls_on(p->machine) && smtp_server_auth_open(p->machine));
	note(p, act->auth.begins ? act->auth.mechanism : "GO", response);
	str_to_c(response, p->login, sizeof p->login);
	p->challenges =
		str_starts(response, S("more")) || !(act->auth.initial || !act->auth.begins);
	if (str_starts(response, S("no")))
		p->refused = !fail_reply(&p->refusal, 535, "5.7.8", "Wrong");
	if (str_starts(response, S("busy")))
		p->refused = !fail_reply(&p->refusal, 454, "4.7.0", "Busy");
}

static void hear(struct play *p, const struct smtp_server_act *act)
{
	assert(p->ticket == 0);
	p->ticket = act->ticket;
	p->question = act->question;
	p->refused = false;
	switch (act->question) {
	case SMTP_ASK_AUTH:
		hear_auth(p, act);
		break;
	case SMTP_ASK_CLIENT:
		assert(!p->begun && act->client->said);
		note(p, "CLIENT", str_of(act->client->login));
		str_to_c(str_of(act->client->login), p->login, sizeof p->login);
		p->refused = str_starts(str_of(act->client->login), S("no")) &&
			     !fail_reply(&p->refusal, 421, "4.7.0", "Not he");
		break;
	case SMTP_ASK_MAIL:
		assert(!p->begun);
		note(p, "MAIL", act->mail.sender);
		if (act->client && act->client->said & XCLIENT_HELO)
			note(p, "FOR", str_of(act->client->helo));
		p->sender =
			str_of(str_to_c(act->mail.sender, p->sender_text, sizeof p->sender_text));
		p->refused = !judge(p, act->mail.sender);
		break;
	case SMTP_ASK_RCPT:
		assert(p->begun);
		note(p, "RCPT", act->rcpt.recipient);
		p->refused = !judge(p, act->rcpt.recipient);
		break;
	case SMTP_ASK_DATA:
		assert(p->begun);
		note(p, "DATA", S(""));
		p->refused = str_starts(p->sender, S("nodata")) &&
			     !fail_reply(&p->refusal, 554, "5.7.1", "No data");
		break;
	case SMTP_ASK_COMMIT:
		assert(p->may_body);
		note(p, "COMMIT", S(""));
		p->may_body = false;
		p->refused = str_ends(buf_str(&p->body), S("REFUSE\r\n")) &&
			     !fail_reply(&p->refusal, 452, "4.3.1", "Disk full");
		break;
	}
}

static void answer_auth(struct play *p, uint32_t ticket)
{
	bool taken;

	assert(!smtp_server_auth_challenge(p->machine, ticket + 1, S("")));
	if (p->challenges && !p->refused)
		taken = smtp_server_auth_challenge(p->machine, ticket, S("go on"));
	else
		taken = smtp_server_answer(p->machine, ticket, p->refused ? &p->refusal : NULL,
			str_of(p->login[0] ? p->login : "somebody"));
	assert(taken);
	assert(!smtp_server_auth_challenge(p->machine, ticket, S("")));
}

static void answer(struct play *p)
{
	uint32_t ticket = p->ticket;
	bool taken;

	p->ticket = 0;
	if (!p->refused && p->question == SMTP_ASK_MAIL)
		p->begun = true;
	if (!p->refused && p->question == SMTP_ASK_DATA) {
		p->may_body = true;
		buf_free(&p->body);
	}
	if (p->question == SMTP_ASK_COMMIT) {
		p->commits += !p->refused;
		p->begun = p->refused; /* until RESET */
	}
	assert(!smtp_server_answer(p->machine, ticket + 1, NULL, S("")));
	if (p->question == SMTP_ASK_AUTH) {
		answer_auth(p, ticket);
		return;
	}
	taken = smtp_server_answer(p->machine, ticket, p->refused ? &p->refusal : NULL,
		p->question == SMTP_ASK_CLIENT ? str_of(p->login) : S("queued as 1"));
	assert(taken);
	assert(!smtp_server_answer(p->machine, ticket, NULL, S("")));
}

/* --- driving ---------------------------------------------------------------------------------- */

void play_run(struct play *p)
{
	while (!p->closed) {
		struct smtp_server_act act = smtp_server_next(p->machine);

		switch (act.kind) {
		case SMTP_SERVER_IDLE:
			if (!p->ticket || p->mute)
				return;
			answer(p);
			break;
		case SMTP_SERVER_SEND:
			assert(act.bytes.n > 0);
			buf_put(&p->sent, act.bytes);
			break;
		case SMTP_SERVER_ASK:
			hear(p, &act);
			if (!p->late && !p->mute)
				answer(p);
			break;
		case SMTP_SERVER_BODY:
			note_body(p, act.bytes);
			break;
		case SMTP_SERVER_RESET:
			note(p, "RESET", S(""));
			p->begun = p->may_body = false;
			break;
		case SMTP_SERVER_REFUSED:
			note_refused(p, &act);
			break;
		case SMTP_SERVER_STARTTLS:
			assert(!p->shaking && !p->begun && !smtp_server_tls_on(p->machine));
			note(p, "TLS", S(""));
			p->shaking = true;
			break;
		case SMTP_SERVER_CLOSE:
			note(p, "CLOSE", S(""));
			p->closed = true;
			break;
		}
	}
}

/* The handshake is over; nothing that was said in clear is known any more. */
static void secured(struct play *p)
{
	p->shaking = false;
	smtp_server_tls_done(p->machine, p->now_ms);
	assert(smtp_server_tls_on(p->machine) && smtp_server_helo(p->machine).n == 0 &&
		!smtp_server_extended(p->machine));
	play_run(p);
}

bool play_flight(struct play *p, str bytes, size_t step)
{
	size_t from = 0, to = 0;

	if (p->shaking && bytes.n > 0)
		secured(p);
	while (from < bytes.n && !p->closed) {
		size_t taken;

		if (from == to)
			to = bytes.n - to < step ? bytes.n : to + step;
		taken = smtp_server_feed(
			p->machine, str_skip(str_first(bytes, to), from), p->now_ms);
		from += taken;
		play_run(p);
		if (p->shaking || (taken == 0 && p->ticket))
			return true; /* what is in clear is void; mute */
	}
	return !p->closed;
}

void play_tick(struct play *p, int64_t now_ms)
{
	p->now_ms = now_ms;
	smtp_server_tick(p->machine, now_ms);
	play_run(p);
}

void play_codes(const struct play *p, struct buf *to)
{
	str rest = buf_str(&p->sent), line;

	while (str_cut(&rest, '\n', &line)) {
		assert(line.n > 4 && str_ends(line, S("\r")));
		if (line.p[3] == '-')
			continue;
		buf_putf(to, "%s%.3s", buf_str(to).n ? " " : "", line.p);
		if (line.n > 9 && ascii_digit(line.p[4]) && line.p[5] == '.')
			buf_putf(to, "/%.*s",
				STR(str_first(
					str_skip(line, 4), str_find(str_skip(line, 4), ' '))));
	}
	assert(rest.n == 0);
}
