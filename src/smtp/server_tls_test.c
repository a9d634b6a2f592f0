/* STARTTLS: who may say it when, and that nothing said in clear is known behind it. */
#include "test/test.h"

#include "smtp/play.h"

#define HELLO "EHLO c.test\r\n|"
#define BEGIN "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"

#define OFF SMTP_SERVER_TLS_OFF
#define OFFERED SMTP_SERVER_TLS_OFFERED
#define REQUIRED SMTP_SERVER_TLS_REQUIRED
#define IMPLICIT SMTP_SERVER_TLS_IMPLICIT

/* clang-format off */
/* "|" ends a flight. */
static const struct {
	enum smtp_server_tls tls;
	bool broken;
	const char *flights, *codes, *events;
} cases[] = {
	{ OFFERED, false, HELLO "STARTTLS\r\n|" HELLO BEGIN "DATA\r\n|x\r\n.\r\n|QUIT\r\n",
	  "220 250 220/2.0.0 250 250/2.1.0 250/2.1.5 354 250/2.0.0 221/2.0.0",
	  "TLS MAIL(a@b) RCPT(c@d) DATA BODY(x~) COMMIT CLOSE" },
	/* what was said in clear is forgotten, and TLS is on only once */
	{ OFFERED, false, HELLO "STARTTLS\r\n|MAIL FROM:<a@b>\r\n|" HELLO "STARTTLS\r\n",
	  "220 250 220/2.0.0 503/5.5.1 250 503/5.5.1", "TLS" },
	/* where it stands */
	{ OFFERED, false, "STARTTLS\r\n|" HELLO "STARTTLS now\r\n|" BEGIN "STARTTLS\r\n|RSET\r\n|"
	  "STARTTLS\r\n", "220 503/5.5.1 250 501/5.5.4 250/2.1.0 250/2.1.5 503/5.5.1 250/2.0.0 220/2.0.0",
	  "MAIL(a@b) RCPT(c@d) RESET TLS" },
	{ OFFERED, false, "HELO c.test\r\n|STARTTLS\r\n", "220 250 220/2.0.0", "TLS" },
	/* behind replies that are still owed */
	{ OFFERED, false, HELLO BEGIN "RSET\r\nSTARTTLS\r\n|" HELLO,
	  "220 250 250/2.1.0 250/2.1.5 250/2.0.0 220/2.0.0 250", "MAIL(a@b) RCPT(c@d) RESET TLS" },
	/* nothing but it, where it is required */
	{ REQUIRED, false, "MAIL FROM:<a@b>\r\n|" HELLO "NOOP\r\nRSET\r\nHELP\r\n" BEGIN "DATA\r\n|"
	  "VRFY a\r\n|BDAT 4\r\n|QUIT\r\n",
	  "220 530/5.7.0 250 250/2.0.0 250/2.0.0 214/2.0.0 530/5.7.0 530/5.7.0 530/5.7.0 530/5.7.0 "
	  "530/5.7.0 221/2.0.0", "CLOSE" },
	{ REQUIRED, false, HELLO "STARTTLS\r\n|" HELLO BEGIN,
	  "220 250 220/2.0.0 250 250/2.1.0 250/2.1.5", "TLS MAIL(a@b) RCPT(c@d)" },
	/* no certificate */
	{ OFFERED, true, HELLO "STARTTLS\r\n" BEGIN, "220 250 502/5.5.1 250/2.1.0 250/2.1.5",
	  "MAIL(a@b) RCPT(c@d)" },
	{ REQUIRED, true, HELLO "STARTTLS\r\n" BEGIN, "220 250 454/4.7.0 530/5.7.0 530/5.7.0", "" },
	{ OFF, false, HELLO "STARTTLS\r\n", "220 250 502/5.5.1", "" },
	/* the handshake before the banner */
	{ IMPLICIT, false, HELLO "STARTTLS\r\n" BEGIN, "220 250 503/5.5.1 250/2.1.0 250/2.1.5",
	  "TLS MAIL(a@b) RCPT(c@d)" },
};
/* clang-format on */

static void play(struct play *p, size_t i, bool late, size_t step)
{
	str rest = str_of(cases[i].flights), flight;
	bool more;

	play_begin(p, late);
	p->setup.tls = cases[i].tls;
	p->setup.tls_broken = cases[i].broken;
	play_greet(p);
	do {
		more = str_cut(&rest, '|', &flight);
		play_flight(p, flight, step);
	} while (more);
}

TEST(smtp_server_tls_stands_where_it_may)
{
	for (size_t i = 0; i < LENGTH(cases); i++)
		for (size_t step = 1; step < 70; step++) {
			struct buf codes = { 0 };
			struct play p;

			play(&p, i, step % 2, step);
			play_codes(&p, &codes);
			CHECK_STR(buf_str(&codes), str_of(cases[i].codes));
			CHECK_STR(buf_str(&p.events), str_of(cases[i].events));
			buf_free(&codes);
			play_end(&p);
		}
}

TEST(smtp_server_tls_is_offered_in_clear_only)
{
	struct play p;
	str sent;

	play_begin(&p, false);
	p.setup.tls = SMTP_SERVER_TLS_OFFERED;
	play_greet(&p);
	play_flight(&p, S("EHLO c\r\n"), 100);
	sent = buf_str(&p.sent);
	CHECK(str_find_str(sent, S("\r\n250-STARTTLS\r\n")) < sent.n);
	play_flight(&p, S("STARTTLS\r\n"), 100);
	buf_clear(&p.sent);
	play_flight(&p, S("EHLO c\r\n"), 100);
	sent = buf_str(&p.sent);
	CHECK(sent.n > 0 && str_find_str(sent, S("STARTTLS")) == sent.n);
	play_end(&p);
}

/* CVE-2011-0411: what somebody put behind STARTTLS in clear, the session goes with it. */
TEST(smtp_server_tls_ends_a_session_that_has_more_behind_it)
{
	static const char *const injected[] = { "RSET\r\n", "EHLO evil\r\nMAIL FROM:<a@b>\r\n", "x",
		"\r\n", "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\n" };

	for (size_t i = 0; i < LENGTH(injected); i++) {
		struct buf flight = { 0 }, codes = { 0 };
		struct play p;

		play_begin(&p, i % 2);
		p.setup.tls = SMTP_SERVER_TLS_OFFERED;
		play_greet(&p);
		play_flight(&p, S("EHLO c\r\n"), 100);
		buf_putf(&flight, "STARTTLS\r\n%s", injected[i]);
		CHECK(!play_flight(&p, buf_str(&flight), 1000));
		play_codes(&p, &codes);
		CHECK_STR(buf_str(&codes), S("220 250 554/5.5.0"));
		CHECK_STR(buf_str(&p.events), S("CLOSE"));
		CHECK(p.gone);
		buf_free(&flight);
		buf_free(&codes);
		play_end(&p);
	}
}

TEST(smtp_server_tls_waits_for_the_handshake_but_not_for_ever)
{
	for (int implicit = 0; implicit < 2; implicit++) {
		struct play p;
		size_t sent;

		play_begin(&p, false);
		p.setup.tls = implicit ? SMTP_SERVER_TLS_IMPLICIT : SMTP_SERVER_TLS_OFFERED;
		play_greet(&p);
		if (!implicit)
			play_flight(&p, S("EHLO c\r\n"), 8);
		if (!implicit)
			play_flight(&p, S("STARTTLS\r\n"), 100);
		CHECK(p.shaking);
		sent = buf_str(&p.sent).n;
		CHECK_INT(smtp_server_feed(p.machine, S("NOOP\r\n"), p.now_ms), 0);
		CHECK_INT(smtp_server_deadline_ms(p.machine), 60000);
		play_tick(&p, 59999);
		CHECK(!p.closed);
		play_tick(&p, 60000);
		CHECK(p.closed && p.gone);
		CHECK_INT(buf_str(&p.sent).n, sent);
		CHECK_STR(buf_str(&p.refusals), S("421/4.4.2 handshake-timeout"));
		play_end(&p);
	}
}

TEST(smtp_server_tls_says_nothing_in_clear_where_it_comes_first)
{
	struct fail refusal;
	struct play p;

	for (int stopping = 0; stopping < 2; stopping++) {
		play_begin(&p, false);
		fail_reply(&refusal, 421, "4.3.2", "Too many sessions");
		p.setup.hostname = S("pivot.test");
		p.setup.limits = &p.limits;
		p.setup.tls = SMTP_SERVER_TLS_IMPLICIT;
		p.machine = smtp_server_new(&p.setup, 0);
		smtp_server_greet(p.machine, stopping ? NULL : &refusal);
		if (stopping)
			smtp_server_shutdown(p.machine);
		play_run(&p);
		CHECK(p.closed);
		CHECK_INT(buf_str(&p.sent).n, 0);
		play_end(&p);
	}
}
