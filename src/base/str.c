#include "base/str.h"

#include "base/ascii.h"

str str_of(const char *c_string)
{
	return (str){ c_string, c_string ? strlen(c_string) : 0 };
}

str str_from(const void *p, size_t n)
{
	return (str){ p, n };
}

bool str_eq(str a, str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_eq_nocase(str a, str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

int str_compare(str a, str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

bool str_starts(str s, str prefix)
{
	return s.n >= prefix.n && str_eq(str_first(s, prefix.n), prefix);
}

bool str_starts_nocase(str s, str prefix)
{
	return s.n >= prefix.n && str_eq_nocase(str_first(s, prefix.n), prefix);
}

bool str_ends(str s, str suffix)
{
	return s.n >= suffix.n && str_eq(str_last(s, suffix.n), suffix);
}

bool str_ends_nocase(str s, str suffix)
{
	return s.n >= suffix.n && str_eq_nocase(str_last(s, suffix.n), suffix);
}

str str_first(str s, size_t n)
{
	return (str){ s.p, n < s.n ? n : s.n };
}

str str_skip(str s, size_t n)
{
	if (n > s.n)
		n = s.n;
	return (str){ n ? s.p + n : s.p, s.n - n };
}

str str_last(str s, size_t n)
{
	return str_skip(s, n < s.n ? s.n - n : 0);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

str str_trim_right(str s)
{
	while (s.n > 0 && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

str str_trim(str s)
{
	while (s.n > 0 && blank(s.p[0]))
		s = str_skip(s, 1);
	return str_trim_right(s);
}

size_t str_find(str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

size_t str_find_last(str s, char c)
{
	const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

size_t str_find_str(str s, str needle)
{
	const char *at = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

bool str_has(str s, char c)
{
	return str_find(s, c) < s.n;
}

bool str_cut(str *s, char c, str *head)
{
	size_t at = str_find(*s, c);
	bool found = at < s->n;

	*head = str_first(*s, at);
	*s = str_skip(*s, found ? at + 1 : at);
	return found;
}

bool str_word(str *s, str *word)
{
	size_t n = 0;

	while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\t'))
		*s = str_skip(*s, 1);
	while (n < s->n && s->p[n] != ' ' && s->p[n] != '\t')
		n++;
	*word = str_first(*s, n);
	*s = str_skip(*s, n);
	return n > 0;
}

char *str_to_c(str s, char *to, size_t size)
{
	size_t n = s.n < size ? s.n : size - 1;

	if (n > 0)
		memcpy(to, s.p, n);
	to[n] = '\0';
	return to;
}
