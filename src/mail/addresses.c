#include "mail/addresses.h"

#include "mail/address.h"

/* One element of a list, while it is read. */
struct element {
	size_t begin, end; /* of the words that stand side by side; equal: there is none */
	bool phrase;       /* there is white space or a comment between them */
	str angle;         /* what stood in < >; "" nothing did */
	bool over;
};

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Where what is opened here ends: behind its last sign; n where it does not end.  Comments may
 * stand in each other. */
static size_t enclosed(str text, size_t at, char opens, char closes)
{
	size_t depth = 0;

	for (; at < text.n; at++) {
		char c = text.p[at];

		if (c == '\\')
			at++;
		else if (c == closes && (opens == closes ? depth > 0 : depth == 1))
			return at + 1;
		else if (c == opens)
			depth++;
		else if (c == closes)
			depth--;
	}
	return text.n;
}

static bool ends_so(str text, size_t end, char closes)
{
	return end > 0 && text.p[end - 1] == closes;
}

/* Behind the '>' that belongs to this '<'; quotes may hide others.  n: there is none. */
static size_t angle_end(str text, size_t at)
{
	for (at++; at < text.n; at++) {
		if (text.p[at] == '>')
			return at + 1;
		if (text.p[at] == '"')
			at = enclosed(text, at, '"', '"') - 1;
	}
	return text.n;
}

/* A word, or a part of one, from its first byte to behind its last. */
static void take_word(struct element *e, size_t begin, size_t end)
{
	if (e->begin == e->end)
		e->begin = begin;
	else
		e->phrase |= begin != e->end;
	e->end = end;
}

/* One step; returns where to go on. */
static size_t step(str list, size_t at, struct element *e)
{
	char c = list.p[at];
	size_t end;

	switch (c) {
	case ',':
	case ';':
		e->over = true;
		return at + 1;
	case ':': /* the name of a group was that, or the route of an old address */
		*e = (struct element){ 0 };
		return at + 1;
	case '(':
		return enclosed(list, at, '(', ')');
	case '<':
		end = angle_end(list, at);
		e->phrase = true;
		if (ends_so(list, end, '>'))
			e->angle = str_trim(str_first(str_skip(list, at + 1), end - at - 2));
		return end;
	case '"':
	case '[':
		end = enclosed(list, at, c, c == '"' ? '"' : ']');
		take_word(e, at, end);
		return end;
	default:
		if (!is_white(c))
			take_word(e, at, at + 1);
		return at + 1;
	}
}

static bool is_address(str text)
{
	return text.n > 0 && address_parse(text, true, NULL);
}

bool addresses_next(struct addresses *a, str *address)
{
	while (a->at < a->list.n) {
		struct element e = { 0 };

		while (a->at < a->list.n && !e.over)
			a->at = step(a->list, a->at, &e);
		*address = e.angle;
		if (e.angle.n == 0 && !e.phrase)
			*address = str_first(str_skip(a->list, e.begin), e.end - e.begin);
		if (is_address(*address))
			return true;
	}
	return false;
}
