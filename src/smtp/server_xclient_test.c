/* XCLIENT and XFORWARD: from whom, when, and what is left of the session. */
#include "test/test.h"

#include "smtp/play.h"

#define HELLO "EHLO c.test\r\n|"
#define BEGIN "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n|"
#define DATA "DATA\r\n|x\r\n.\r\n|"

/* clang-format off */
/* "|" ends a flight. */
static const struct {
	bool xclient, xforward;
	const char *flights, *codes, *events, *refusals;
} cases[] = {
	/* strangers may not */
	{ false, false, HELLO "XCLIENT ADDR=192.0.2.1\r\n|XFORWARD ADDR=192.0.2.1\r\n|",
	  "220 250 550/5.7.0 550/5.7.0", "", "550/5.7.0 -, 550/5.7.0 -" },
	{ false, true, HELLO "XCLIENT ADDR=192.0.2.1\r\n|", "220 250 550/5.7.0", "", "550/5.7.0 -" },
	{ true, false, HELLO "XFORWARD ADDR=192.0.2.1\r\n|", "220 250 550/5.7.0", "", "550/5.7.0 -" },
	/* before and after EHLO; the session begins anew */
	{ true, false, "XCLIENT ADDR=192.0.2.1\r\n|" HELLO BEGIN,
	  "220 220 250 250/2.1.0 250/2.1.5", "CLIENT MAIL(a@b) RCPT(c@d)", "" },
	{ true, false, HELLO "XCLIENT ADDR=192.0.2.1\r\n|MAIL FROM:<a@b>\r\n|",
	  "220 250 220 503/5.5.1", "CLIENT", "503/5.5.1 -" },
	{ true, false, HELLO "XCLIENT LOGIN=jo\r\n|XCLIENT NAME=x\r\n|" HELLO, "220 250 220 220 250",
	  "CLIENT(jo) CLIENT", "" },
	/* not within a message */
	{ true, true, HELLO BEGIN "XCLIENT ADDR=192.0.2.1\r\n|XFORWARD ADDR=192.0.2.1\r\n|",
	  "220 250 250/2.1.0 250/2.1.5 503/5.5.1 503/5.5.1", "MAIL(a@b) RCPT(c@d)",
	  "503/5.5.1 -, 503/5.5.1 -" },
	/* nonsense, and a client that is not wanted */
	{ true, true, HELLO "XCLIENT\r\n|XCLIENT ADDR=x\r\n|XFORWARD LOGIN=x\r\n|",
	  "220 250 501/5.5.4 501/5.5.4 501/5.5.4", "", "501/5.5.4 -, 501/5.5.4 -, 501/5.5.4 -" },
	{ true, false, "XCLIENT LOGIN=no\r\n|", "220 421/4.7.0", "CLIENT(no) CLOSE", "" },
	/* XFORWARD holds for one message, over several commands, and may be pipelined */
	{ false, true, HELLO "XFORWARD ADDR=192.0.2.1\r\nXFORWARD HELO=x.test\r\n" BEGIN DATA BEGIN,
	  "220 250 250/2.0.0 250/2.0.0 250/2.1.0 250/2.1.5 354 250/2.0.0 250/2.1.0 250/2.1.5",
	  "MAIL(a@b) FOR(x.test) RCPT(c@d) DATA BODY(x~) COMMIT MAIL(a@b) RCPT(c@d)", "" },
	{ false, true, HELLO "XFORWARD HELO=x.test\r\nRSET\r\n" BEGIN,
	  "220 250 250/2.0.0 250/2.0.0 250/2.1.0 250/2.1.5", "MAIL(a@b) RCPT(c@d)", "" },
};
/* clang-format on */

static void play(struct play *p, size_t i, bool late, size_t step)
{
	str rest = str_of(cases[i].flights), flight;
	bool more;

	play_begin(p, late);
	p->setup.xclient = cases[i].xclient;
	p->setup.xforward = cases[i].xforward;
	play_greet(p);
	do {
		more = str_cut(&rest, '|', &flight);
		play_flight(p, flight, step);
	} while (more);
}

TEST(smtp_server_believes_those_who_may_say_who_the_client_is)
{
	for (size_t i = 0; i < LENGTH(cases); i++)
		for (size_t n = 0; n < 40; n++) {
			struct play p;
			struct buf codes = { 0 };

			play(&p, i, n % 2, n == 39 ? 1000 : n + 1);
			play_codes(&p, &codes);
			if (!str_eq(buf_str(&codes), str_of(cases[i].codes)))
				print_message("case %zu, step %zu: %.*s\n", i, n + 1,
					STR(buf_str(&codes)));
			CHECK_STR(buf_str(&codes), str_of(cases[i].codes));
			CHECK_STR(buf_str(&p.events), str_of(cases[i].events));
			CHECK_STR(buf_str(&p.refusals), str_of(cases[i].refusals));
			buf_free(&codes);
			play_end(&p);
		}
}

TEST(smtp_server_offers_what_the_client_may_say)
{
	struct play p;
	size_t n;

	play(&p, 0, false, 1000);
	n = buf_str(&p.sent).n;
	CHECK(str_find_str(buf_str(&p.sent), S("250-XCLIENT")) == n);
	CHECK(str_find_str(buf_str(&p.sent), S("250-XFORWARD")) == n);
	play_end(&p);
	play(&p, 6, false, 1000);
	n = buf_str(&p.sent).n;
	CHECK(str_find_str(buf_str(&p.sent), S("250-XCLIENT NAME ADDR")) < n);
	CHECK(str_find_str(buf_str(&p.sent), S("250-XFORWARD NAME ADDR")) < n);
	play_end(&p);
	play(&p, 5, false, 1000);
	CHECK_STR(smtp_server_auth_login(p.machine), S("jo"));
	play_end(&p);
}
