#include "sender/dkim_canon.h"

#include "base/ascii.h"

/* What one byte may add to a piece: a held space, a held CR and itself. */
#define ADDED_MAX 3

/* In which form a byte may be something else than itself. */
enum { SIMPLE = 1 << DKIM_CANON_SIMPLE, RELAXED = 1 << DKIM_CANON_RELAXED };

static const unsigned char moves[256] = {
	['\r'] = SIMPLE | RELAXED, ['\n'] = SIMPLE | RELAXED, [' '] = RELAXED, ['\t'] = RELAXED
};

static bool stays(enum dkim_canon how, char c)
{
	return !(moves[(unsigned char)c] & 1U << how);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* How much of this is as it will be, whatever follows: words, with one space between them.  Most of
 * a message is: byte by byte it would cost more than to hash it. */
static size_t words(enum dkim_canon how, str bytes)
{
	size_t n = 0;

	while (n < bytes.n) {
		if (stays(how, bytes.p[n]))
			n++;
		else if (n > 0 && n + 1 < bytes.n && bytes.p[n] == ' ' &&
			 stays(how, bytes.p[n + 1]))
			n += 2;
		else
			break;
	}
	return n;
}

/* CRLFs that turned out to be inside the body.  False: the piece is full, there are more. */
static bool put_ends(struct dkim_canon_body *b, size_t *n)
{
	for (; b->ends_held > 0; b->ends_held--) {
		if (*n + 2 + ADDED_MAX > sizeof b->piece)
			return false;
		b->piece[(*n)++] = '\r';
		b->piece[(*n)++] = '\n';
	}
	return true;
}

static void put(struct dkim_canon_body *b, size_t *n, char c)
{
	if (b->space)
		b->piece[(*n)++] = ' ';
	b->space = false;
	b->any = true;
	b->piece[(*n)++] = c;
}

/* Returns how many it took, at least one: bytes begins with one that stays. */
static size_t put_words(struct dkim_canon_body *b, size_t *n, str bytes)
{
	size_t took;

	put(b, n, bytes.p[0]);
	took = words(b->how, str_first(bytes, 1 + sizeof b->piece - *n));
	memcpy(b->piece + *n, bytes.p + 1, took - 1);
	*n += took - 1;
	return took;
}

str dkim_canon_take(struct dkim_canon_body *b, str *bytes)
{
	size_t n = 0, i = 0;

	for (; i < bytes->n && n + ADDED_MAX <= sizeof b->piece; i++) {
		char c = bytes->p[i];

		if (!b->cr && stays(b->how, c)) {
			if (!put_ends(b, &n))
				break;
			i += put_words(b, &n, str_skip(*bytes, i)) - 1;
			continue;
		}
		if (c == '\n' && b->cr) {
			b->cr = b->space = false; /* white space before it is gone */
			b->ends_held++;
			continue;
		}
		if (c == '\r' && !b->cr) {
			b->cr = true;
			continue;
		}
		if (b->how == DKIM_CANON_RELAXED && !b->cr && is_space(c)) {
			b->space = true;
			continue;
		}
		if (!put_ends(b, &n))
			break;
		if (b->cr)
			put(b, &n, '\r');
		b->cr = c == '\r';
		if (b->cr)
			continue;
		if (b->how == DKIM_CANON_RELAXED && is_space(c))
			b->space = true;
		else
			put(b, &n, c);
	}
	*bytes = str_skip(*bytes, i);
	return str_from(b->piece, n);
}

str dkim_canon_end(struct dkim_canon_body *b)
{
	size_t n = 0;

	if (b->ended)
		return S("");
	if (b->cr) {
		if (!put_ends(b, &n))
			return str_from(b->piece, n);
		put(b, &n, '\r');
		b->cr = false;
	}
	b->ended = true;
	if (b->any || b->how == DKIM_CANON_SIMPLE) {
		b->piece[n++] = '\r';
		b->piece[n++] = '\n';
	}
	return str_from(b->piece, n);
}

static void relax(str value, struct buf *to)
{
	bool space = false, begun = false;

	for (size_t i = 0, n; i < value.n; i += n) {
		str rest = str_skip(value, i);

		n = 1;
		if (str_starts(rest, S("\r\n"))) {
			n = 2;
			continue;
		}
		if (is_space(rest.p[0])) {
			space = true;
			continue;
		}
		if (stays(DKIM_CANON_RELAXED, rest.p[0])) /* else a bare CR or LF */
			n = words(DKIM_CANON_RELAXED, rest);
		if (space && begun)
			buf_put_char(to, ' ');
		buf_put(to, str_first(rest, n));
		space = false;
		begun = true;
	}
}

void dkim_canon_field(enum dkim_canon how, str field, struct buf *to)
{
	str value = field, name;

	if (how == DKIM_CANON_SIMPLE) {
		buf_put(to, field);
		return;
	}
	str_cut(&value, ':', &name);
	name = str_trim_right(name);
	for (size_t i = 0; i < name.n; i++)
		buf_put_char(to, ascii_lower(name.p[i]));
	buf_put_char(to, ':');
	relax(value, to);
}

static bool parse_word(str s, enum dkim_canon *how)
{
	*how = str_eq_nocase(s, S("relaxed")) ? DKIM_CANON_RELAXED : DKIM_CANON_SIMPLE;
	return *how == DKIM_CANON_RELAXED || str_eq_nocase(s, S("simple"));
}

bool dkim_canon_parse(str s, enum dkim_canon *header, enum dkim_canon *body)
{
	str first;

	*body = DKIM_CANON_SIMPLE;
	return str_cut(&s, '/', &first) ? parse_word(first, header) && parse_word(s, body)
					: parse_word(first, header);
}

const char *dkim_canon_name(enum dkim_canon how)
{
	switch (how) {
	case DKIM_CANON_SIMPLE:
		return "simple";
	case DKIM_CANON_RELAXED:
		return "relaxed";
	}
	return "";
}
