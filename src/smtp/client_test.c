/* Conversations with a peer that reads from a script, in every cut of what it says. */
#include "test/test.h"

#include <stdio.h>

#include "base/buf.h"
#include "smtp/client.h"

/* --- the scripted peer ---------------------------------------------------------------------- */

/* clang-format off */
struct step {
	enum { DO_END, DO_PEER, DO_WE, DO_READY, DO_MAIL, DO_RESULTS, DO_TLS, DO_TICK, DO_GONE,
		DO_QUIT, DO_CLOSE } kind;
	const char *text;
	int64_t n;
};

#define PEER(text) { DO_PEER, text, 0 }	      /* the peer says it */
#define WE(text) { DO_WE, text, 0 }	      /* all that we have said since, and nothing else */
#define READY { DO_READY, NULL, 0 }	      /* the machine says so */
#define MAIL(n) { DO_MAIL, NULL, n }	      /* give it mails[n] */
#define RESULTS(text) { DO_RESULTS, text, 0 } /* are there: "250 2.0.0 delivered" for each */
#define TLS(good) { DO_TLS, NULL, good }      /* it asks for the handshake: good, or it breaks */
#define TICK(ms) { DO_TICK, NULL, ms }	      /* so much time passes */
#define GONE { DO_GONE, NULL, 0 }	      /* the peer closes */
#define QUIT { DO_QUIT, NULL, 0 }	      /* no more mail */
#define CLOSE(status) { DO_CLOSE, status, 0 } /* it hangs up; the status of the trouble, or "" */
#define END { DO_END, NULL, 0 }
/* clang-format on */

struct mail {
	struct smtp_client_mail mail;
	str content;
	size_t body_max; /* then it cannot be read; 0: all of it can */
};

struct stage {
	struct smtp_client *c;
	const struct mail *mails, *mail;
	size_t cut, given;
	int64_t now_ms;
	struct buf said;
	bool in_mail, ready, results, tls, closed;
};

static void give_body(struct stage *s)
{
	str left = str_skip(s->mail->content, s->given);
	str part = str_first(left, s->cut);

	if (s->mail->body_max && s->given >= s->mail->body_max)
		part = (str){ 0 };
	s->given += part.n;
	smtp_client_body(s->c, part);
}

static void play_acts(struct stage *s)
{
	for (;;) {
		struct smtp_client_act act = smtp_client_next(s->c);

		switch (act.kind) {
		case SMTP_CLIENT_IDLE:
			return;
		case SMTP_CLIENT_SEND:
			buf_put(&s->said, act.bytes);
			break;
		case SMTP_CLIENT_BODY:
			give_body(s);
			break;
		case SMTP_CLIENT_STARTTLS:
			CHECK(!s->tls);
			s->tls = true;
			break;
		case SMTP_CLIENT_AUTH:
			CHECK(false); /* client_auth_test.c */
			break;
		case SMTP_CLIENT_READY:
			CHECK(!s->ready && !s->in_mail);
			s->ready = true;
			break;
		case SMTP_CLIENT_RESULTS:
			CHECK(!s->results && s->in_mail);
			s->results = true;
			s->in_mail = false;
			break;
		case SMTP_CLIENT_CLOSE:
			CHECK(!s->in_mail);
			s->closed = true;
			return;
		}
	}
}

static void peer_says(struct stage *s, str text)
{
	while (text.n > 0) {
		str part = str_first(text, s->cut);

		CHECK_INT(smtp_client_feed(s->c, part, s->now_ms), part.n);
		play_acts(s);
		text = str_skip(text, part.n);
	}
}

static void check_results(struct stage *s, str want)
{
	const struct smtp_client_result *r = smtp_client_results(s->c);
	struct buf got = { 0 };

	CHECK(s->results);
	s->results = false;
	for (size_t i = 0; i < s->mail->mail.rcpt_count; i++, r++) {
		if (i > 0)
			buf_put(&got, S(", "));
		CHECK(!r->delivered || (r->done && r->reply.kind == FAIL_NONE));
		if (!r->done)
			buf_put(&got, S("not tried"));
		else
			buf_putf(&got, "%d %s %s", fail_code(&r->reply), r->reply.status,
				r->delivered                      ? "delivered"
				: r->reply.kind == FAIL_TEMPORARY ? "later"
								  : "never");
	}
	CHECK_STR(buf_str(&got), want);
	buf_free(&got);
}

static void play_step(struct stage *s, const struct step *step)
{
	str text = str_of(step->text);

	switch (step->kind) {
	case DO_END:
		return;
	case DO_PEER:
		peer_says(s, text);
		return;
	case DO_WE:
		CHECK_STR(buf_str(&s->said), text);
		buf_clear(&s->said);
		return;
	case DO_READY:
		CHECK(s->ready);
		s->ready = false;
		return;
	case DO_MAIL:
		s->mail = &s->mails[step->n];
		s->given = 0;
		s->in_mail = true;
		smtp_client_mail(s->c, &s->mail->mail, s->now_ms);
		break;
	case DO_RESULTS:
		check_results(s, text);
		return;
	case DO_TLS:
		CHECK(s->tls);
		if (step->n)
			smtp_client_secured(s->c, s->now_ms);
		else
			smtp_client_gone(s->c, NULL);
		break;
	case DO_TICK:
		s->now_ms += step->n;
		smtp_client_tick(s->c, s->now_ms);
		break;
	case DO_GONE:
		smtp_client_gone(s->c, NULL);
		break;
	case DO_QUIT:
		smtp_client_quit(s->c, s->now_ms);
		break;
	case DO_CLOSE:
		CHECK(s->closed);
		CHECK_STR(str_of(smtp_client_trouble(s->c)->status), text);
		return;
	}
	play_acts(s);
}

static const struct smtp_client_setup plain = { .hello = STR_INIT("me.example"),
	.greeting_ms_max = 300,
	.command_ms_max = 301,
	.data_ms_max = 120,
	.final_ms_max = 600 };

static void play(
	const struct smtp_client_setup *setup, const struct mail *mails, const struct step *steps)
{
	static const size_t cuts[] = { 1, 2, 3, 7, 1000000 };

	for (size_t i = 0; i < LENGTH(cuts); i++) {
		struct stage s = { .mails = mails, .cut = cuts[i] };

		s.c = smtp_client_new(setup, 0);
		for (const struct step *step = steps; step->kind != DO_END; step++)
			play_step(&s, step);
		CHECK_INT(buf_str(&s.said).n, 0);
		CHECK(!s.ready && !s.results);
		smtp_client_free(s.c);
		buf_free(&s.said);
	}
}

/* --- the mails ------------------------------------------------------------------------------ */

#define CONTENT "Subject: x\r\n\r\n.hidden\r\n"

/* clang-format off */
static const struct smtp_client_rcpt two[] = {
	{ .address = STR_INIT("a@b.example") },
	{ .address = STR_INIT("c@d.example"),
		.notify = SMTP_NOTIFY_FAILURE | SMTP_NOTIFY_DELAY,
		.orcpt = STR_INIT("rfc822;c@d.example") },
};
/* clang-format on */

static char large[70000];

/* clang-format off */
static struct mail mails[] = {
	{ .mail = { .sender = STR_INIT("s@t.example"), .rcpts = two, .rcpt_count = 2 },
		.content = STR_INIT(CONTENT) },
	{ .mail = { .rcpts = two, .rcpt_count = 1 }, .content = STR_INIT("a\r\n.\rb\r\n") },
	{ .mail = { .rcpts = two, .rcpt_count = 1 }, .content = STR_INIT(CONTENT), .body_max = 5 },
	{ .mail = { .rcpts = two, .rcpt_count = 2 }, .content = { large, sizeof large } },
	{ .mail = { .rcpts = two, .rcpt_count = 1 } },
	{ .mail = { .sender = STR_INIT("s@t.example"),
		.rcpts = two,
		.rcpt_count = 2,
		.smtputf8 = true,
		.eightbit = true,
		.ret = SMTP_RET_HDRS,
		.envid = STR_INIT("id+2B7") },
		.content = STR_INIT(CONTENT) },
	{ .mail = { .rcpts = two, .rcpt_count = 1, .asks_only = true } },
};
/* clang-format on */

static void play_all(const struct smtp_client_setup *setup, const struct step *steps)
{
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = i % 100 == 98 ? '\r' : i % 100 == 99 ? '\n' : 'x';
	for (size_t i = 0; i < LENGTH(mails); i++)
		mails[i].mail.size_octets = mails[i].content.n;
	play(setup, mails, steps);
}

#define GREET PEER("220 hi\r\n"), WE("EHLO me.example\r\n")
#define GREET_OLD GREET, PEER("502 what\r\n"), WE("HELO me.example\r\n"), PEER("250 hi\r\n"), READY
#define GREET_PIPE GREET, PEER("250-hi\r\n250 PIPELINING\r\n"), READY
#define GREET_BDAT GREET, PEER("250-hi\r\n250-pipelining\r\n250 CHUNKING\r\n"), READY
#define ENVELOPE "MAIL FROM:<s@t.example>\r\nRCPT TO:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"
#define BOUNCE "MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\n"
#define BYE QUIT, WE("QUIT\r\n"), PEER("221 bye\r\n"), CLOSE("")

/* --- the conversations ---------------------------------------------------------------------- */

TEST(smtp_client_step_by_step)
{
	play_all(&plain,
		(struct step[]){ GREET_OLD, MAIL(0), WE("MAIL FROM:<s@t.example>\r\n"),
			PEER("250 ok\r\n"), WE("RCPT TO:<a@b.example>\r\n"), PEER("250 ok\r\n"),
			WE("RCPT TO:<c@d.example>\r\n"), PEER("251 ok\r\n"), WE("DATA\r\n"),
			PEER("354 go\r\n"), WE("Subject: x\r\n\r\n..hidden\r\n.\r\n"),
			PEER("250 2.6.0 ok\r\n"),
			RESULTS("250 2.6.0 delivered, 250 2.6.0 delivered"), READY, BYE, END });
}

TEST(smtp_client_step_by_step_refused)
{
	play_all(&plain,
		(struct step[]){ GREET_OLD, MAIL(0), WE("MAIL FROM:<s@t.example>\r\n"),
			PEER("550 5.7.1 not you\r\n"), WE("RSET\r\n"),
			RESULTS("550 5.7.1 never, 550 5.7.1 never"), PEER("250 ok\r\n"), READY,
			MAIL(0), WE("MAIL FROM:<s@t.example>\r\n"), PEER("250 ok\r\n"),
			WE("RCPT TO:<a@b.example>\r\n"), PEER("550 5.1.1 no\r\n"),
			WE("RCPT TO:<c@d.example>\r\n"), PEER("451 no\r\n"), WE("RSET\r\n"),
			RESULTS("550 5.1.1 never, 451 4.0.0 later"), PEER("500 what\r\n"),
			WE("QUIT\r\n"), TICK(5000), CLOSE("5.0.0"), END });
}

TEST(smtp_client_pipelines)
{
	play_all(&plain,
		(struct step[]){ GREET_PIPE, MAIL(0), WE(ENVELOPE "DATA\r\n"),
			PEER("250 ok\r\n250 ok\r\n550 5.1.1 no\r\n354 go\r\n"),
			WE("Subject: x\r\n\r\n..hidden\r\n.\r\n"), PEER("250 ok\r\n"),
			RESULTS("250 2.0.0 delivered, 550 5.1.1 never"), READY, MAIL(0),
			WE(ENVELOPE "DATA\r\n"), PEER("250 ok\r\n250 ok\r\n250 ok\r\n451 no\r\n"),
			WE("RSET\r\n"), RESULTS("451 4.0.0 later, 451 4.0.0 later"),
			PEER("250 ok\r\n"), READY, BYE, END });
}

/* No content, whatever the peer offers and answers. */
TEST(smtp_client_asks_whether_a_recipient_is_there)
{
	play_all(&plain, (struct step[]){ GREET_PIPE, MAIL(6), WE(BOUNCE),
				 PEER("250 ok\r\n250 2.1.5 ok\r\n"), WE("RSET\r\n"),
				 RESULTS("250 2.1.5 delivered"), PEER("250 ok\r\n"), READY, MAIL(6),
				 WE(BOUNCE), PEER("250 ok\r\n550 5.1.1 no\r\n"), WE("RSET\r\n"),
				 RESULTS("550 5.1.1 never"), PEER("250 ok\r\n"), READY, BYE, END });
	play_all(&plain, (struct step[]){ GREET_BDAT, MAIL(6), WE(BOUNCE),
				 PEER("250 ok\r\n451 no\r\n"), WE("RSET\r\n"),
				 RESULTS("451 4.0.0 later"), PEER("250 ok\r\n"), READY, BYE, END });
	play_all(&plain,
		(struct step[]){ GREET_OLD, MAIL(6), WE("MAIL FROM:<>\r\n"), PEER("250 ok\r\n"),
			WE("RCPT TO:<a@b.example>\r\n"), PEER("250 ok\r\n"), WE("RSET\r\n"),
			RESULTS("250 2.0.0 delivered"), PEER("250 ok\r\n"), READY, BYE, END });
}

TEST(smtp_client_ends_a_message_that_nobody_gets)
{
	play_all(&plain, (struct step[]){ GREET_PIPE, MAIL(0), WE(ENVELOPE "DATA\r\n"),
				 PEER("250 ok\r\n550 5.1.1 no\r\n452 4.2.2 no\r\n354 go\r\n"),
				 WE(".\r\n"), PEER("554 5.5.1 no\r\n"), WE("RSET\r\n"),
				 RESULTS("550 5.1.1 never, 452 4.2.2 later"), PEER("250 ok\r\n"),
				 READY, MAIL(0), WE(ENVELOPE "DATA\r\n"),
				 PEER("450 4.7.1 slow\r\n503 no\r\n503 no\r\n503 no\r\n"),
				 WE("RSET\r\n"), RESULTS("450 4.7.1 later, 450 4.7.1 later"),
				 PEER("250 ok\r\n"), READY, BYE, END });
}

TEST(smtp_client_sends_a_small_mail_at_once)
{
	play_all(&plain,
		(struct step[]){ GREET_BDAT, MAIL(0), WE(ENVELOPE "BDAT 23 LAST\r\n" CONTENT),
			PEER("250 ok\r\n250 ok\r\n250 ok\r\n250 2.0.0 queued\r\n"),
			RESULTS("250 2.0.0 delivered, 250 2.0.0 delivered"), READY, MAIL(0),
			WE(ENVELOPE "BDAT 23 LAST\r\n" CONTENT),
			PEER("250 ok\r\n550 no\r\n550 no\r\n503 no\r\n"), WE("RSET\r\n"),
			RESULTS("550 5.0.0 never, 550 5.0.0 never"), PEER("250 ok\r\n"), READY,
			MAIL(4), WE(BOUNCE "BDAT 0 LAST\r\n"),
			PEER("250 ok\r\n250 ok\r\n250 ok\r\n"), RESULTS("250 2.0.0 delivered"),
			READY, BYE, END });
}

TEST(smtp_client_keeps_a_large_mail_until_it_is_wanted)
{
	static char burst[64 + sizeof large + 1];

	play_all(&plain,
		(struct step[]){ GREET_BDAT, MAIL(3), WE(BOUNCE "RCPT TO:<c@d.example>\r\n"),
			PEER("250 ok\r\n550 no\r\n552 5.2.2 full\r\n"), WE("RSET\r\n"),
			RESULTS("550 5.0.0 never, 552 5.2.2 never"), PEER("250 ok\r\n"), READY, BYE,
			END });
	snprintf(burst, sizeof burst, "BDAT 70000 LAST\r\n%.*s", (int)sizeof large, large);
	play_all(&plain,
		(struct step[]){ GREET_BDAT, MAIL(3), WE(BOUNCE "RCPT TO:<c@d.example>\r\n"),
			PEER("250 ok\r\n552 too many\r\n250 ok\r\n"), WE(burst), PEER("250 ok\r\n"),
			RESULTS("452 4.5.3 later, 250 2.0.0 delivered"), READY, BYE, END });
}

TEST(smtp_client_speaks_lmtp)
{
	struct smtp_client_setup lmtp = plain;

	lmtp.lmtp = true;
	play_all(&lmtp,
		(struct step[]){ PEER("220 hi\r\n"), WE("LHLO me.example\r\n"),
			PEER("250-hi\r\n250 PIPELINING\r\n"), READY, MAIL(0),
			WE(ENVELOPE "DATA\r\n"), PEER("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
			WE("Subject: x\r\n\r\n..hidden\r\n.\r\n"),
			PEER("250 2.0.0 ok\r\n452 4.2.2 full\r\n"),
			RESULTS("250 2.0.0 delivered, 452 4.2.2 later"), WE("RSET\r\n"),
			PEER("250 ok\r\n"), READY, MAIL(0), WE(ENVELOPE "DATA\r\n"),
			PEER("250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n"),
			WE("Subject: x\r\n\r\n..hidden\r\n.\r\n"), PEER("250 2.0.0 ok\r\n"),
			RESULTS("550 5.0.0 never, 250 2.0.0 delivered"), READY, MAIL(0),
			WE(ENVELOPE "DATA\r\n"), PEER("250 ok\r\n550 no\r\n550 no\r\n354 go\r\n"),
			RESULTS("550 5.0.0 never, 550 5.0.0 never"), CLOSE(""), END });
	play_all(&lmtp, (struct step[]){ PEER("220 hi\r\n"), WE("LHLO me.example\r\n"),
				PEER("500 what\r\n"), WE("QUIT\r\n"), PEER("221 bye\r\n"),
				CLOSE("5.0.0"), END });
}

TEST(smtp_client_secures_and_forgets)
{
	struct smtp_client_setup tls = plain;

	tls.tls_wanted = true;
	play_all(&tls, (struct step[]){ GREET, PEER("250-hi\r\n250-PIPELINING\r\n250 STARTTLS\r\n"),
			       WE("STARTTLS\r\n"), PEER("220 go\r\n250 injected\r\n"), TLS(1),
			       WE("EHLO me.example\r\n"), PEER("250 hi\r\n"), READY, MAIL(0),
			       WE("MAIL FROM:<s@t.example>\r\n"), GONE,
			       RESULTS("not tried, not tried"), CLOSE("4.4.2"), END });
	play_all(&tls, (struct step[]){ GREET, PEER("250-hi\r\n250 STARTTLS\r\n"),
			       WE("STARTTLS\r\n"), PEER("454 no\r\n"), READY, BYE, END });
	tls.tls_required = true;
	play_all(&tls, (struct step[]){ GREET, PEER("250-hi\r\n250 STARTTLS\r\n"),
			       WE("STARTTLS\r\n"), PEER("454 no\r\n"), WE("QUIT\r\n"),
			       PEER("221 bye\r\n"), CLOSE("4.7.4"), END });
	play_all(&tls, (struct step[]){ GREET, PEER("250 hi\r\n"), WE("QUIT\r\n"),
			       PEER("221 bye\r\n"), CLOSE("4.7.4"), END });
	play_all(&tls,
		(struct step[]){ GREET, PEER("250-hi\r\n250 STARTTLS\r\n"), WE("STARTTLS\r\n"),
			PEER("220 go\r\n"), TLS(0), CLOSE("4.4.2"), END });
}

TEST(smtp_client_says_only_what_is_offered)
{
	play_all(&plain,
		(struct step[]){ GREET,
			PEER("250-hi\r\n250-SIZE "
			     "1000\r\n250-PIPELINING\r\n250-DSN\r\n250-SMTPUTF8\r\n"
			     "250-8BITMIME\r\n250 LIMITS MAILMAX=5 RCPTMAX=7 X=1\r\n"),
			READY, MAIL(5),
			WE("MAIL FROM:<s@t.example> SIZE=23 BODY=8BITMIME SMTPUTF8 RET=HDRS "
			   "ENVID=id+2B7\r\n"
			   "RCPT TO:<a@b.example>\r\n"
			   "RCPT TO:<c@d.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;c@d.example\r\n"
			   "DATA\r\n"),
			PEER("421 4.3.2 going down\r\n"),
			RESULTS("421 4.3.2 later, 421 4.3.2 later"), CLOSE("4.3.2"), END });
	play_all(&plain, (struct step[]){ GREET, PEER("250-hi\r\n250 SIZE 10\r\n"), READY, MAIL(0),
				 RESULTS("550 5.3.4 never, 550 5.3.4 never"), READY, BYE, END });
}

TEST(smtp_client_learns_the_limits)
{
	struct smtp_client *c = smtp_client_new(&plain, 0);
	str talk = S("220 hi\r\n250-hi\r\n250-LIMITS RCPTMAX=7 FOO MAILMAX=5\r\n250 SIZE\r\n");

	CHECK_INT(smtp_client_feed(c, talk, 0), talk.n);
	CHECK_INT(smtp_client_peer(c)->recipients_max, 7);
	CHECK_INT(smtp_client_peer(c)->mails_max, 5);
	CHECK(smtp_client_peer(c)->size && smtp_client_peer(c)->size_octets_max == 0);
	CHECK(smtp_client_deadline_ms(c) == INT64_MAX);
	smtp_client_free(c);
}

TEST(smtp_client_does_not_end_what_is_not_whole)
{
	play_all(&plain, (struct step[]){ GREET_PIPE, MAIL(2), WE(BOUNCE "DATA\r\n"),
				 PEER("250 ok\r\n250 ok\r\n"), GONE, RESULTS("451 4.4.2 later"),
				 CLOSE("4.4.2"), END });
	for (size_t i = 1; i <= 2;
		i++) { /* content that is not clean, content that cannot be read */
		struct smtp_client *c = smtp_client_new(&plain, 0);
		struct stage s = { .c = c, .mails = mails, .cut = 1 };

		peer_says(&s, S("220 hi\r\n250-hi\r\n250 PIPELINING\r\n"));
		play_step(&s, &(struct step)MAIL((int64_t)i));
		peer_says(&s, S("250 ok\r\n250 ok\r\n354 go\r\n"));
		CHECK(!str_ends(buf_str(&s.said), S("\r\n.\r\n")));
		CHECK(str_ends(buf_str(&s.said), i == 1 ? S("a\r\n..") : S("Subje")));
		check_results(&s, i == 1 ? S("550 5.6.0 never") : S("451 4.3.0 later"));
		CHECK(s.closed);
		CHECK_INT(smtp_client_trouble(c)->kind, FAIL_NONE);
		buf_free(&s.said);
		smtp_client_free(c);
	}
}

TEST(smtp_client_survives_bad_peers)
{
	play_all(&plain, (struct step[]){ PEER("554 5.7.1 not you\r\n"), WE("QUIT\r\n"),
				 PEER("221 bye\r\n"), CLOSE("5.7.1"), END });
	play_all(&plain, (struct step[]){ PEER("SSH-2.0\r\n"), CLOSE("4.5.0"), END });
	play_all(&plain, (struct step[]){ TICK(299), TICK(1), CLOSE("4.4.2"), END });
	play_all(&plain, (struct step[]){ GREET_OLD, PEER("250 ok\r\n"), CLOSE("4.5.0"), END });
	play_all(&plain, (struct step[]){ GREET_OLD, PEER("421 4.4.2 idle\r\n"), MAIL(0),
				 RESULTS("not tried, not tried"), CLOSE("4.4.2"), END });
	play_all(
		&plain, (struct step[]){ GREET_PIPE, MAIL(0), WE(ENVELOPE "DATA\r\n"),
				PEER("250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n"),
				RESULTS("451 4.5.0 later, 550 5.0.0 never"), CLOSE("4.5.0"), END });
	play_all(
		&plain, (struct step[]){ GREET_PIPE, MAIL(0), WE(ENVELOPE "DATA\r\n"),
				PEER("250 ok\r\n354 go\r\n"),
				RESULTS("451 4.5.0 later, 451 4.5.0 later"), CLOSE("4.5.0"), END });
	play_all(&plain,
		(struct step[]){ GREET_PIPE, MAIL(0), WE(ENVELOPE "DATA\r\n"),
			PEER("250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n"),
			WE("Subject: x\r\n\r\n..hidden\r\n.\r\n"), TICK(599), TICK(1), TICK(600),
			RESULTS("451 4.4.2 later, 550 5.0.0 never"), CLOSE("4.4.2"), END });
	play_all(&plain,
		(struct step[]){ GREET_BDAT, MAIL(0), WE(ENVELOPE "BDAT 23 LAST\r\n" CONTENT), GONE,
			RESULTS("451 4.4.2 later, 451 4.4.2 later"), CLOSE("4.4.2"), END });
	play_all(&plain, (struct step[]){ QUIT, GREET, PEER("250 hi\r\n"), WE("QUIT\r\n"), GONE,
				 CLOSE(""), END });
}
