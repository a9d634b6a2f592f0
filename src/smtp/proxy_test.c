#include "smtp/proxy.h"

#include "test/test.h"

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define V2_TCP4 V2 "\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\1\x30\x39\0\x19"
#define V2_TCP6                                                                                 \
	V2 "\x21\x21\0\x2a\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\1\x0d\xb8\0\0\0\0\0\0\0\0" \
	   "\0\0\0\2\x30\x39\0\x19\x04\0\3abc"

static const struct {
	str input;
	enum scan want;
	const char *client; /* "": local */
	size_t left;        /* octets behind it */
} cases[] = {
	{STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 12345 25\r\nEHLO x\r\n"),   SCAN_DONE,
         "192.0.2.1:12345",											8},
	{ STR_INIT("PROXY TCP6 2001:db8::1 2001:db8::2 12345 25\r\n"),           SCAN_DONE,
         "[2001:db8::1]:12345",										    0},
	{ STR_INIT("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 12345 25\r\n"), SCAN_DONE,
         "192.0.2.1:12345",											0},
	{ STR_INIT("PROXY UNKNOWN\r\n"),					 SCAN_DONE, "",                    0},
	{ STR_INIT("PROXY UNKNOWN what ever\r\nx"),                              SCAN_DONE, "",                    1},
	{ STR_INIT(V2_TCP4 "EHLO"),					      SCAN_DONE, "192.0.2.1:12345",     4},
	{ STR_INIT(V2_TCP6),						     SCAN_DONE, "[2001:db8::1]:12345", 0},
	{ STR_INIT(V2 "\x20\0\0\0"),					     SCAN_DONE, "",                    0},
	{ STR_INIT(V2 "\x20\x11\0\1?x"),					 SCAN_DONE, "",                    1},
	{ STR_INIT(""),							  SCAN_MORE, "",                    0},
	{ STR_INIT("PRO"),						       SCAN_MORE, "",                    0},
	{ STR_INIT("PROXY TCP4 192.0.2.1"),                                      SCAN_MORE, "",                    0},
	{ STR_INIT("\r\n\r\n"),						  SCAN_MORE, "",                    0},
	{ STR_INIT(V2 "\x21\x11\0\x0c\xc0"),                                     SCAN_MORE, "",                    0},
	{ STR_INIT("EHLO x\r\n"),						SCAN_BAD,  "",                    0},
	{ STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 12345 25\n"),              SCAN_BAD,  "",                    0},
	{ STR_INIT("PROXY TCP4 192.0.2.1  198.51.100.1 12345 25\r\n"),           SCAN_BAD,  "",                    0},
	{ STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 12345\r\n"),               SCAN_BAD,  "",                    0},
	{ STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 12345 25 1\r\n"),          SCAN_BAD,  "",                    0},
	{ STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.1 99999 25\r\n"),            SCAN_BAD,  "",                    0},
	{ STR_INIT("PROXY TCP4 2001:db8::1 2001:db8::2 12345 25\r\n"),           SCAN_BAD,  "",                    0},
	{ STR_INIT("PROXY TCP5 192.0.2.1 198.51.100.1 12345 25\r\n"),            SCAN_BAD,  "",                    0},
	{ STR_INIT(
		  "PROXY UNKNOWN "
		  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		  "xxxxxxxxxxxxxxxxxxxxxx"),
         SCAN_BAD,									  "",                    0},
	{ STR_INIT(V2 "\x31\x11\0\x0c"),					 SCAN_BAD,  "",                    0},
	{ STR_INIT(V2 "\x22\x11\0\x0c"),					 SCAN_BAD,  "",                    0},
	{ STR_INIT(V2 "\x21\x11\0\4abcd"),                                       SCAN_BAD,  "",                    0},
	{ STR_INIT(V2 "\x21\x31\0\4abcd"),                                       SCAN_BAD,  "",                    0},
	{ STR_INIT(V2 "\x21\x11\xff\xff"),                                       SCAN_BAD,  "",                    0},
};

TEST(proxy_reads_both_versions_and_nothing_else)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct proxy_header header;
		char text[ENDPOINT_TEXT_MAX];
		struct fail why = { 0 };
		str input = cases[i].input;
		enum scan got = proxy_take(&input, &header, &why);

		if (got != cases[i].want)
			print_message("case %zu\n", i);
		CHECK_INT(got, cases[i].want);
		CHECK((got == SCAN_BAD) == (why.kind != FAIL_NONE));
		if (got != SCAN_DONE) {
			CHECK_INT(input.n, cases[i].input.n);
			continue;
		}
		CHECK_INT(input.n, cases[i].left);
		CHECK(header.local == (cases[i].client[0] == '\0'));
		if (!header.local)
			CHECK_STR(str_of(endpoint_print(&header.client, text)),
				str_of(cases[i].client));
	}
}

/* What is whole and right is MORE at every cut before. */
TEST(proxy_waits_for_all_of_it)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		size_t whole = cases[i].input.n - cases[i].left;

		for (size_t n = 0; cases[i].want == SCAN_DONE && n < whole; n++) {
			struct proxy_header header;
			str input = str_first(cases[i].input, n);

			CHECK_INT(proxy_take(&input, &header, NULL), SCAN_MORE);
		}
	}
}
