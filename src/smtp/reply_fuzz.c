/* Law: what a reply says does not depend on how it was cut; nothing but text is kept of it. */
#include "test/fuzz.h"

#include "base/ascii.h"
#include "smtp/reply.h"

/* All replies of the input, the first n bytes of which were there first. */
static enum scan take(str input, size_t n, struct smtp_reply *r, size_t *lines)
{
	str part = str_first(input, n);
	size_t taken = 0;
	struct fail why;

	*r = (struct smtp_reply){ 0 };
	*lines = 0;
	for (;;) {
		str text, before = part;
		enum scan got = smtp_reply_take(r, &part, &text, &why);

		if (got == SCAN_BAD) {
			LAW(why.kind == FAIL_TEMPORARY);
			return got;
		}
		if (got == SCAN_MORE) {
			LAW(part.p == before.p && part.n == before.n);
			if (taken + part.n == input.n)
				return got;
			part = str_skip(input, taken);
			continue;
		}
		LAW(part.n < before.n && text.n < before.n);
		taken += before.n - part.n;
		++*lines;
		if (r->whole) {
			smtp_reply_fail(r, &why);
			LAW(why.kind != FAIL_NONE || r->code < 400);
			if (taken == input.n)
				return SCAN_DONE;
			*r = (struct smtp_reply){ 0 };
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str input = str_from(data, size);
	struct smtp_reply once, again;
	size_t lines, lines_again;
	enum scan got = take(input, input.n, &once, &lines);

	for (size_t i = 0; i < strlen(once.text); i++)
		LAW(!ascii_control(once.text[i]));
	for (size_t n = 0; n < size && n < 200; n++) {
		LAW(take(input, n, &again, &lines_again) == got);
		LAW(lines == lines_again && once.code == again.code);
		LAW(strcmp(once.text, again.text) == 0 && strcmp(once.status, again.status) == 0);
	}
	return 0;
}
