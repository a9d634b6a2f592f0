/* The dialogues of test/vectors/smtp/chasquid-dialogs, played against the machine: reply codes are
 * compared, and the message where one is to be stored; texts are chasquid's own. */
#include "test/test.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ascii.h"
#include "smtp/play.h"

#define FOLDER TEST_VECTORS "/smtp/chasquid-dialogs/"

/* Where we answer otherwise. */
static const struct {
	const char *file;
	int line;
	const char *codes, *reason;
} exceptions[] = {
	{"bad_data.cmy.txt",                         35, "250", "a header without a colon is mended, not refused"},
	{ "bad_data_dot.cmy.txt",                    28, "550", "refused, and the session goes on"               },
	{ "bad_data_dot_2.cmy.txt",                  28, "550", "refused, and the session goes on"               },
	{ "bad_data_dot_on_message_too_big.cmy.txt", 36, "552", "the first fault is told"                        },
	{ "bad_mail_from.cmy.txt",                   8,  "501", "a known command with a bad argument"            },
	{ "bad_mail_from.cmy.txt",                   11, "501", "a known command with a bad argument"            },
	{ "bad_rcpt_to.cmy.txt",                     11, "501", "a known command with a bad argument"            },
	{ "bad_rcpt_to.cmy.txt",                     14, "501", "a known command with a bad argument"            },
	{ "bad_rcpt_to.cmy.txt",                     41, "553", "RFC 6531 section 3.5: 553 with 5.6.7"           },
	{ "line_too_long.cmy.txt",                   5,  "500", "RFC 5321 section 4.5.3.1.9"                     },
};

static const char *exception(const char *file, int line)
{
	for (size_t i = 0; i < LENGTH(exceptions); i++)
		if (strcmp(file, exceptions[i].file) == 0 && line == exceptions[i].line)
			return exceptions[i].codes;
	return NULL;
}

static void read_whole(const char *path, struct buf *to)
{
	FILE *file = fopen(path, "rb");
	char block[4096];
	size_t n;

	assert_non_null(file);
	while ((n = fread(block, 1, sizeof block, file)) > 0)
		buf_put(to, str_from(block, n));
	fclose(file);
}

/* --- Python's expressions, as far as they go: strings, +, *, brackets --------------------------
 */

static void put_sum(str *s, struct buf *to);

static void skip_spaces(str *s)
{
	while (str_starts(*s, S(" ")))
		*s = str_skip(*s, 1);
}

static void put_string(str *s, struct buf *to)
{
	*s = str_skip(*s, 1);
	while (s->n > 0 && s->p[0] != '\'') {
		char c = s->p[0];

		if (c == '\\') {
			*s = str_skip(*s, 1);
			CHECK(s->n > 0 && (s->p[0] == 'r' || s->p[0] == 'n'));
			c = s->p[0] == 'r' ? '\r' : '\n';
		}
		buf_put_char(to, c);
		*s = str_skip(*s, 1);
	}
	*s = str_skip(*s, 1);
}

static void put_product(str *s, struct buf *to)
{
	struct buf part = { 0 };
	long times = 1;

	skip_spaces(s);
	if (str_starts(*s, S("("))) {
		*s = str_skip(*s, 1);
		put_sum(s, &part);
		CHECK(str_starts(*s, S(")")));
		*s = str_skip(*s, 1);
	} else {
		put_string(s, &part);
	}
	skip_spaces(s);
	if (str_starts(*s, S("*"))) {
		*s = str_skip(*s, 1);
		skip_spaces(s);
		times = strtol(s->p, NULL, 10);
		while (s->n > 0 && ascii_digit(s->p[0]))
			*s = str_skip(*s, 1);
		skip_spaces(s);
	}
	while (times-- > 0)
		buf_put(to, buf_str(&part));
	buf_free(&part);
}

static void put_sum(str *s, struct buf *to)
{
	put_product(s, to);
	while (str_starts(*s, S("+"))) {
		*s = str_skip(*s, 1);
		put_product(s, to);
	}
}

/* --- a dialogue ------------------------------------------------------------------------------- */

struct dialog {
	struct play play;
	bool open;
	size_t heard; /* of play.sent */
};

static void hang_up(struct dialog *d)
{
	if (d->open)
		play_end(&d->play);
	d->open = false;
	d->heard = 0;
}

static void connect_anew(struct dialog *d)
{
	hang_up(d);
	play_begin(&d->play, false);
	d->play.limits.message_octets_max = 1 << 20;
	d->play.limits.line_octets_max = 512;
	play_greet(&d->play);
	d->open = true;
}

static void send_line(struct dialog *d, str line)
{
	struct buf bytes = { 0 };

	buf_put(&bytes, line);
	buf_put(&bytes, S("\r\n"));
	play_flight(&d->play, buf_str(&bytes), 1000);
	buf_free(&bytes);
}

static void send_expression(struct dialog *d, str expression)
{
	struct buf bytes = { 0 };

	put_sum(&expression, &bytes);
	CHECK_INT(expression.n, 0);
	play_flight(&d->play, buf_str(&bytes), 1000);
	buf_free(&bytes);
}

/* The next reply's last line; "" when there is none. */
static str hear(struct dialog *d)
{
	str rest = str_skip(buf_str(&d->play.sent), d->heard), line = S("");

	do {
		str_cut(&rest, '\n', &line);
		d->heard += line.n + 1;
	} while (line.n > 3 && line.p[3] == '-');
	return line;
}

static void expect(struct dialog *d, const char *file, int number, str want)
{
	str got = str_first(hear(d), 3);
	const char *other = exception(file, number);

	want = str_first(want, 3);
	if (!str_eq(got, other ? str_of(other) : want))
		fail_msg("%s:%d: want %.*s, got %.*s", file, number, STR(want), STR(got));
	CHECK(!other || !str_eq(want, str_of(other)));
}

static void play_line(struct dialog *d, const char *file, int number, str line)
{
	str verb, client;

	if (line.n == 0 || line.p[0] == '#')
		return;
	CHECK(str_word(&line, &client) && str_eq(client, S("c")));
	CHECK(str_word(&line, &verb));
	line = str_skip(line, 1);
	if (str_eq(verb, S("tcp_connect")))
		connect_anew(d);
	else if (str_eq(verb, S("close")))
		hang_up(d);
	else if (str_eq(verb, S("->")))
		send_line(d, line);
	else if (str_eq(verb, S("~>")))
		send_expression(d, line);
	else if (str_eq(verb, S("<-")) || str_eq(verb, S("<~")) || str_eq(verb, S("<...")))
		expect(d, file, number, line);
	else
		fail_msg("%s:%d: unknown %.*s", file, number, STR(verb));
}

/* The message as it came in, with LF for line ends, is what the .verify.txt says. */
static void verify(const struct play *p, const char *path)
{
	char name[512];
	struct buf want = { 0 }, got = { 0 };
	str body = buf_str(&p->body);

	snprintf(name, sizeof name, "%.*sverify.txt", (int)(strlen(path) - 3), path);
	if (access(name, R_OK) != 0)
		return;
	read_whole(name, &want);
	for (size_t i = 0; i < body.n; i++)
		if (body.p[i] != '\r')
			buf_put_char(&got, body.p[i]);
	CHECK_STR(str_trim_right(buf_str(&got)), str_trim_right(buf_str(&want)));
	CHECK_INT(p->commits, 1);
	buf_free(&want);
	buf_free(&got);
}

static void play_file(const char *path)
{
	const char *file = strrchr(path, '/') + 1;
	struct dialog d = { 0 };
	struct buf text = { 0 };
	str rest, line;
	int number = 0;

	read_whole(path, &text);
	rest = buf_str(&text);
	while (rest.n > 0) {
		str_cut(&rest, '\n', &line);
		play_line(&d, file, ++number, line);
	}
	verify(&d.play, path);
	hang_up(&d);
	buf_free(&text);
}

TEST(smtp_server_plays_the_dialogues_of_chasquid)
{
	glob_t found;
	size_t played = 0, later = 0;

	CHECK_INT(glob(FOLDER "*.cmy.txt", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (strstr(found.gl_pathv[i],
			    "/auth_")) { /* passwords and certificates: test_logins.py */
			later++;
			continue;
		}
		play_file(found.gl_pathv[i]);
		played++;
	}
	CHECK_INT(played + later, 17);
	printf("chasquid: %zu dialogues played, %zu are about passwords\n", played, later);
	globfree(&found);
}
