/* Laws: the form of a body is what RFC 6376 says in sections 3.4.3 and 3.4.4, and does not depend
 * on the cut; a field's relaxed form has no tab and no run of white space, and none at its end. */
#include "test/fuzz.h"

#include "sender/dkim_canon.h"

static void form(enum dkim_canon how, str bytes, size_t cut, struct buf *to)
{
	struct dkim_canon_body b = { .how = how };
	str piece;

	while (bytes.n > 0) {
		str part = str_first(bytes, cut);

		bytes = str_skip(bytes, cut);
		while (part.n > 0)
			buf_put(to, dkim_canon_take(&b, &part));
	}
	while ((piece = dkim_canon_end(&b)).n > 0)
		buf_put(to, piece);
}

static bool is_white(char c)
{
	return c == ' ' || c == '\t';
}

/* The RFC as it reads, of a whole body: line by line, byte by byte. */
static void form_of_line(enum dkim_canon how, str line, struct buf *to)
{
	if (how == DKIM_CANON_RELAXED)
		while (line.n > 0 && is_white(line.p[line.n - 1]))
			line.n--;
	for (size_t i = 0; i < line.n; i++) {
		bool white = how == DKIM_CANON_RELAXED && is_white(line.p[i]);

		if (!white || i == 0 || !is_white(line.p[i - 1]))
			buf_put_char(to, white ? ' ' : line.p[i]);
	}
	buf_put(to, S("\r\n"));
}

static void form_by_lines(enum dkim_canon how, str bytes, struct buf *to)
{
	size_t kept = 0;

	while (bytes.n > 0) {
		size_t n = str_find_str(bytes, S("\r\n")), before = buf_str(to).n;

		form_of_line(how, str_first(bytes, n), to);
		if (buf_str(to).n > before + 2)
			kept = buf_str(to).n; /* empty lines at the end count for nothing */
		bytes = str_skip(bytes, n + 2);
	}
	to->end = to->start + kept;
	if (kept == 0 && how == DKIM_CANON_SIMPLE)
		buf_put(to, S("\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str bytes = str_from(data, size);
	struct buf raw = { 0 }, field = { 0 };
	str relaxed;

	for (int how = DKIM_CANON_SIMPLE; how <= DKIM_CANON_RELAXED; how++) {
		struct buf whole = { 0 }, cut = { 0 }, slow = { 0 };

		form((enum dkim_canon)how, bytes, SIZE_MAX, &whole);
		form((enum dkim_canon)how, bytes, size % 5 + 1, &cut);
		form_by_lines((enum dkim_canon)how, bytes, &slow);
		LAW(str_eq(buf_str(&whole), buf_str(&cut)));
		LAW(str_eq(buf_str(&whole), buf_str(&slow)));
		buf_free(&whole);
		buf_free(&cut);
		buf_free(&slow);
	}
	buf_put(&raw, S("Subject:"));
	buf_put(&raw, bytes);
	dkim_canon_field(DKIM_CANON_RELAXED, buf_str(&raw), &field);
	relaxed = buf_str(&field);
	LAW(str_starts(relaxed, S("subject:")));
	LAW(!str_has(relaxed, '\t') && str_find_str(relaxed, S("  ")) == relaxed.n);
	LAW(!str_ends(relaxed, S(" ")));
	buf_free(&raw);
	buf_free(&field);
	return 0;
}
