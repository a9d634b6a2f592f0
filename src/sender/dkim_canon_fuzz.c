/* Laws: the form of a body does not depend on the cut, and is its own form; a field's relaxed form
 * has no tab and no run of white space, and none at its end. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str bytes = str_from(data, size);
	struct buf raw = { 0 }, field = { 0 };
	str relaxed;

	for (int how = DKIM_CANON_SIMPLE; how <= DKIM_CANON_RELAXED; how++) {
		struct buf whole = { 0 }, cut = { 0 }, again = { 0 };

		form((enum dkim_canon)how, bytes, SIZE_MAX, &whole);
		form((enum dkim_canon)how, bytes, size % 5 + 1, &cut);
		form((enum dkim_canon)how, buf_str(&whole), SIZE_MAX, &again);
		LAW(str_eq(buf_str(&whole), buf_str(&cut)));
		LAW(str_eq(buf_str(&whole), buf_str(&again)));
		buf_free(&whole);
		buf_free(&cut);
		buf_free(&again);
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
