#include "route/alias_text.h"

#include <stdarg.h>
#include <stdio.h>

bool alias_text_wrong(const struct alias_text *t, struct fail *why, const char *format, ...)
{
	char text[FAIL_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return fail_with(why, FAIL_PERMANENT, "5.3.5", "%.*s:%u:%u: %s", STR(t->file),
		t->line_number, t->column, text);
}

static enum alias_text_word wrong(const struct alias_text *t, struct fail *why, const char *text)
{
	alias_text_wrong(t, why, "%s", text);
	return ALIAS_TEXT_BAD;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct alias_text *t)
{
	while (t->at < t->line.n && blank(t->line.p[t->at]))
		t->at++;
	t->column = (uint32_t)t->at + 1;
}

/* The next line that says something: one is neither blank nor a comment. */
static bool take_line(struct alias_text *t)
{
	while (t->text.n > 0) {
		str_cut(&t->text, '\n', &t->line);
		t->line = str_trim_right(t->line);
		t->line_number++;
		t->at = 0;
		skip_blanks(t);
		if (t->at < t->line.n && t->line.p[t->at] != '#')
			return true;
	}
	return false;
}

/* How far a word goes from here: up to the stop, or to a blank where the stop is one; neither ends
 * it inside quotes.  False: a quote is not closed. */
static bool measure(const struct alias_text *t, char stop, size_t *end)
{
	bool quoted = false;
	size_t i = t->at;

	for (; i < t->line.n; i++) {
		char c = t->line.p[i];

		if (c == '"')
			quoted = !quoted;
		else if (quoted && c == '\\')
			i++;
		else if (!quoted && (c == stop || (stop == ' ' && blank(c))))
			break;
	}
	*end = i < t->line.n ? i : t->line.n;
	return !quoted;
}

static enum alias_text_word take_key(struct alias_text *t, str *word, struct fail *why)
{
	bool named = t->form == ALIAS_TEXT_ALIASES;
	size_t end;

	t->in_entry = true;
	t->needs_comma = false;
	if (!measure(t, named ? ':' : ' ', &end))
		return wrong(t, why, "the quote is not closed");
	if (named && end == t->line.n)
		return wrong(t, why, "\"name: target\" is expected, but there is no \":\"");
	*word = str_trim_right(str_first(t->line, end));
	if (word->n == 0)
		return wrong(t, why, "a name is expected before the \":\"");
	t->at = end + named;
	return ALIAS_TEXT_KEY;
}

static enum alias_text_word take_target(struct alias_text *t, str *word, struct fail *why)
{
	size_t end;

	if (t->needs_comma)
		return wrong(t, why, "a comma is missing before this target");
	if (!measure(t, ',', &end))
		return wrong(t, why, "the quote is not closed");
	*word = str_trim_right(str_skip(str_first(t->line, end), t->at));
	t->at = end;
	t->needs_comma = true;
	return ALIAS_TEXT_TARGET;
}

enum alias_text_word alias_text_next(struct alias_text *t, str *word, struct fail *why)
{
	for (;;) {
		skip_blanks(t);
		if (t->at < t->line.n && t->line.p[t->at] == ',') {
			t->needs_comma = false;
			t->at++;
		} else if (t->at < t->line.n) {
			return take_target(t, word, why);
		} else if (!take_line(t)) {
			return ALIAS_TEXT_END;
		} else if (t->form != ALIAS_TEXT_ALIASES && t->form != ALIAS_TEXT_VIRTUAL) {
			t->needs_comma = false; /* a line is a list of its own */
		} else if (t->at == 0) {
			return take_key(t, word, why);
		} else if (!t->in_entry) {
			return wrong(t, why, "a line that begins with a blank continues nothing");
		}
	}
}
