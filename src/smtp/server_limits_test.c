/* Each limit of the server with its reply, and what time does. */
#include "test/test.h"

#include "smtp/play.h"

#define HELLO "EHLO c.test\r\n|"
#define BEGIN "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"

/* Talk, and see that the replies end so. */
static void check_tail(struct play *p, str flights, const char *tail, str events)
{
	struct buf codes = { 0 };
	str flight;
	bool more;

	do {
		more = str_cut(&flights, '|', &flight);
		play_flight(p, flight, 7);
	} while (more);
	play_codes(p, &codes);
	if (!str_ends(buf_str(&codes), str_of(tail)))
		fail_msg("%.*s does not end in %s", STR(buf_str(&codes)), tail);
	CHECK_STR(buf_str(&p->events), events);
	buf_free(&codes);
	play_end(p);
}

TEST(smtp_server_limits_have_their_replies)
{
	struct play p;

	play_begin(&p, false);
	p.limits.line_octets_max = 20;
	play_greet(&p);
	check_tail(&p, S("NOOP 12345678901234\r\n|NOOP 1234567890123\r\n|NOOP\r\n"),
		"220 500/5.5.2 250/2.0.0 250/2.0.0", S(""));

	play_begin(&p, false);
	p.limits.text_line_octets_max = 5;
	play_greet(&p);
	check_tail(&p, S(HELLO BEGIN "DATA\r\n|1234\r\n.\r\n|NOOP\r\n"), "354 552/5.6.0 250/2.0.0",
		S("MAIL(a@b) RCPT(c@d) DATA BODY(123) RESET"));

	play_begin(&p, false);
	p.limits.message_octets_max = 5;
	play_greet(&p);
	check_tail(&p, S(HELLO BEGIN "DATA\r\n|1234\r\n.\r\n|NOOP\r\n"), "354 552/5.3.4 250/2.0.0",
		S("MAIL(a@b) RCPT(c@d) DATA BODY(1234) RESET"));

	play_begin(&p, false);
	p.limits.message_octets_max = 5;
	play_greet(&p);
	check_tail(&p, S(HELLO BEGIN "BDAT 6\r\n1234\r\nBDAT 1 LAST\r\nxNOOP\r\n"),
		"552/5.3.4 503/5.5.1 250/2.0.0", S("MAIL(a@b) RCPT(c@d) DATA BODY(1234) RESET"));

	play_begin(&p, false);
	p.limits.recipients_max = 1;
	p.limits.errors_max = 0;
	play_greet(&p);
	check_tail(&p, S(HELLO BEGIN "RCPT TO:<e@f>\r\nRCPT TO:<g@h>\r\nDATA\r\n|x\r\n.\r\n"),
		"250/2.1.5 452/4.5.3 452/4.5.3 354 250/2.0.0",
		S("MAIL(a@b) RCPT(c@d) DATA BODY(x~) COMMIT"));

	play_begin(&p, false);
	p.limits.transactions_max = 1;
	play_greet(&p);
	check_tail(&p, S(HELLO "MAIL FROM:<a@b>\r\nRSET\r\nMAIL FROM:<no@b>\r\n"),
		"250/2.1.0 250/2.0.0 421/4.7.0", S("MAIL(a@b) RESET CLOSE"));

	play_begin(&p, false);
	p.limits.idle_commands_max = 3;
	play_greet(&p);
	check_tail(&p,
		S(HELLO "NOOP\r\nRSET\r\nMAIL FROM:<a@b>\r\nRSET\r\nNOOP\r\nHELP\r\nNOOP\r\n"),
		"250/2.0.0 250/2.0.0 214/2.0.0 421/4.7.0", S("MAIL(a@b) RESET CLOSE"));

	play_begin(&p, false);
	p.limits.errors_max = 2;
	play_greet(&p);
	check_tail(&p, S(HELLO "X\r\nX\r\nMAIL FROM:<a@b>\r\nX\r\nNOOP\r\n"),
		"250 500/5.5.1 500/5.5.1 250/2.1.0 421/4.7.0", S("MAIL(a@b) RESET CLOSE"));

	/* The one too many is that of a message, which has a reply of its own: 421 comes next. */
	play_begin(&p, false);
	p.limits.errors_max = 1;
	play_greet(&p);
	check_tail(&p,
		S(HELLO "X\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n|a\n\r\n.\r\nRSET\r\n"),
		"250 500/5.5.1 250/2.1.0 250/2.1.5 354 550/5.6.0 421/4.7.0",
		S("MAIL(a@b) RCPT(c@d) DATA BODY(a) RESET CLOSE"));
}

TEST(smtp_server_swallows_a_long_line_in_bounded_memory)
{
	struct play p;
	static char block[1000];
	str text = str_from(block, sizeof block);

	memset(block, 'x', sizeof block);
	play_begin(&p, false);
	play_greet(&p);
	for (int i = 0; i < 1000; i++)
		play_flight(&p, text, 300);
	CHECK_STR(buf_str(&p.sent), S("220 pivot.test ESMTP Facteur\r\n"));
	check_tail(&p, S("\r\n|NOOP\r\n"), "220 500/5.5.2 250/2.0.0", S(""));
}

/* --- time ------------------------------------------------------------------------------------- */

TEST(smtp_server_hangs_up_on_silence)
{
	static const struct {
		str flights;
		int64_t at_ms;
		const char *tail;
	} cases_here[] = {
		{STR_INIT(""),                         300000, "220 421/4.4.2"      },
		{ STR_INIT("NOO"),                     300000, "220 421/4.4.2"      },
		{ STR_INIT(HELLO BEGIN),               300000, "421/4.4.2"          },
		{ STR_INIT(HELLO BEGIN "DATA\r\n|x"),  200000, "354 421/4.4.2"      },
		{ STR_INIT(HELLO BEGIN "BDAT 9\r\nx"), 200000, "250/2.1.5 421/4.4.2"},
		{ STR_INIT(HELLO BEGIN "BDAT 1\r\nx"), 300000, "250/2.0.0 421/4.4.2"},
		{ STR_INIT(HELLO "BDAT 9\r\nx"),       200000, "250 421/4.4.2"      },
	};

	for (size_t i = 0; i < LENGTH(cases_here); i++) {
		str rest = cases_here[i].flights, flight;
		struct buf codes = { 0 };
		struct play p;
		bool more;

		play_begin(&p, false);
		p.now_ms = 1000;
		play_greet(&p);
		do {
			more = str_cut(&rest, '|', &flight);
			play_flight(&p, flight, 100);
		} while (more);
		CHECK_INT(smtp_server_deadline_ms(p.machine), 1000 + cases_here[i].at_ms);
		play_tick(&p, 1000 + cases_here[i].at_ms - 1);
		CHECK(!p.closed);
		play_tick(&p, 1000 + cases_here[i].at_ms);
		CHECK(p.closed);
		CHECK(smtp_server_deadline_ms(p.machine) == INT64_MAX);
		play_codes(&p, &codes);
		CHECK(str_ends(buf_str(&codes), str_of(cases_here[i].tail)));
		buf_free(&codes);
		play_end(&p);
	}
}

TEST(smtp_server_bounds_the_time_of_a_command_and_of_a_message)
{
	struct play p;

	play_begin(&p, false);
	play_greet(&p);
	for (p.now_ms = 0; p.now_ms < 300000; p.now_ms += 50000)
		play_flight(&p, S("x"), 1); /* letters do not buy time, commands do */
	CHECK_INT(smtp_server_deadline_ms(p.machine), 300000);
	play_end(&p);

	play_begin(&p, false);
	play_greet(&p);
	play_flight(&p, S("EHLO c\r\n"), 100);
	play_flight(&p, S(BEGIN "DATA\r\n"), 100);
	for (p.now_ms = 0; p.now_ms < 3600000; p.now_ms += 100000)
		play_flight(&p, S("x\r\n"), 100);
	CHECK_INT(smtp_server_deadline_ms(p.machine), 3600000);
	play_tick(&p, 3600000);
	CHECK(p.closed && str_ends(buf_str(&p.events), S("RESET CLOSE")));
	play_end(&p);
}

TEST(smtp_server_does_not_wait_for_ever_for_its_own_answer)
{
	static const struct {
		str flights, events;
		const char *tail;
	} cases_here[] = {
		{STR_INIT("MAIL FROM:<a@b>\r\n"),   STR_INIT("MAIL(a@b) RESET"),                "250 451/4.3.0"      },
		{ STR_INIT(BEGIN),                  STR_INIT("MAIL(a@b) RCPT(c@d)"),            "250/2.1.0 451/4.3.0"},
		{ STR_INIT(BEGIN "DATA\r\n"),       STR_INIT("MAIL(a@b) RCPT(c@d) DATA RESET"),
                 "250/2.1.5 451/4.3.0"									       },
		{ STR_INIT(BEGIN "BDAT 0\r\n"),     STR_INIT("MAIL(a@b) RCPT(c@d) DATA RESET"),
                 "250/2.1.5 451/4.3.0"									       },
		{ STR_INIT(BEGIN "DATA\r\n|.\r\n"),
                 STR_INIT("MAIL(a@b) RCPT(c@d) DATA COMMIT CLOSE"),                             "354 451/4.3.0"      },
	};

	for (size_t i = 0; i < LENGTH(cases_here); i++) {
		str rest = cases_here[i].flights;
		struct buf codes = { 0 };
		struct play p;
		uint32_t ticket;

		play_begin(&p, false);
		play_greet(&p);
		play_flight(&p, S("EHLO c\r\n"), 100);
		while (rest.n > 0) { /* the last command is not answered in time */
			size_t end = str_find(rest, '\n') + 1;

			p.mute = end == rest.n;
			if (str_starts(rest, S("|")))
				rest = str_skip(rest, 1);
			else {
				play_flight(&p, str_first(rest, end), 100);
				rest = str_skip(rest, end);
			}
		}
		ticket = p.ticket;
		CHECK(ticket != 0);
		p.ticket = 0;
		CHECK_INT(smtp_server_deadline_ms(p.machine), 30000);
		play_tick(&p, 29999);
		CHECK(smtp_server_deadline_ms(p.machine) == 30000);
		play_tick(&p, 30000);
		CHECK(!smtp_server_answer(p.machine, ticket, NULL, S("queued")));
		play_run(&p);
		play_codes(&p, &codes);
		CHECK(str_ends(buf_str(&codes), str_of(cases_here[i].tail)));
		CHECK_STR(buf_str(&p.events), cases_here[i].events);
		buf_free(&codes);
		play_end(&p);
	}
}

TEST(smtp_server_stops_when_it_owes_nothing)
{
	static const struct {
		str before, after, events;
		const char *tail;
	} cases_here[] = {
		{STR_INIT(""),                   STR_INIT("NOOP\r\n"),            STR_INIT("CLOSE"),                           "250 421/4.3.2"},
		{ STR_INIT(BEGIN),               STR_INIT(""),                    STR_INIT("MAIL(a@b) RCPT(c@d) RESET CLOSE"),
                 "250/2.1.5 421/4.3.2"													},
		{ STR_INIT(BEGIN "DATA\r\n"),    STR_INIT("x\r\n.\r\nNOOP\r\n"),
                 STR_INIT("MAIL(a@b) RCPT(c@d) DATA BODY(x~) COMMIT CLOSE"),
                 "354 250/2.0.0 421/4.3.2"												    },
		{ STR_INIT(BEGIN "BDAT 1\r\nx"), STR_INIT("BDAT 2 LAST\r\n\r\n"),
                 STR_INIT("MAIL(a@b) RCPT(c@d) DATA BODY(x~) COMMIT CLOSE"),
                 "250/2.0.0 250/2.0.0 421/4.3.2"											      },
	};

	for (size_t i = 0; i < LENGTH(cases_here); i++) {
		struct buf codes = { 0 };
		struct play p;

		play_begin(&p, true);
		play_greet(&p);
		play_flight(&p, S("EHLO c\r\n"), 100);
		play_flight(&p, cases_here[i].before, 100);
		smtp_server_shutdown(p.machine);
		play_run(&p);
		play_flight(&p, cases_here[i].after, 100);
		play_codes(&p, &codes);
		CHECK(str_ends(buf_str(&codes), str_of(cases_here[i].tail)));
		CHECK_STR(buf_str(&p.events), cases_here[i].events);
		buf_free(&codes);
		play_end(&p);
	}
}

/* P7: what the machine refuses by itself is said to its owner, with the name of the limit; what the
 * owner refused is not said back to him. */
TEST(smtp_server_notes_its_own_refusals)
{
	static const struct {
		str flights, refusals;
		bool gone;
	} cases[] = {
		{S(HELLO BEGIN "DATA\r\n|hello\r\n.\r\nQUIT\r\n"),                      S(""),                                 false},
		{ S(HELLO "MAIL FROM:<no@b>\r\nRCPT TO:<no@d>\r\n"),                    S("503/5.5.1 -"),                      false},
		{ S(HELLO "MAIL FROM:<bye@b>\r\n"),                                     S(""),                                 false},
		{ S("X\r\n|MAIL FROM:<a@b>\r\n|EHLO\r\n"),                              S("500/5.5.1 -, 503/5.5.1 -, 501/ -"),
                 false													      },
		{ S(HELLO "MAIL FROM:<a@b> SIZE=1001\r\n"),                             S("552/5.3.4 message"),                false},
		{ S(HELLO BEGIN "DATA\r\n|a\nb\r\n.\r\n"),                              S("550/5.6.0 -"),                      false},
		{ S(HELLO BEGIN "DATA\r\n|123456789012345678901\r\n.\r\n"),
                 S("552/5.6.0 text-line"),										     false},
		{ S(HELLO BEGIN "RCPT TO:<e@f>\r\nRCPT TO:<g@h>\r\nRCPT TO:<i@j>\r\n"),
                 S("452/4.5.3 recipients"),										    false},
		{ S(HELLO "X\r\nX\r\nX\r\nX\r\n"),
                 S("500/5.5.1 -, 500/5.5.1 -, 500/5.5.1 -, 421/4.7.0 errors"),                                                 true },
		{ S(HELLO "NOOP\r\nNOOP\r\nNOOP\r\n"),                                  S("421/4.7.0 idle-commands"),          true },
		{ S("EHLO c.test\r\nNOOP\r\n"),                                         S("554/5.5.0 -"),                      true },
		{ S(HELLO "BDAT x\r\n"),						S("501/5.5.4 -"),                      true },
		{ S("GET / HTTP/1.1\r\n"),					      S("502/5.7.0 -"),                      true },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct play p;
		str flights = cases[i].flights, flight;
		bool more;

		play_begin(&p, i % 2);
		p.limits.text_line_octets_max = 20;
		p.limits.message_octets_max = 1000;
		p.limits.recipients_max = 2;
		p.limits.errors_max = 3;
		p.limits.idle_commands_max = 3;
		play_greet(&p);
		do {
			more = str_cut(&flights, '|', &flight);
			play_flight(&p, flight, 7);
		} while (more);
		CHECK_STR(buf_str(&p.refusals), cases[i].refusals);
		CHECK_INT(p.gone, cases[i].gone);
		play_end(&p);
	}
}

TEST(smtp_server_notes_which_silence_was_too_long)
{
	static const struct {
		str flights;
		int64_t now_ms;
		str refusals;
	} cases[] = {
		{S("EHLO c.test\r\n"),             100, S("421/4.4.2 command-timeout")},
		{ S(HELLO BEGIN "DATA\r\n|hello"), 200, S("421/4.4.2 data-timeout")   },
		{ S(HELLO BEGIN "DATA\r\n|hello"), 300, S("421/4.4.2 message-timeout")},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct play p;
		str flights = cases[i].flights, flight;
		bool more;

		play_begin(&p, false);
		p.limits.command_ms_max = 100;
		p.limits.data_ms_max = 200;
		p.limits.message_ms_max = 300;
		play_greet(&p);
		do {
			more = str_cut(&flights, '|', &flight);
			play_flight(&p, flight, 7);
		} while (more);
		play_tick(&p, p.now_ms + cases[i].now_ms);
		CHECK_STR(buf_str(&p.refusals), cases[i].refusals);
		CHECK(p.closed && p.gone);
		play_end(&p);
	}
}
