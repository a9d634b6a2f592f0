/* Laws: the pieces of a header are its bytes, all of them in their order, in every cut; a piece
 * that is a whole field begins where a line that is not folded begins, and is bounded; how the
 * header was cut makes no difference. */
#include "test/fuzz.h"

#include "mail/fields.h"

/* Each piece, with marks that no header has between them. */
static void split(str header, size_t cut, struct buf *seen, struct buf *bytes)
{
	struct fields f = { 0 };
	struct fields_piece piece;
	bool within = false;

	while (header.n > 0) {
		str some = str_first(header, cut), name, value;

		header = str_skip(header, some.n);
		while (fields_next(&f, &some, &piece)) {
			LAW(piece.bytes.n > 0 && piece.bytes.n <= FIELDS_OCTETS_MAX);
			LAW(piece.begins == !within);
			within = !piece.ends;
			if (piece.ends && header.n + some.n > 0)
				LAW(str_ends(piece.bytes, S("\n")));
			fields_split(piece.bytes, &name, &value);
			LAW(name.n + value.n <= piece.bytes.n);
			buf_putf(seen, "%d%d%zu,", piece.begins, piece.ends, piece.bytes.n);
			buf_put(bytes, piece.bytes);
		}
		LAW(some.n == 0);
	}
	if (fields_end(&f, &piece)) {
		LAW(piece.ends && piece.begins == !within);
		buf_putf(seen, "%d%d%zu,", piece.begins, piece.ends, piece.bytes.n);
		buf_put(bytes, piece.bytes);
	}
	LAW(!fields_end(&f, &piece));
	fields_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str header = str_from(data, size);
	struct buf whole = { 0 }, cut = { 0 }, bytes = { 0 }, again = { 0 };

	split(header, SIZE_MAX, &whole, &bytes);
	split(header, size % 5 + 1, &cut, &again);
	LAW(str_eq(buf_str(&bytes), header) && str_eq(buf_str(&again), header));
	LAW(str_eq(buf_str(&whole), buf_str(&cut)));
	buf_free(&whole);
	buf_free(&cut);
	buf_free(&bytes);
	buf_free(&again);
	return 0;
}
