#include "test/test.h"

#include "base/mem.h"
#include "mail/fields.h"

/* All pieces, each in brackets, with a mark where it is not a whole field. */
static void run(str header, size_t cut, struct buf *seen)
{
	struct fields f = { 0 };
	struct fields_piece piece;

	for (size_t at = 0; at < header.n; at += cut) {
		str bytes = str_first(str_skip(header, at), cut);

		while (fields_next(&f, &bytes, &piece))
			buf_putf(seen, "%s[%.*s]%s", piece.begins ? "" : "..", STR(piece.bytes),
				piece.ends ? "" : "..");
	}
	while (fields_end(&f, &piece))
		buf_putf(seen, "%s[%.*s]", piece.begins ? "" : "..", STR(piece.bytes));
	fields_free(&f);
}

TEST(fields_are_whole_in_every_cut)
{
	static const struct {
		str header, want;
	} cases[] = {
		{S(""),			     S("")			       },
		{ S("A: 1\r\n"),                    S("[A: 1\r\n]")                     },
		{ S("A: 1\r\n 2\r\n\t3\r\nB:\r\n"), S("[A: 1\r\n 2\r\n\t3\r\n][B:\r\n]")},
		{ S("A: 1\nB: 2\n"),                S("[A: 1\n][B: 2\n]")               },
		{ S("A: no end"),                   S("[A: no end]")                    },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		for (size_t cut = 1; cut <= cases[i].header.n + 1; cut++) {
			struct buf seen = { 0 };

			run(cases[i].header, cut, &seen);
			CHECK_STR(buf_str(&seen), cases[i].want);
			buf_free(&seen);
		}
}

TEST(fields_of_any_length_are_held_within_a_limit)
{
	static const size_t cuts[] = { 1, 1000, FIELDS_OCTETS_MAX, SIZE_MAX / 2 };

	for (size_t n = FIELDS_OCTETS_MAX - 2; n <= 2 * FIELDS_OCTETS_MAX + 2;
		n = n == FIELDS_OCTETS_MAX + 2 ? 2 * FIELDS_OCTETS_MAX - 2 : n + 1)
		for (size_t c = 0; c < LENGTH(cuts); c++) {
			struct fields f = { 0 };
			struct fields_piece piece;
			struct buf header = { 0 };
			size_t total = 0, begun = 0, ended = 0;

			buf_put(&header, S("A:"));
			while (buf_str(&header).n < n - 1)
				buf_put_char(&header, 'x');
			buf_put(&header, S("\nB: 2\n"));
			for (str rest = buf_str(&header); rest.n > 0;) {
				str bytes = str_first(rest, cuts[c]);

				rest = str_skip(rest, bytes.n);
				while (fields_next(&f, &bytes, &piece)) {
					CHECK(piece.bytes.n <= FIELDS_OCTETS_MAX);
					total += piece.bytes.n;
					begun += piece.begins;
					ended += piece.ends;
				}
			}
			CHECK(fields_end(&f, &piece));
			CHECK_STR(piece.bytes, S("B: 2\n"));
			CHECK(piece.begins && piece.ends);
			CHECK_INT(total, n);
			CHECK_INT(begun, 1);
			CHECK_INT(ended, 1);
			fields_free(&f);
			buf_free(&header);
		}
}

TEST(fields_are_written_in_lines_that_may_be_sent)
{
	struct buf text = { 0 }, out = { 0 };
	str rest, line;

	fields_put(S("A: b\r\n c"), &out);
	CHECK_STR(buf_str(&out), S("A: b\r\n c\r\n"));
	buf_clear(&out);
	buf_put(&text, S("A: "));
	for (int i = 0; i < 700; i++)
		buf_put(&text, S("word "));
	for (int i = 0; i < 1500; i++)
		buf_put(&text, S("\xc3\xa9"));
	fields_put(buf_str(&text), &out);
	rest = buf_str(&out);
	for (int i = 0; str_cut(&rest, '\n', &line); i++) {
		CHECK(line.n <= FIELDS_LINE_MAX + 1 && str_ends(line, S("\r")));
		CHECK(i == 0 || line.p[0] == ' ');
		CHECK(!str_starts(line, S(" \xa9")));
	}
	CHECK_INT(rest.n, 0);
	buf_free(&out);
	buf_free(&text);
}

TEST(fields_split_at_the_colon)
{
	str name, value;

	fields_split(S("From : a@b.test\r\n"), &name, &value);
	CHECK_STR(name, S("From"));
	CHECK_STR(value, S(" a@b.test\r\n"));
}
