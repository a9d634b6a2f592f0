#include "conf/builder.h"

#include <stdarg.h>
#include <stdio.h>

#include "conf/lex.h"

void conf_builder_report(struct conf_builder *b, const struct fail *why)
{
	if (b->error_count == 0 && b->why)
		*b->why = *why;
	if (b->errors && b->error_count < CONF_ERRORS_MAX)
		buf_putf(b->errors, "%s\n", why->text);
	b->error_count++;
}

bool conf_builder_error(
	struct conf_builder *b, const struct conf_origin *at, const char *format, ...)
{
	char text[FAIL_TEXT_MAX];
	struct fail why;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	conf_lex_fail(&why, at, "%s", text);
	conf_builder_report(b, &why);
	return false;
}

bool conf_builder_claim(
	struct conf_builder *b, const char *what, str name, const struct conf_word *word)
{
	struct conf_origin *at = ARENA_NEW(b->arena, struct conf_origin), *taken;
	str key = arena_printf(b->arena, "%s %.*s", what, STR(name));
	char place[CONF_PLACE_TEXT_MAX];

	taken = map_get(&b->names, key);
	if (taken)
		return conf_builder_error(b, &word->origin,
			"%s '%.*s' is given a second time; the first is at %s", what,
			STR(word->text), conf_builder_place(taken, place));
	*at = word->origin;
	map_set(&b->names, key, at);
	return true;
}

char *conf_builder_place(const struct conf_origin *at, char to[CONF_PLACE_TEXT_MAX])
{
	if (at->file.n == 0)
		snprintf(to, CONF_PLACE_TEXT_MAX, "the default");
	else
		snprintf(
			to, CONF_PLACE_TEXT_MAX, "%.*s:%u:%u", STR(at->file), at->line, at->column);
	return to;
}
