#include "login/dovecot.h"

#include "test/test.h"

#define GREETING                                                                              \
	"VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tSCRAM-SHA-256\tmutual-auth\nSPID\t12\n" \
	"CUID\t1\nCOOKIE\t0123\nDONE\n"

/* All acts until it is idle, as text. */
static void run(struct dovecot *d, struct buf *to)
{
	for (;;) {
		struct dovecot_act act = dovecot_next(d);

		switch (act.kind) {
		case DOVECOT_IDLE:
			return;
		case DOVECOT_SEND:
			buf_putf(to, "send %.*s", STR(act.bytes));
			break;
		case DOVECOT_READY:
			buf_put(to, S("ready\n"));
			break;
		case DOVECOT_CHALLENGE:
			buf_putf(to, "%u challenge %.*s\n", act.number, STR(act.bytes));
			break;
		case DOVECOT_YES:
			buf_putf(to, "%u yes %.*s\n", act.number, STR(act.bytes));
			break;
		case DOVECOT_NO:
			buf_putf(
				to, "%u no %d %s\n", act.number, fail_code(act.why), act.why->text);
			break;
		case DOVECOT_BROKEN:
			buf_putf(to, "broken: %s\n", act.why->text);
			return;
		}
	}
}

/* Fed in pieces of every size, the answers are these. */
static void check_talk(const char *greeting, const char *answers, const char *want)
{
	for (size_t piece = 1; piece < 40; piece++) {
		struct dovecot *d = dovecot_new(7, 0);
		struct dovecot_request request = {
			.number = 5, .mechanism = "PLAIN", .response = S("\0jo\0secret")
		};
		struct buf got = { 0 };
		str rest = str_of(greeting);

		run(d, &got);
		CHECK_STR(buf_str(&got), S("send VERSION\t1\t1\nCPID\t7\n"));
		buf_clear(&got);
		for (; rest.n > 0; rest = str_skip(rest, piece)) {
			dovecot_feed(d, str_first(rest, piece));
			run(d, &got);
		}
		if (str_eq(buf_str(&got), S("ready\n"))) {
			CHECK(ip_parse(S("192.0.2.1"), &request.remote));
			CHECK(dovecot_ask(d, &request));
			buf_clear(&got);
			run(d, &got);
			CHECK_STR(buf_str(&got),
				S("send AUTH\t5\tPLAIN\tservice=smtp\tsecured\trip=192.0.2.1\t"
				  "resp=AGpvAHNlY3JldA==\n"));
			buf_clear(&got);
			for (rest = str_of(answers); rest.n > 0; rest = str_skip(rest, piece)) {
				dovecot_feed(d, str_first(rest, piece));
				run(d, &got);
			}
		}
		CHECK_STR(buf_str(&got), str_of(want));
		buf_free(&got);
		dovecot_free(d);
	}
}

TEST(dovecot_asks_and_understands_the_answers)
{
	check_talk(GREETING, "OK\t5\tuser=jo@a.test\tx=y\n", "5 yes jo@a.test\n");
	check_talk(GREETING, "OK\t5\tresp=\tuser=tab\001there\001\n", "5 yes tab\there\001\n");
	check_talk(GREETING, "FAIL\t5\tuser=jo\n", "5 no 535 Dovecot says no\n");
	check_talk(GREETING, "FAIL\t5\treason=No\001lway\n", "5 no 535 Dovecot says no: No?way\n");
	check_talk(GREETING, "FAIL\t5\tuser=jo\ttemp\n",
		"5 no 454 Dovecot cannot say now who you are\n");
	check_talk(GREETING, "FAIL\t5\tcode=temp_fail\n",
		"5 no 454 Dovecot cannot say now who you are\n");
	check_talk(GREETING, "NEWS\t1\nCONT\t5\taGFsbG8=\nFAIL\t6\n",
		"5 challenge hallo\n6 no 535 Dovecot says no\n");
}

TEST(dovecot_that_talks_nonsense_is_left)
{
	check_talk("VERSION\t2\t0\n", "",
		"broken: Dovecot's auth service speaks another major version of its protocol\n");
	check_talk("DONE\n", "", "broken: Dovecot's auth service did not say its version\n");
	check_talk(GREETING, "OK\t5\n",
		"broken: Dovecot's auth service sent a line that cannot be read\n");
	check_talk(GREETING, "CONT\t5\t!\n",
		"broken: Dovecot's auth service sent a line that cannot be read\n");
	check_talk(GREETING, "OK\tx\tuser=jo\n",
		"broken: Dovecot's auth service sent a line that cannot be read\n");
}

TEST(dovecot_has_so_long_for_its_greeting)
{
	struct dovecot *d = dovecot_new(7, 1000);
	struct buf got = { 0 };

	CHECK_INT(dovecot_deadline_ms(d), 1000 + DOVECOT_HANDSHAKE_MS);
	run(d, &got);
	dovecot_tick(d, 1000 + DOVECOT_HANDSHAKE_MS);
	buf_clear(&got);
	run(d, &got);
	CHECK_STR(buf_str(&got),
		S("broken: Dovecot's auth service did not finish its greeting in time\n"));
	buf_free(&got);
	dovecot_free(d);
	d = dovecot_new(7, 1000);
	dovecot_feed(d, S(GREETING));
	buf_clear(&got);
	run(d, &got);
	CHECK_INT(dovecot_deadline_ms(d), INT64_MAX);
	CHECK(dovecot_has(d, "PLAIN") && dovecot_has(d, "SCRAM-SHA-256"));
	CHECK(!dovecot_has(d, "SCRAM") && !dovecot_has(d, "LOGIN"));
	buf_free(&got);
	dovecot_free(d);
}
