#include "mail/mime.h"

#include "base/ascii.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum scan mime_field(str line, str *name, size_t *octets)
{
	size_t n = 0, colon;

	while (n < line.n && line.p[n] > ' ' && line.p[n] < 0x7f && line.p[n] != ':')
		n++;
	colon = n;
	while (colon < line.n && (line.p[colon] == ' ' || line.p[colon] == '\t'))
		colon++;
	*name = str_first(line, n);
	*octets = colon + 1;
	if (n > 0 && colon < line.n && line.p[colon] == ':')
		return SCAN_DONE;
	return colon == line.n ? SCAN_MORE : SCAN_BAD;
}

/* Skip blanks and comments, which nest. */
static str skip_comments(str s)
{
	size_t depth = 0;

	for (; s.n > 0 && (depth > 0 || blank(s.p[0]) || s.p[0] == '('); s = str_skip(s, 1)) {
		if (s.p[0] == '(')
			depth++;
		else if (s.p[0] == ')' && depth > 0)
			depth--;
		else if (s.p[0] == '\\' && depth > 0)
			s = str_skip(s, 1);
	}
	return s;
}

str mime_word(str value, char to[MIME_WORD_MAX])
{
	size_t n = 0;

	for (value = skip_comments(value); value.n > 0 && value.p[0] != ';';
		value = skip_comments(str_skip(value, 1))) {
		if (n == MIME_WORD_MAX)
			return S("");
		to[n++] = ascii_lower(value.p[0]);
	}
	return (str){ to, n };
}

/* Take a token or a quoted string off *s and put it into to, where there is room for it; returns
 * its length. */
static size_t take_value(str *s, char *to, size_t size)
{
	bool quoted = s->n > 0 && s->p[0] == '"';
	size_t n = 0;

	if (quoted)
		*s = str_skip(*s, 1);
	for (; s->n > 0; *s = str_skip(*s, 1)) {
		if (quoted ? s->p[0] == '"' : (blank(s->p[0]) || s->p[0] == ';' || s->p[0] == '('))
			break;
		if (quoted && s->p[0] == '\\' && s->n > 1)
			*s = str_skip(*s, 1);
		if (s->p[0] == '\r' || s->p[0] == '\n')
			continue;
		if (n < size)
			to[n] = s->p[0];
		n++;
	}
	if (quoted)
		*s = str_skip(*s, 1);
	return n;
}

bool mime_parameter(str value, str name, char *to, size_t size, str *found)
{
	while (value.n > 0) {
		str word;
		size_t n;

		if (value.p[0] != ';') { /* the type, or what is malformed */
			take_value(&value, NULL, 0);
			value = skip_comments(value);
			continue;
		}
		value = skip_comments(str_skip(value, 1));
		word = str_first(value, 0);
		while (value.n > 0 && !blank(value.p[0]) && !str_has(S("=;(\""), value.p[0])) {
			word.n++;
			value = str_skip(value, 1);
		}
		value = skip_comments(value);
		if (value.n == 0 || value.p[0] != '=')
			continue;
		value = skip_comments(str_skip(value, 1));
		n = take_value(&value, to, size);
		value = skip_comments(value);
		if (str_eq_nocase(word, name)) {
			*found = str_from(to, n);
			return n > 0 && n <= size;
		}
	}
	return false;
}
