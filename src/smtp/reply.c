#include "smtp/reply.h"

#include <assert.h>

#include "base/ascii.h"

static bool bad(struct fail *why, const char *what)
{
	return fail_with(why, FAIL_TEMPORARY, "4.5.0", "The peer sent %s", what);
}

/* One line without its CRLF; where it ends does not depend on how much of the rest is there. */
static enum scan line_take(str *input, str *line, struct fail *why)
{
	str seen = str_first(*input, SMTP_REPLY_LINE_MAX);
	size_t end = str_find(seen, '\n');

	if (end == seen.n) {
		if (seen.n < SMTP_REPLY_LINE_MAX)
			return SCAN_MORE;
		bad(why, "an endless line");
		return SCAN_BAD;
	}
	if (end == 0 || str_find(seen, '\r') != end - 1) {
		bad(why, "a bare CR or LF");
		return SCAN_BAD;
	}
	*line = str_first(seen, end - 1);
	*input = str_skip(*input, end + 1);
	return SCAN_DONE;
}

/* class "." subject "." detail: digits, 1 and up to 3 and up to 3, then a space or nothing. */
static size_t status_length(str text, int class)
{
	size_t i = 1;

	if (text.n < 5 || text.p[0] != '0' + class)
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t digits = 0;

		if (i == text.n || text.p[i++] != '.')
			return 0;
		while (i < text.n && ascii_digit(text.p[i])) {
			i++;
			digits++;
		}
		if (digits < 1 || digits > 3)
			return 0;
	}
	return i == text.n || text.p[i] == ' ' ? i : 0;
}

static void keep(struct smtp_reply *r, str text)
{
	size_t status = status_length(text, r->code / 100);
	size_t n = strlen(r->text);

	if (status > 0 && !r->status[0])
		str_to_c(str_first(text, status), r->status, sizeof r->status);
	text = str_trim(str_skip(text, status));
	if (text.n == 0)
		return;
	if (n > 0 && n + 2 < sizeof r->text)
		r->text[n++] = ' ';
	fail_clean(text, r->text + n, sizeof r->text - n);
}

enum scan smtp_reply_take(struct smtp_reply *r, str *input, str *text, struct fail *why)
{
	str rest = *input, line;
	enum scan got = line_take(&rest, &line, why);
	int code;

	assert(!r->whole);
	if (got != SCAN_DONE)
		return got;
	if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' || !ascii_digit(line.p[1]) ||
		!ascii_digit(line.p[2]) || (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-')) {
		bad(why, "something that is no reply");
		return SCAN_BAD;
	}
	code = (line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + (line.p[2] - '0');
	if (r->lines > 0 && code != r->code) {
		bad(why, "two codes in one reply");
		return SCAN_BAD;
	}
	if (r->lines == SMTP_REPLY_LINES_MAX) {
		bad(why, "an endless reply");
		return SCAN_BAD;
	}
	r->code = code;
	r->lines++;
	r->whole = line.n == 3 || line.p[3] == ' ';
	*text = str_skip(line, 4);
	*input = rest;
	keep(r, *text);
	return SCAN_DONE;
}

void smtp_reply_fail(const struct smtp_reply *r, struct fail *to)
{
	int class = r->code / 100;
	char status[sizeof r->status] = "x.0.0";

	assert(r->whole);
	status[0] = (char)('0' + class);
	fail_reply(to, r->code, r->status[0] ? r->status : status, "%s", r->text);
	if (class < 4)
		to->kind = FAIL_NONE;
}
