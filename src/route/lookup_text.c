#include "route/lookup_text.h"

#include <stdarg.h>
#include <stdio.h>

static bool blank(str line)
{
	return line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
}

static bool says_nothing(str line)
{
	str words = str_trim(line);

	return words.n == 0 || words.p[0] == '#';
}

static void take_physical(struct lookup_text *t, str *line)
{
	str_cut(&t->text, '\n', line);
	*line = str_trim_right(*line);
	t->line++;
}

bool lookup_text_next(struct lookup_text *t, struct arena *a, struct lookup_line *line)
{
	str more;

	do {
		if (t->text.n == 0)
			return false;
		take_physical(t, &line->text);
	} while (says_nothing(line->text));
	line->file = t->file;
	line->line = t->line;
	for (;;) {
		str first = str_first(t->text, str_find(t->text, '\n'));

		if (t->text.n == 0 || (!blank(first) && !says_nothing(first)))
			return true;
		take_physical(t, &more);
		if (!says_nothing(more))
			line->text = arena_printf(a, "%.*s%.*s", STR(line->text), STR(more));
	}
}

bool lookup_text_wrong(
	const struct lookup_line *line, size_t column, struct fail *why, const char *format, ...)
{
	char text[FAIL_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return fail_with(why, FAIL_PERMANENT, "5.3.5", "%.*s:%u:%zu: %s", STR(line->file),
		line->line, column, text);
}
