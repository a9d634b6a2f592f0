/* Laws, whatever the peer says in whatever cut:
 * - every recipient of a mail gets exactly one result, before the next READY and before the CLOSE;
 * - no bare CR or LF is sent;
 * - what was begun of a content is followed by the rest of it or by nothing: never by a command,
 * and never by the end of data; only a mail of which nothing was sent may be ended empty;
 * - nobody is delivered to before all of the content was sent;
 * - our login is said under TLS only, and no mail is begun where one is wanted and was not taken.
 */
#include "test/fuzz.h"

#include <stdio.h>

#include "base/ascii.h"
#include "smtp/client.h"

#define RCPTS_MAX 3
#define MAILS_MAX 6
#define DICE_MAX 18

/* Contents are of '~', dots and CRLF, and commands have no '~'. */
static const str contents[] = { STR_INIT(""), STR_INIT("~\r\n"),
	STR_INIT(".~\r\n~~\r\n.\r\n..~\r\n\r\n~\r\n") };
static char large[66000];

struct stage {
	struct smtp_client *c;
	const uint8_t *dice;
	size_t dice_n;
	int64_t now_ms;

	bool in_mail, closed;
	bool secured, login_wanted, login_last; /* last: a yes is one */
	size_t mails, rcpt_count;
	str content;
	size_t given, tildes, tildes_sent;
	bool body_due; /* asked for, and not yet given */
	bool cr, line_start, dot_line, bdat;
};

static const struct smtp_client_rcpt rcpts[RCPTS_MAX] = {
	{.address = STR_INIT("a@b.c")      },
	{  .address = STR_INIT("d@e.f"),       .notify = SMTP_NOTIFY_NEVER },
	{ .address = STR_INIT("g@h.i"), .orcpt = STR_INIT("rfc822;x@y.z") }
};

static unsigned roll(struct stage *s)
{
	if (s->dice_n == 0)
		return 0;
	s->dice_n--;
	return *s->dice++;
}

static void look_at_sent(struct stage *s, str bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		char c = bytes.p[i];

		LAW((c == '\n') == s->cr);
		s->cr = c == '\r';
		LAW(s->tildes_sent == 0 || s->tildes_sent == s->tildes || c == '~' || c == '.' ||
			c == '\r' || c == '\n');
		if (c == '~') {
			LAW(s->in_mail);
			s->tildes_sent++;
		}
		if (c == '\r' && s->dot_line)
			LAW(s->bdat || s->tildes_sent == 0 || s->tildes_sent == s->tildes);
		s->bdat |= s->line_start && c == 'B';
		if (c != '\r' && c != '\n') {
			s->dot_line = s->line_start && c == '.';
			s->line_start = false;
		}
		if (c == '\n') {
			s->line_start = true;
			s->dot_line = false;
		}
	}
	LAW(s->tildes_sent <= s->tildes);
}

static void give_mail(struct stage *s)
{
	struct smtp_client_mail mail = { .rcpts = rcpts };
	unsigned which = roll(s);

	s->content = which % 4 == 3 ? str_from(large, sizeof large) : contents[which % 4];
	mail.rcpt_count = s->rcpt_count = 1 + which / 4 % RCPTS_MAX;
	mail.size_octets = s->content.n;
	s->given = s->tildes = s->tildes_sent = 0;
	for (size_t i = 0; i < s->content.n; i++)
		s->tildes += s->content.p[i] == '~';
	s->bdat = s->body_due = false;
	s->in_mail = true;
	s->mails++;
	smtp_client_mail(s->c, &mail, s->now_ms);
}

static void give_body(struct stage *s)
{
	unsigned dice = roll(s);
	str part = str_first(str_skip(s->content, s->given), dice % 2 ? 1 + dice / 16 : SIZE_MAX);

	if (dice % 16 == 15)
		part = (str){ 0 };
	s->given += part.n;
	smtp_client_body(s->c, part);
}

static void look_at_results(struct stage *s)
{
	const struct smtp_client_result *r = smtp_client_results(s->c);

	LAW(s->in_mail);
	s->in_mail = false;
	for (size_t i = 0; i < s->rcpt_count; i++) {
		LAW(!r[i].delivered || (r[i].done && s->tildes_sent == s->tildes));
		LAW(!r[i].done || r[i].delivered == (r[i].reply.kind == FAIL_NONE));
		LAW(r[i].done || s->tildes == 0 || s->tildes_sent < s->tildes);
		for (size_t n = 0; n < strlen(r[i].reply.text); n++)
			LAW(!ascii_control(r[i].reply.text[n]));
	}
}

static void log_in(struct stage *s, str challenge)
{
	static const str responses[] = {
		STR_INIT(""), STR_INIT("response"), {NULL, 0}
	};
	unsigned dice = roll(s);
	struct smtp_client_login login = {
		.mechanism = S("PLAIN"), .response = responses[dice % 2], .last = dice & 4
	};
	struct fail why;

	LAW(s->secured && s->login_wanted && !s->in_mail && s->mails == 0);
	if (!challenge.p && dice & 8)
		login.response = responses[2];
	s->login_last = login.last;
	if (dice % 16 == 15) {
		fail_with(&why, FAIL_TEMPORARY, "4.7.0", "no");
		smtp_client_auth_fail(s->c, &why, s->now_ms);
		s->login_last = false;
	} else {
		smtp_client_auth(s->c, &login, s->now_ms);
	}
}

static void play_acts(struct stage *s)
{
	for (;;) {
		struct smtp_client_act act = smtp_client_next(s->c);

		switch (act.kind) {
		case SMTP_CLIENT_IDLE:
			return;
		case SMTP_CLIENT_SEND:
			LAW(act.bytes.n > 0);
			look_at_sent(s, act.bytes);
			break;
		case SMTP_CLIENT_BODY:
			if (roll(s) % 8 == 7) { /* a slow disk */
				s->body_due = true;
				return;
			}
			give_body(s);
			break;
		case SMTP_CLIENT_STARTTLS:
			s->secured = true;
			smtp_client_secured(s->c, s->now_ms);
			break;
		case SMTP_CLIENT_AUTH:
			log_in(s, act.bytes);
			break;
		case SMTP_CLIENT_READY:
			LAW(!s->in_mail && (!s->login_wanted || s->login_last));
			if (s->mails == MAILS_MAX)
				smtp_client_quit(s->c, s->now_ms);
			else
				give_mail(s);
			break;
		case SMTP_CLIENT_RESULTS:
			look_at_results(s);
			break;
		case SMTP_CLIENT_CLOSE:
			LAW(!s->in_mail && !s->cr);
			s->closed = true;
			return;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtp_client_setup setup = { .hello = STR_INIT("me"),
		.greeting_ms_max = 10,
		.command_ms_max = 10,
		.data_ms_max = 10,
		.final_ms_max = 10 };
	struct stage s = { .line_start = true };
	str input;

	if (size < 2 + DICE_MAX)
		return 0;
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = i % 50 == 48 ? '\r' : i % 50 == 49 ? '\n' : i % 50 == 0 ? '.' : '~';
	s.dice = data + 2;
	s.dice_n = DICE_MAX;
	input = str_from(data + 2 + DICE_MAX, size - 2 - DICE_MAX);
	setup.lmtp = data[0] & 1;
	setup.tls_wanted = data[0] & 2;
	setup.tls_required = data[0] & 4;
	setup.login = s.login_wanted = data[0] & 64;
	setup.tls_first = data[0] & 128;
	s.c = smtp_client_new(&setup, 0);
	while (!s.closed && input.n > 0) {
		str part = str_first(
			input, data[0] & 8 ? 1 + (size_t)data[1] : str_find(input, '\n') + 1);

		LAW(smtp_client_feed(s.c, part, s.now_ms) == part.n);
		input = str_skip(input, part.n);
		play_acts(&s);
		if (s.body_due && s.in_mail && roll(&s) % 2) {
			s.body_due = false;
			give_body(&s);
			play_acts(&s);
		}
		if (data[0] & 16) {
			s.now_ms += 3;
			smtp_client_tick(s.c, s.now_ms);
		}
	}
	if (data[0] & 32)
		smtp_client_gone(s.c, NULL);
	else if (smtp_client_deadline_ms(s.c) < INT64_MAX)
		for (int i = 0; i < 2; i++)
			smtp_client_tick(s.c, s.now_ms += 6000);
	play_acts(&s);
	LAW(s.closed && !s.in_mail);
	smtp_client_free(s.c);
	return 0;
}
