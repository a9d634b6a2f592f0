#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/utf8.h"

char *fail_clean(str from, char *to, size_t size)
{
	size_t n = 0;

	while (from.n > 0) {
		size_t step = utf8_first(from);

		if (step == 0 || ascii_control(from.p[0])) {
			if (n + 1 >= size)
				break;
			to[n++] = from.p[0] == '\t' ? ' ' : '?';
			step = 1;
		} else {
			if (n + step >= size)
				break;
			memcpy(to + n, from.p, step);
			n += step;
		}
		from = str_skip(from, step);
	}
	to[n] = '\0';
	return to;
}

static void put_text(struct fail *why, size_t at, const char *format, va_list args)
{
	char raw[FAIL_TEXT_MAX];

	vsnprintf(raw, sizeof raw, format, args);
	fail_clean(str_of(raw), why->text + at, sizeof why->text - at);
}

static void put_status(struct fail *why, enum fail_kind kind, int code, const char *status)
{
	*why = (struct fail){ .kind = kind, .code = code };
	str_to_c(str_of(status), why->status, sizeof why->status);
}

bool fail_with(struct fail *why, enum fail_kind kind, const char *status, const char *format, ...)
{
	va_list args;

	if (!why)
		return false;
	put_status(why, kind, 0, status);
	va_start(args, format);
	put_text(why, 0, format, args);
	va_end(args);
	return false;
}

bool fail_reply(struct fail *why, int code, const char *status, const char *format, ...)
{
	va_list args;

	if (!why)
		return false;
	put_status(why, code >= 500 ? FAIL_PERMANENT : FAIL_TEMPORARY, code, status);
	va_start(args, format);
	put_text(why, 0, format, args);
	va_end(args);
	return false;
}

bool fail_while(struct fail *why, const char *format, ...)
{
	va_list args;

	if (!why)
		return false;
	va_start(args, format);
	put_text(why, strlen(why->text), format, args);
	va_end(args);
	return false;
}

int fail_code(const struct fail *why)
{
	if (why->code)
		return why->code;
	return why->kind == FAIL_PERMANENT ? 550 : 451;
}

void fail_soften(struct fail *why)
{
	if (fail_code(why) < 500)
		return;
	why->kind = FAIL_TEMPORARY;
	why->code = why->code > 0 ? why->code - 100 : 0;
	if (why->status[0] == '5')
		why->status[0] = '4';
}
