/* Conversations with the server: flights of bytes, the replies and what was asked; each in many
 * cuts, with answers at once and late. */
#include "test/test.h"

#include "smtp/server_inside.h"
#include "smtp/play.h"

#define HELLO "EHLO c.test\r\n|"
#define BEGIN "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"

/* "|" ends a flight: the client waits for all replies there. */
static const struct {
	str flights, codes, events;
} cases[] = {
  /* the plain way, pipelined or not */
	{STR_INIT("HELO c.test\r\n|MAIL FROM:<a@b>\r\n|RCPT "
		   "TO:<c@d>\r\n|DATA\r\n|hi\r\n.\r\n|QUIT\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 354 250/2.0.0 221/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA BODY(hi~) COMMIT CLOSE")												      },
	{ STR_INIT(HELLO BEGIN
		  "DATA\r\n|..a\r\n.b\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<x@y>\r\nQUIT\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 354 250/2.0.0 250/2.1.0 250/2.1.5 221/2.0.0"),
         STR_INIT(
			"MAIL(a@b) RCPT(c@d) DATA BODY(.a~b~) COMMIT MAIL RCPT(x@y) RESET CLOSE")                                                                         },
	{ STR_INIT(HELLO BEGIN "DATA\r\n|.\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 354 250/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA COMMIT")														      },
	{ STR_INIT("ehlo c.test\r\n|mail from:<a@b>\r\nrcpt to:<c@d>  "
		   "\r\ndata\r\n|x\r\n.\r\nquit\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 354 250/2.0.0 221/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA BODY(x~) COMMIT CLOSE")												       },
 /* refusals on the way */
	{ STR_INIT(HELLO "MAIL FROM:<no@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"),
         STR_INIT("220 250 550/5.1.1 503/5.5.1 503/5.5.1"),											 STR_INIT("MAIL(no@b)")},
	{ STR_INIT(HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<no@d>\r\nDATA\r\n|RSET\r\n"),
         STR_INIT("220 250 250/2.1.0 550/5.1.1 554/5.5.1 250/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(no@d) RESET")															   },
	{ STR_INIT(HELLO "MAIL FROM:<a@b>\r\nDATA\r\n"),                                                   STR_INIT("220 250 250/2.1.0 503/5.5.1"),
         STR_INIT("MAIL(a@b)")																	    },
	{ STR_INIT(HELLO
		  "MAIL FROM:<a@b>\r\nRCPT TO:<no@d>\r\nRCPT TO:<later@d>\r\nRCPT TO:<c@d>\r\n"
		  "DATA\r\n|x\r\n.\r\n"),
         STR_INIT("220 250 250/2.1.0 550/5.1.1 451/4.7.1 250/2.1.5 354 250/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(no@d) RCPT(later@d) RCPT(c@d) DATA BODY(x~) COMMIT")                                                                                    },
	{ STR_INIT(HELLO "MAIL FROM:<nodata@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n|MAIL FROM:<a@b>\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 554/5.7.1 250/2.1.0"),
         STR_INIT("MAIL(nodata@b) RCPT(c@d) DATA RESET MAIL(a@b)")													},
	{ STR_INIT(HELLO BEGIN "DATA\r\n|REFUSE\r\n.\r\nNOOP\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 354 452/4.3.1 250/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA BODY(REFUSE~) COMMIT RESET")												  },
	{ STR_INIT(HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<bye@d>\r\nRCPT TO:<c@d>\r\n"),
         STR_INIT("220 250 250/2.1.0 421/4.3.2"),
         STR_INIT("MAIL(a@b) RCPT(bye@d) RESET CLOSE")														    },
 /* order */
	{ STR_INIT("MAIL FROM:<a@b>\r\n|RCPT TO:<a@b>\r\n|DATA\r\n|"),
         STR_INIT("220 503/5.5.1 503/5.5.1 503/5.5.1"),											     STR_INIT("")          },
	{ STR_INIT(HELLO "RCPT TO:<a@b>\r\nDATA\r\n|MAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\n"),
         STR_INIT("220 250 503/5.5.1 503/5.5.1 250/2.1.0 503/5.5.1"),
         STR_INIT("MAIL(a@b)")																	    },
	{ STR_INIT(HELLO BEGIN HELLO "DATA\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 250 503/5.5.1"),
         STR_INIT("MAIL(a@b) RCPT(c@d) RESET")															    },
	{ STR_INIT(HELLO BEGIN "RSET\r\nDATA\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 250/2.0.0 503/5.5.1"),
         STR_INIT("MAIL(a@b) RCPT(c@d) RESET")															    },
	{ STR_INIT("HELO\r\n|EHLO\r\n|HELO a b\r\n|HELO c.test\r\n"),
         STR_INIT("220 501 501 501 250"),													   STR_INIT("")          },
 /* small talk */
	{ STR_INIT("NOOP\r\n|NOOP x\r\n|HELP\r\n|VRFY a\r\n|EXPN a\r\n|RSET\r\n|QUIT\r\n"),
         STR_INIT("220 250/2.0.0 250/2.0.0 214/2.0.0 252/2.0.0 502/5.5.1 250/2.0.0 "
			 "221/2.0.0"),
         STR_INIT("CLOSE")																		},
	{ STR_INIT(HELLO "STARTTLS\r\nAUTH PLAIN\r\nTURN\r\n\r\nDATA x\r\nRSET x\r\n"),
         STR_INIT("220 250 502/5.5.1 502/5.5.1 500/5.5.1 500/5.5.1 501/5.5.4 501/5.5.4"),
         STR_INIT("")																		     },
	{ STR_INIT("GET / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<a@b>\r\n"),
         STR_INIT("220 502/5.7.0"),														 STR_INIT("CLOSE")     },
 /* parameters */
	{ STR_INIT(HELLO "MAIL FROM:<a@b> SIZE=1000001\r\nMAIL FROM:<a@b> SIZE=1000000\r\n"),
         STR_INIT("220 250 552/5.3.4 250/2.1.0"),												   STR_INIT("MAIL(a@b)") },
	{ STR_INIT(HELLO
		  "MAIL FROM:<\303\274@b>\r\nMAIL FROM:<\303\274@b> SMTPUTF8\r\n"
		  "RCPT TO:<\303\274@d>\r\nRSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<\303\274@d>\r\n"),
         STR_INIT("220 250 553/5.6.7 250/2.1.0 250/2.1.5 250/2.0.0 250/2.1.0 553/5.6.7"),
         STR_INIT("MAIL(\303\274@b) RCPT(\303\274@d) RESET MAIL(a@b)")												    },
	{ STR_INIT(HELLO "MAIL FROM:<a>\r\nMAIL FROM:<a@b> X=1\r\nMAIL FROM:<a@b>\r\nRCPT TO:<>\r\n"
			 "DATA\r\n"),
         STR_INIT("220 250 501/5.1.7 555/5.5.4 250/2.1.0 501/5.1.3 554/5.5.1"),
         STR_INIT("MAIL(a@b)")																	    },
 /* lines */
	{ STR_INIT(HELLO "NOOP\nQUIT\r\nNOOP\rQUIT\r\nNOOP\r\r\nNOOP\r\n"),
         STR_INIT("220 250 500/5.5.2 500/5.5.2 500/5.5.2 250/2.0.0"),									       STR_INIT("")          },
 /* messages at fault */
	{ STR_INIT(HELLO BEGIN "DATA\r\n|x\r\ny\nz\r\n.\nQUIT\r\n.\r\nNOOP\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 354 550/5.6.0 250/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA BODY(x~y) RESET")													     },
 /* chunks */
	{ STR_INIT(HELLO BEGIN "BDAT 4\r\nhi\r\nBDAT 3 LAST\r\n.\r\nQUIT\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 250/2.0.0 250/2.0.0 221/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA BODY(hi~.~) COMMIT CLOSE")												    },
	{ STR_INIT(HELLO BEGIN "BDAT 3\r\nhi\rBDAT 1\r\n\nBDAT 0 LAST\r\nNOOP\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 250/2.0.0 250/2.0.0 250/2.0.0 250/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA BODY(hi~) COMMIT")													    },
	{ STR_INIT(HELLO BEGIN "BDAT 0 LAST\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 250/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA COMMIT")														      },
	{ STR_INIT(HELLO BEGIN "BDAT 3\r\nhi\rBDAT 1 LAST\r\nxNOOP\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 250/2.0.0 550/5.6.0 250/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA BODY(hi) RESET")													      },
	{ STR_INIT(HELLO BEGIN "BDAT 2 LAST\r\nhiNOOP\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 550/5.6.0 250/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA BODY(hi) RESET")													      },
	{ STR_INIT(HELLO BEGIN "BDAT 3\r\nh\ni"
			       "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 550/5.6.0 503/5.5.1 250/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA BODY(h) RESET")													       },
	{ STR_INIT(HELLO BEGIN
		  "BDAT 3\r\nx\r\nDATA\r\nRCPT TO:<c@d>\r\nMAIL FROM:<a@b>\r\nRSET\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 250/2.0.0 503/5.5.1 503/5.5.1 503/5.5.1 "
			 "250/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA BODY(x~) RESET")													      },
	{ STR_INIT(HELLO "BDAT 6 LAST\r\nQUIT\r\nMAIL FROM:<a@b>\r\nRCPT TO:<no@d>\r\n"
			 "BDAT 6\r\nQUIT\r\nRCPT TO:<c@d>\r\nBDAT 2 LAST\r\n\r\n"),
         STR_INIT("220 250 503/5.5.1 250/2.1.0 550/5.1.1 554/5.5.1 250/2.1.5 250/2.0.0"),
         STR_INIT("MAIL(a@b) RCPT(no@d) RCPT(c@d) DATA BODY(~) COMMIT")												   },
	{ STR_INIT("BDAT 6\r\nQUIT\r\n|NOOP\r\n"),							 STR_INIT("220 503/5.5.1 250/2.0.0"),
         STR_INIT("")																		     },
	{ STR_INIT(HELLO "MAIL FROM:<nodata@b>\r\nRCPT TO:<c@d>\r\nBDAT 6\r\nQUIT\r\n"
			 "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 554/5.7.1 503/5.5.1 250/2.0.0"),
         STR_INIT("MAIL(nodata@b) RCPT(c@d) DATA RESET")														  },
	{ STR_INIT(HELLO BEGIN "BDAT x\r\nQUIT\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 501/5.5.4"),
         STR_INIT("MAIL(a@b) RCPT(c@d) RESET CLOSE")														      },
};

static void check_case(size_t i, size_t step, bool late)
{
	struct play p;
	struct buf codes = { 0 };
	str rest = cases[i].flights, flight;
	bool more;

	play_begin(&p, late);
	play_greet(&p);
	do {
		more = str_cut(&rest, '|', &flight);
		play_flight(&p, flight, step);
	} while (more);
	if (p.body_open)
		buf_put_char(&p.events, ')');
	play_codes(&p, &codes);
	if (!str_eq(buf_str(&codes), cases[i].codes) ||
		!str_eq(buf_str(&p.events), cases[i].events))
		fail_msg("case %zu, step %zu:\n%.*s\n%.*s\n%.*s", i, step, STR(cases[i].flights),
			STR(buf_str(&codes)), STR(buf_str(&p.events)));
	buf_free(&codes);
	play_end(&p);
}

TEST(smtp_server_conversations_in_every_cut)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		for (size_t step = 1; step < 20; step++) {
			check_case(i, step, false);
			check_case(i, step, true);
		}
		check_case(i, 10000, false);
		check_case(i, 10000, true);
	}
}

/* --- what came too early ---------------------------------------------------------------------- */

static const struct {
	str flights, codes, events;
} early[] = {
	{STR_INIT("NOOP\r\nNOOP\r\n"),							       STR_INIT("220 250/2.0.0 554/5.5.0"), STR_INIT("CLOSE")                },
	{ STR_INIT("EHLO c\r\nMAIL FROM:<a@b>\r\n"),                                                 STR_INIT("220 250 554/5.5.0"),
         STR_INIT("CLOSE")																		 },
	{ STR_INIT("HELO c\r\n|MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"),
         STR_INIT("220 250 250/2.1.0 554/5.5.0"),											 STR_INIT("MAIL(a@b) RESET CLOSE")},
	{ STR_INIT(HELLO BEGIN "DATA\r\nhi\r\n.\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 554/5.5.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA RESET CLOSE")														  },
	{ STR_INIT("HELO c\r\n|MAIL FROM:<a@b>\r\n|RCPT TO:<c@d>\r\n|DATA\r\n|hi\r\n.\r\nQUIT\r\n"),
         STR_INIT("220 250 250/2.1.0 250/2.1.5 354 250/2.0.0 554/5.5.0"),
         STR_INIT("MAIL(a@b) RCPT(c@d) DATA BODY(hi~) COMMIT CLOSE")												       },
};

TEST(smtp_server_reads_nothing_that_came_too_early)
{
	for (size_t i = 0; i < 2 * LENGTH(early); i++) {
		struct play p;
		struct buf codes = { 0 };
		str rest = early[i / 2].flights, flight;
		bool more;

		play_begin(&p, i % 2);
		play_greet(&p);
		do {
			more = str_cut(&rest, '|', &flight);
			play_flight(&p, flight, 10000);
		} while (more);
		play_codes(&p, &codes);
		CHECK_STR(buf_str(&codes), early[i / 2].codes);
		CHECK_STR(buf_str(&p.events), early[i / 2].events);
		buf_free(&codes);
		play_end(&p);
	}
}

TEST(smtp_server_does_not_read_before_its_banner)
{
	struct play p;
	struct smtp_server_act act;

	play_begin(&p, false);
	p.setup.hostname = S("pivot.test");
	p.setup.limits = &p.limits;
	p.machine = smtp_server_new(&p.setup, 0);
	CHECK_INT(smtp_server_feed(p.machine, S("EHLO c\r\n"), 0), 0);
	CHECK(smtp_server_next(p.machine).kind == SMTP_SERVER_IDLE);
	smtp_server_greet(p.machine, NULL);
	act = smtp_server_next(p.machine);
	CHECK(act.kind == SMTP_SERVER_IDLE);
	play_flight(&p, S("EHLO c\r\n"), 100);
	CHECK(str_starts(buf_str(&p.sent), S("220 pivot.test ESMTP Facteur\r\n554 5.5.0 ")));
	CHECK_STR(buf_str(&p.events), S("CLOSE"));
	play_end(&p);
}

TEST(smtp_server_greets_with_a_refusal)
{
	struct play p;
	struct fail why;
	struct smtp_server_act act;

	play_begin(&p, false);
	p.setup.hostname = S("pivot.test");
	p.setup.limits = &p.limits;
	p.machine = smtp_server_new(&p.setup, 0);
	fail_reply(&why, 421, "4.7.0", "Too many sessions");
	smtp_server_greet(p.machine, &why);
	act = smtp_server_next(p.machine);
	CHECK_STR(act.bytes, S("421 pivot.test Too many sessions\r\n"));
	CHECK(smtp_server_next(p.machine).kind == SMTP_SERVER_CLOSE);
	CHECK_INT(smtp_server_feed(p.machine, S("EHLO c\r\n"), 0), 8);
	CHECK(smtp_server_next(p.machine).kind == SMTP_SERVER_CLOSE);
	play_end(&p);
}

/* --- the driver's part ------------------------------------------------------------------------ */

TEST(smtp_server_offers_what_it_can)
{
	struct play p;

	play_begin(&p, false);
	play_greet(&p);
	buf_clear(&p.sent);
	play_flight(&p, S("EHLO c\r\n"), 100);
	CHECK_STR(buf_str(&p.sent),
		S("250-pivot.test\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n"
		  "250-SMTPUTF8\r\n250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n"
		  "250-LIMITS MAILMAX=100 RCPTMAX=100\r\n250 HELP\r\n"));
	CHECK_STR(smtp_server_helo(p.machine), S("c"));
	CHECK(smtp_server_extended(p.machine));
	play_end(&p);
}

TEST(smtp_server_gathers_the_replies_to_a_flight)
{
	struct play p;
	struct smtp_server_act act;
	str flight = S(BEGIN "RCPT TO:<e@f>\r\n");
	size_t sends = 0;

	play_begin(&p, false);
	play_greet(&p);
	play_flight(&p, S("EHLO c\r\n"), 100);
	while (flight.n > 0) {
		flight = str_skip(flight, smtp_server_feed(p.machine, flight, 0));
		do {
			act = smtp_server_next(p.machine);
			if (act.kind == SMTP_SERVER_ASK)
				CHECK(smtp_server_answer(p.machine, act.ticket, NULL, S("")));
			if (act.kind == SMTP_SERVER_SEND) {
				sends++;
				CHECK_STR(act.bytes, S("250 2.1.0 Sender taken\r\n"
						       "250 2.1.5 Recipient taken\r\n"
						       "250 2.1.5 Recipient taken\r\n"));
			}
		} while (act.kind != SMTP_SERVER_IDLE);
	}
	CHECK_INT(sends, 1);
	play_end(&p);
}

TEST(smtp_server_drops_a_message_that_the_driver_refuses)
{
	static const str bodies[] = { STR_INIT("DATA\r\n|x\r\n|y\r\n.\r\n|NOOP\r\n"),
		STR_INIT("BDAT 3\r\nx\r\n|BDAT 3 LAST\r\ny\r\n|NOOP\r\n") };
	struct fail why, later;

	fail_reply(&why, 452, "4.3.1", "Disk full");
	fail_reply(&later, 550, "5.0.0", "The first one wins");
	for (size_t i = 0; i < LENGTH(bodies); i++) {
		str rest = bodies[i], flight;
		struct buf codes = { 0 };
		struct play p;
		bool more;

		play_begin(&p, false);
		play_greet(&p);
		play_flight(&p, S("EHLO c\r\n"), 100);
		play_flight(&p, S(BEGIN), 100);
		smtp_server_fail_body(p.machine, &why); /* outside a message: nothing */
		do {
			more = str_cut(&rest, '|', &flight);
			play_flight(&p, flight, 100);
			if (smtp_server_in_message(p.machine) && p.body_open) {
				smtp_server_fail_body(p.machine, &why);
				smtp_server_fail_body(p.machine, &later);
			}
		} while (more);
		play_codes(&p, &codes);
		CHECK(str_ends(buf_str(&codes), S("452/4.3.1 250/2.0.0")));
		CHECK_STR(buf_str(&p.events), S("MAIL(a@b) RCPT(c@d) DATA BODY(x~) RESET"));
		buf_free(&codes);
		play_end(&p);
	}
}

/* Said between BODY and the end of the chunk that it came in: the end has not been asked yet. */
TEST(smtp_server_drops_the_last_chunk_too)
{
	struct smtp_server_act act;
	struct fail why;
	struct play p;
	str flight = S("BDAT 3 LAST\r\nx\r\n");

	fail_reply(&why, 554, "5.4.6", "Too many hops");
	play_begin(&p, false);
	play_greet(&p);
	play_flight(&p, S("EHLO c\r\n"), 100);
	play_flight(&p, S(BEGIN), 100);
	CHECK_INT(smtp_server_feed(p.machine, flight, 0), 13);
	act = smtp_server_next(p.machine);
	CHECK(act.kind == SMTP_SERVER_ASK &&
		smtp_server_answer(p.machine, act.ticket, NULL, S("")));
	CHECK(smtp_server_next(p.machine).kind == SMTP_SERVER_IDLE);
	CHECK_INT(smtp_server_feed(p.machine, str_skip(flight, 13), 0), 3);
	CHECK(smtp_server_next(p.machine).kind == SMTP_SERVER_BODY);
	smtp_server_fail_body(p.machine, &why);
	CHECK(smtp_server_next(p.machine).kind == SMTP_SERVER_RESET);
	act = smtp_server_next(p.machine);
	CHECK_STR(act.bytes, S("554 5.4.6 Too many hops\r\n"));
	CHECK(smtp_server_next(p.machine).kind == SMTP_SERVER_IDLE);
	play_end(&p);
}

TEST(smtp_server_writes_no_foreign_byte_into_a_reply)
{
	struct play p;
	struct smtp_server_act act;

	play_begin(&p, true);
	play_greet(&p);
	play_flight(&p, S("EHLO c\r\n"), 100);
	play_flight(&p, S(BEGIN "DATA\r\n"), 100);
	p.mute = true;
	play_flight(&p, S(".\r\n"), 100);
	CHECK(smtp_server_answer(p.machine, p.ticket, NULL, S("a\r\n554 b\0\303\274\377c")));
	act = smtp_server_next(p.machine);
	CHECK_STR(act.bytes, S("250 2.0.0 a??554 b\r\n"));
	play_end(&p);
}

TEST(smtp_server_is_small_when_idle)
{
	CHECK(sizeof(struct smtp_server) <= 1024); /* its buffers are free, or at most 1 KiB */
}

/* An appliance of one's own that ends its lines as its system does. */
TEST(smtp_server_takes_commands_that_end_in_lf_where_they_are_repaired)
{
	static const str talk = STR_INIT("EHLO c.test\n|MAIL FROM:<a@b>\nRCPT TO:<c@d>\r\nDATA\n|"
					 "one\ntwo\r\n.\r\n|NO\rOP\nNOOP\n");
	str flights, flight;
	struct buf codes = { 0 };
	struct play p;
	bool more;

	for (int repair = 0; repair < 2; repair++) {
		play_begin(&p, false);
		p.setup.repair_newlines = repair;
		play_greet(&p);
		flights = talk;
		do {
			more = str_cut(&flights, '|', &flight);
			play_flight(&p, flight, 5);
		} while (more);
		play_codes(&p, &codes);
		if (repair) {
			CHECK(str_ends(buf_str(&codes),
				S("250/2.1.0 250/2.1.5 354 250/2.0.0 500/5.5.2 250/2.0.0")));
			CHECK_STR(buf_str(&p.events),
				S("MAIL(a@b) RCPT(c@d) DATA BODY(one~two~) COMMIT"));
		} else {
			/* EHLO goes on to the first CRLF, and more stands behind that */
			CHECK(!str_has(buf_str(&p.events), '('));
		}
		buf_free(&codes);
		play_end(&p);
	}
}
