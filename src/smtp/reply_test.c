/* Replies, whole and in every cut. */
#include "test/test.h"

#include "smtp/reply.h"

/* Feed the first n bytes, as lines come, the way the client does. */
static enum scan take(str input, struct smtp_reply *r, struct fail *why)
{
	*r = (struct smtp_reply){ 0 };
	*why = (struct fail){ 0 };
	while (!r->whole) {
		str text;
		enum scan got = smtp_reply_take(r, &input, &text, why);

		if (got != SCAN_DONE)
			return got;
	}
	return SCAN_DONE;
}

/* clang-format off */
static const struct {
	str input;
	enum scan want;
	int code;
	str status, text;
} cases[] = {
	{ STR_INIT("250 ok\r\n"), SCAN_DONE, 250, STR_INIT(""), STR_INIT("ok") },
	{ STR_INIT("250\r\n"), SCAN_DONE, 250, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("250 \r\n"), SCAN_DONE, 250, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("250 2.1.5 ok\r\n"), SCAN_DONE, 250, STR_INIT("2.1.5"), STR_INIT("ok") },
	{ STR_INIT("550 5.1.1\r\n"), SCAN_DONE, 550, STR_INIT("5.1.1"), STR_INIT("") },
	{ STR_INIT("550-5.7.26 a\r\n550 5.7.26 b\r\n"), SCAN_DONE, 550, STR_INIT("5.7.26"),
		STR_INIT("a b") },
	{ STR_INIT("550-a\r\n550-\r\n550 b\r\n"), SCAN_DONE, 550, STR_INIT(""), STR_INIT("a b") },
	{ STR_INIT("450 5.1.1 class\r\n"), SCAN_DONE, 450, STR_INIT(""), STR_INIT("5.1.1 class") },
	{ STR_INIT("550 5.1.1x\r\n"), SCAN_DONE, 550, STR_INIT(""), STR_INIT("5.1.1x") },
	{ STR_INIT("550 5.1234.1 x\r\n"), SCAN_DONE, 550, STR_INIT(""), STR_INIT("5.1234.1 x") },
	{ STR_INIT("550 a\x01\x80z\r\n"), SCAN_DONE, 550, STR_INIT(""), STR_INIT("a??z") },
	{ STR_INIT("250-ok\r\n"), SCAN_MORE, 250, STR_INIT(""), STR_INIT("ok") },
	{ STR_INIT("250 ok\r"), SCAN_MORE, 0, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("250-a\r\n251 b\r\n"), SCAN_BAD, 250, STR_INIT(""), STR_INIT("a") },
	{ STR_INIT("250 ok\n"), SCAN_BAD, 0, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("\n"), SCAN_BAD, 0, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("250 o\rk\r\n"), SCAN_BAD, 0, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("250 ok\r\r\n"), SCAN_BAD, 0, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("\r\n"), SCAN_BAD, 0, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("25\r\n"), SCAN_BAD, 0, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("250ok\r\n"), SCAN_BAD, 0, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("199 ok\r\n"), SCAN_BAD, 0, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("600 ok\r\n"), SCAN_BAD, 0, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("HTTP/1.1 400 Bad Request\r\n"), SCAN_BAD, 0, STR_INIT(""), STR_INIT("") },
};
/* clang-format on */

TEST(smtp_reply_says_the_same_in_every_cut)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct smtp_reply r;
		struct fail why;
		enum scan got = SCAN_MORE;

		for (size_t n = 0; n <= cases[i].input.n && got == SCAN_MORE; n++)
			got = take(str_first(cases[i].input, n), &r, &why);
		CHECK_INT(got, cases[i].want);
		CHECK_INT(take(cases[i].input, &r, &why), cases[i].want);
		CHECK_INT(r.code, cases[i].code);
		CHECK_STR(str_of(r.status), cases[i].status);
		CHECK_STR(str_of(r.text), cases[i].text);
		CHECK_INT(why.kind, got == SCAN_BAD ? FAIL_TEMPORARY : FAIL_NONE);
	}
}

TEST(smtp_reply_ends_endless_lines_and_replies)
{
	static char line[SMTP_REPLY_LINE_MAX + 1], lines[8 * (SMTP_REPLY_LINES_MAX + 1)];
	struct smtp_reply r;
	struct fail why;

	memset(line, 'x', sizeof line);
	memcpy(line, "250 ", 4);
	CHECK_INT(take(str_from(line, SMTP_REPLY_LINE_MAX - 1), &r, &why), SCAN_MORE);
	CHECK_INT(take(str_from(line, SMTP_REPLY_LINE_MAX), &r, &why), SCAN_BAD);
	memcpy(line + SMTP_REPLY_LINE_MAX - 2, "\r\n", 2);
	CHECK_INT(take(str_from(line, SMTP_REPLY_LINE_MAX), &r, &why), SCAN_DONE);
	CHECK_INT(strlen(r.text), FAIL_TEXT_MAX - 1);
	for (size_t i = 0; i <= SMTP_REPLY_LINES_MAX; i++)
		memcpy(lines + 8 * i, "250-xx\r\n", 8);
	CHECK_INT(take(str_from(lines, 8 * SMTP_REPLY_LINES_MAX), &r, &why), SCAN_MORE);
	CHECK_INT(take(str_from(lines, sizeof lines), &r, &why), SCAN_BAD);
}

TEST(smtp_reply_becomes_a_fail)
{
	/* clang-format off */
	static const struct {
		str input;
		enum fail_kind kind;
		const char *status;
	} replies[] = {
		{ STR_INIT("250 ok\r\n"), FAIL_NONE, "2.0.0" },
		{ STR_INIT("354 go\r\n"), FAIL_NONE, "3.0.0" },
		{ STR_INIT("451 no\r\n"), FAIL_TEMPORARY, "4.0.0" },
		{ STR_INIT("452 4.2.2 no\r\n"), FAIL_TEMPORARY, "4.2.2" },
		{ STR_INIT("550 no\r\n"), FAIL_PERMANENT, "5.0.0" },
	};
	/* clang-format on */

	for (size_t i = 0; i < LENGTH(replies); i++) {
		struct smtp_reply r;
		struct fail why;

		CHECK_INT(take(replies[i].input, &r, &why), SCAN_DONE);
		smtp_reply_fail(&r, &why);
		CHECK_INT(why.kind, replies[i].kind);
		CHECK_STR(str_of(why.status), str_of(replies[i].status));
	}
}
