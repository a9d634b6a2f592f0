/* Bodies of DATA and BDAT: what is passed on, what is at fault, where the end is; each in every
 * cut. */
#include "test/test.h"

#include "base/buf.h"
#include "smtp/data.h"

#define LINE_OCTETS_MAX 12
#define MESSAGE_OCTETS_MAX 40

struct result {
	struct buf body;
	bool over;
	size_t rest_n;
	struct fail why;
};

static void take_all(struct smtp_data *d, str input, struct result *r)
{
	while (input.n > 0 && !r->over) {
		str piece;

		r->over = smtp_data_take(d, &input, &piece) == SCAN_DONE;
		buf_put(&r->body, piece);
	}
	r->rest_n = input.n;
}

static struct result take_cut(str input, size_t cut, bool dots, bool repair)
{
	struct smtp_data d = { .line_octets_max = LINE_OCTETS_MAX,
		.message_octets_max = MESSAGE_OCTETS_MAX,
		.dots = dots,
		.repair = repair };
	struct result r = { 0 };

	smtp_data_init(&d);
	take_all(&d, str_first(input, cut), &r);
	if (!r.over)
		take_all(&d, str_skip(input, cut), &r);
	else
		r.rest_n += input.n - cut;
	if (!dots)
		smtp_data_end(&d);
	CHECK(smtp_data_sound(&d, &r.why) == !r.why.kind);
	return r;
}

static const struct {
	str input, body;
	int code;  /* 0: sound */
	bool open; /* the end is not in it */
} cases[] = {
	{STR_INIT(".\r\n"),						      STR_INIT(""),                0,   false},
	{ STR_INIT("\r\n.\r\n"),						 STR_INIT("\r\n"),            0,   false},
	{ STR_INIT("a\r\nbc\r\n.\r\n"),					  STR_INIT("a\r\nbc\r\n"),     0,   false},
	{ STR_INIT("a\r\n..b\r\n.\r\n"),					 STR_INIT("a\r\n.b\r\n"),     0,   false},
	{ STR_INIT("..\r\n.c\r\n.\r\n"),					 STR_INIT(".\r\nc\r\n"),      0,   false},
	{ STR_INIT("a.b.\r\n.\r\n"),					     STR_INIT("a.b.\r\n"),        0,   false},
	{ STR_INIT("1234567890\r\n.\r\n"),                                       STR_INIT("1234567890\r\n"),  0,   false},
	{ STR_INIT(".1234567890\r\n.\r\n"),                                      STR_INIT("1234567890\r\n"),  0,   false},
	{ STR_INIT("12345678901\r\n.\r\n"),                                      STR_INIT("1234567890"),      552, false},
	{ STR_INIT("a\r\n12345678901"),					  STR_INIT("a\r\n1234567890"), 552, true },
	{ STR_INIT("a\nb\r\n.\r\n"),					     STR_INIT("a"),               550, false},
	{ STR_INIT("a\rb\r\n.\r\n"),					     STR_INIT("a"),               550, false},
	{ STR_INIT("a\r\r\n.\r\n"),					      STR_INIT("a"),               550, false},
	{ STR_INIT("a\r\n\0.\r\n.\r\n"),					 STR_INIT("a\r\n"),           550, false},
	{ STR_INIT("a\r\n.\0\r\n.\r\n"),					 STR_INIT("a\r\n"),           550, false},
	{ STR_INIT("a\r\n.\r\r\n"),					      STR_INIT("a\r\n"),           550, true },
	{ STR_INIT("a\r\n.\rb\r\n"),					     STR_INIT("a\r\n"),           550, true },
	{ STR_INIT("a\r\n.\nb\r\n"),					     STR_INIT("a\r\n"),           550, true },
	{ STR_INIT("a\n.\n"),						    STR_INIT("a"),               550, true },
	{ STR_INIT("a\n.\r\n"),						  STR_INIT("a"),               550, true },
	{ STR_INIT("a\r.\r\n"),						  STR_INIT("a"),               550, true },
	{ STR_INIT("a\r.\r"),						    STR_INIT("a"),               550, true },
	{ STR_INIT("12345678\r\n12345678\r\n12345678\r\n12345678\r\n.\r\n"),
         STR_INIT("12345678\r\n12345678\r\n12345678\r\n12345678\r\n"),                                        0,   false},
	{ STR_INIT("12345678\r\n12345678\r\n12345678\r\n123456789\r\n.\r\n"),
         STR_INIT("12345678\r\n12345678\r\n12345678\r\n123456789"),                                           552, false},
	{ STR_INIT("12345678\r\n12345678\r\n12345678\r\n12345678\r\n\r\n.\r\n"),
         STR_INIT("12345678\r\n12345678\r\n12345678\r\n12345678\r\n"),                                        552, false},
};

TEST(smtp_data_does_not_depend_on_the_cut)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		for (size_t cut = 0; cut <= cases[i].input.n; cut++) {
			struct result r = take_cut(cases[i].input, cut, true, false);

			CHECK_STR(buf_str(&r.body), cases[i].body);
			CHECK_INT(r.why.code, cases[i].code);
			CHECK(r.over == !cases[i].open);
			CHECK_INT(r.rest_n, 0);
			buf_free(&r.body);
		}
	}
}

static const struct {
	str input, body;
	bool sound, open;
} repairs[] = {
	{STR_INIT("a\nb\r\nc\n\nd\r\n.\r\n"), STR_INIT("a\r\nb\r\nc\r\n\r\nd\r\n"), true,  false},
	{ STR_INIT("\n\r\n.\r\n"),            STR_INIT("\r\n\r\n"),                 true,  false},
	{ STR_INIT("a\n..b\n\r\n.\r\n"),      STR_INIT("a\r\n.b\r\n\r\n"),          true,  false},
	{ STR_INIT("a\rb\r\n.\r\n"),          STR_INIT("a"),                        false, false},
	{ STR_INIT("a\n.\n"),                 STR_INIT("a\r\n"),                    false, true },
	{ STR_INIT("a\n.\r\n"),               STR_INIT("a\r\n"),                    false, true },
	{ STR_INIT("a\r\n.\n"),               STR_INIT("a\r\n"),                    false, true },
	{ STR_INIT("a\n.\r"),                 STR_INIT("a\r\n"),                    true,  true }, /* not yet to be known */
	{ STR_INIT("a\n.\r\n.\r\n"),          STR_INIT("a\r\n"),                    false, false},
	{ STR_INIT("12345678901\n.\r\n"),     STR_INIT("1234567890"),               false, true },
};

TEST(smtp_data_repairs_a_bare_lf_only)
{
	for (size_t i = 0; i < LENGTH(repairs); i++) {
		for (size_t cut = 0; cut <= repairs[i].input.n; cut++) {
			struct result r = take_cut(repairs[i].input, cut, true, true);

			CHECK_STR(buf_str(&r.body), repairs[i].body);
			CHECK(!r.why.kind == repairs[i].sound);
			CHECK(r.over == !repairs[i].open);
			buf_free(&r.body);
		}
	}
}

static const struct {
	str input, body;
	int code;
} chunks[] = {
	{STR_INIT(""),                   STR_INIT(""),                  0  },
	{ STR_INIT(".\r\n"),             STR_INIT(".\r\n"),             0  },
	{ STR_INIT("a\r\n.\r\n..b\r\n"), STR_INIT("a\r\n.\r\n..b\r\n"), 0  },
	{ STR_INIT("a"),                 STR_INIT("a"),                 550},
	{ STR_INIT("a\r"),               STR_INIT("a"),                 550},
	{ STR_INIT("a\n"),               STR_INIT("a"),                 550},
	{ STR_INIT("a\rb\r\n"),          STR_INIT("a"),                 550},
	{ STR_INIT("a\0b\r\n"),          STR_INIT("a"),                 550},
	{ STR_INIT("12345678901\r\n"),   STR_INIT("1234567890"),        552},
};

TEST(smtp_data_of_chunks_has_no_dots_and_ends_in_crlf)
{
	for (size_t i = 0; i < LENGTH(chunks); i++) {
		for (size_t cut = 0; cut <= chunks[i].input.n; cut++) {
			struct result r = take_cut(chunks[i].input, cut, false, false);

			CHECK_STR(buf_str(&r.body), chunks[i].body);
			CHECK_INT(r.why.code, chunks[i].code);
			CHECK(!r.over);
			buf_free(&r.body);
		}
	}
}

TEST(smtp_data_passes_a_plain_buffer_in_one_piece)
{
	static char text[4096];
	struct smtp_data d = { .line_octets_max = 1000, .message_octets_max = 10000, .dots = true };
	str input = str_from(text, sizeof text), piece;

	memset(text, 'x', sizeof text);
	for (size_t i = 0; i + 1 < sizeof text; i += 64) {
		text[i] = '\r';
		text[i + 1] = '\n';
	}
	smtp_data_init(&d);
	CHECK(smtp_data_take(&d, &input, &piece) == SCAN_MORE);
	CHECK_INT(piece.n, sizeof text);
}
