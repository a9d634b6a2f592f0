/* Addresses that are taken, addresses that are refused, and the keys they become. */
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/number.h"
#include "mail/address.h"

static const struct {
	str address;
	str key; /* "": refused without SMTPUTF8, "-": refused at all */
	bool utf8;
} cases[] = {
	{STR_INIT("a@b"),                        STR_INIT("a@b"),                       false},
	{ STR_INIT("Joe.User+Tag@Example.ORG"),  STR_INIT("joe.user+tag@example.org"),  false},
	{ STR_INIT("\"joe\"@b"),                 STR_INIT("joe@b"),                     false},
	{ STR_INIT("\"j\\o\\e\"@b"),             STR_INIT("joe@b"),                     false},
	{ STR_INIT("\"A b\"@c"),                 STR_INIT("\"a b\"@c"),                 false},
	{ STR_INIT("\"\\a\\\"\\\\@\"@c"),        STR_INIT("\"a\\\"\\\\@\"@c"),          false},
	{ STR_INIT("\"\"@c"),                    STR_INIT("\"\"@c"),                    false},
	{ STR_INIT("a@[192.0.2.1]"),             STR_INIT("a@[192.0.2.1]"),             false},
	{ STR_INIT("a@[IPv6:2001:DB8:0::1]"),    STR_INIT("a@[ipv6:2001:db8::1]"),      false},
	{ STR_INIT("a@[IPv6:::ffff:192.0.2.1]"), STR_INIT("a@[192.0.2.1]"),             false},
	{ STR_INIT("a@b\303\274cher.de"),        STR_INIT("a@xn--bcher-kva.de"),        true },
	{ STR_INIT("J\303\274rgen@example.org"), STR_INIT("j\303\274rgen@example.org"), true },
	{ STR_INIT("\"\303\274 x\"@b"),          STR_INIT("\"\303\274 x\"@b"),          true },
	{ STR_INIT("\"\\\303\274\"@b"),          STR_INIT("-"),                         true },
	{ STR_INIT("\303@b"),                    STR_INIT("-"),                         true },
	{ STR_INIT("a"),			 STR_INIT("-"),                         false},
	{ STR_INIT("@b"),                        STR_INIT("-"),                         false},
	{ STR_INIT("a@"),                        STR_INIT("-"),                         false},
	{ STR_INIT("a@b@c"),                     STR_INIT("-"),                         false},
	{ STR_INIT(".a@b"),                      STR_INIT("-"),                         false},
	{ STR_INIT("a.@b"),                      STR_INIT("-"),                         false},
	{ STR_INIT("a..b@c"),                    STR_INIT("-"),                         false},
	{ STR_INIT("a b@c"),                     STR_INIT("-"),                         false},
	{ STR_INIT("a\0@c"),                     STR_INIT("-"),                         false},
	{ STR_INIT("\"a\0\"@c"),                 STR_INIT("-"),                         false},
	{ STR_INIT("\"@c"),                      STR_INIT("-"),                         false},
	{ STR_INIT("\"a\\\"@c"),                 STR_INIT("-"),                         false},
	{ STR_INIT("\"a\"b@c"),                  STR_INIT("-"),                         false},
	{ STR_INIT("a@b."),                      STR_INIT("-"),                         false},
	{ STR_INIT("a@xn---"),                   STR_INIT("-"),                         false},
	{ STR_INIT("a@[::1]"),                   STR_INIT("-"),                         false},
	{ STR_INIT("a@[IPv6:192.0.2.1]"),        STR_INIT("-"),                         false},
	{ STR_INIT("a@[[192.0.2.1]]"),           STR_INIT("-"),                         false},
	{ STR_INIT("a@[]"),                      STR_INIT("-"),                         false},
	{ STR_INIT("a@["),                       STR_INIT("-"),                         false},
	{ STR_INIT("<a@b>"),                     STR_INIT("-"),                         false},
};

TEST(address_is_taken_or_refused)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		bool want = !str_eq(cases[i].key, S("-"));
		char to[ADDRESS_KEY_MAX];
		struct fail why = { 0 };
		str key;

		if (address_parse(cases[i].address, true, &why) != want)
			fail_msg("%.*s: %s", STR(cases[i].address), why.text);
		CHECK(address_parse(cases[i].address, false, &why) == (want && !cases[i].utf8));
		if (!want)
			continue;
		CHECK(address_key(cases[i].address, to, &key));
		CHECK_STR(key, cases[i].key);
	}
}

TEST(address_key_of_what_has_no_domain)
{
	char to[ADDRESS_KEY_MAX];
	str key;

	CHECK(address_key(S("Postmaster"), to, &key));
	CHECK_STR(key, S("postmaster"));
	CHECK(address_key(S(""), to, &key));
	CHECK_STR(key, S(""));
	CHECK(!address_key(S("@example.org"), to, &key));
}

TEST(address_parts)
{
	CHECK_STR(address_local(S("\"a@b\"@c")), S("\"a@b\""));
	CHECK_STR(address_domain(S("\"a@b\"@c")), S("c"));
	CHECK_STR(address_local(S("a")), S("a"));
	CHECK_STR(address_domain(S("a")), S(""));
	CHECK(address_ascii(S("a@b\303\274cher.de")));
	CHECK(!address_ascii(S("\303\274@b")));
	CHECK(!address_ascii(S("a@\303")));
	CHECK(address_ascii(S("")));
}

TEST(address_has_a_longest_form)
{
	char text[ADDRESS_MAX + 1];
	struct fail why;

	memset(text, 'a', sizeof text);
	text[ADDRESS_MAX - 2] = '@';
	CHECK(address_parse(str_from(text, ADDRESS_MAX), false, &why));
	CHECK(!address_parse(str_from(text, ADDRESS_MAX + 1), false, &why));
	CHECK_STR(str_of(why.text), S("Address too long"));
}

/* Where we differ from isemail's reading of RFC 5321. */
static const struct {
	int id;
	const char *reason;
} deviations[] = {
	{26,  "a local part of 65: SRS and VERP make longer ones"},
	{ 59, "a quoted local part of more than 64"              },
	{ 60, "a quoted local part of more than 64"              },
	{ 71, "'::' for a single group of zeros, which RFC 5952 discourages in writing, not in "
	      "reading"			     },
};

static bool deviates(int id)
{
	for (size_t i = 0; i < LENGTH(deviations); i++)
		if (deviations[i].id == id)
			return true;
	return false;
}

static void put_character(struct buf *to, unsigned c)
{
	if (c >= 0x2400 && c < 0x2420)
		c -= 0x2400;
	if (c < 0x80) {
		buf_put_char(to, (char)c);
	} else if (c < 0x800) {
		buf_put_char(to, (char)(0xc0 | c >> 6));
		buf_put_char(to, (char)(0x80 | (c & 63)));
	} else {
		fail_msg("no test has the character %x", c);
	}
}

/* The text of an XML element, with the entities that the file has. */
static void put_xml(struct buf *to, str text)
{
	while (text.n > 0) {
		str entity;
		uint64_t c;

		if (text.p[0] != '&') {
			buf_put_char(to, text.p[0]);
			text = str_skip(text, 1);
			continue;
		}
		CHECK(str_cut(&text, ';', &entity));
		if (str_eq(entity, S("&amp")))
			buf_put_char(to, '&');
		else if (str_starts(entity, S("&#x")) && number_parse_hex(str_skip(entity, 3), &c))
			put_character(to, (unsigned)c);
		else
			fail_msg("unknown entity %.*s", STR(entity));
	}
}

/* What stands between <name> and </name>; "" for <name/>. */
static str element(str test, str open, str close)
{
	size_t at = str_find_str(test, open);

	if (at == test.n)
		return S("");
	test = str_skip(test, at + open.n);
	return str_first(test, str_find_str(test, close));
}

static str read_vectors(char *to, size_t size)
{
	FILE *file = fopen(TEST_VECTORS "/address/isemail-tests.xml.txt", "rb");
	size_t n;

	assert_non_null(file);
	n = fread(to, 1, size, file);
	fclose(file);
	CHECK(n > 0 && n < size);
	return str_from(to, n);
}

TEST(address_isemail)
{
	static char text[100000];
	str all = read_vectors(text, sizeof text);
	size_t accepted = 0, refused = 0, differs = 0;
	str test;

	for (;;) {
		size_t at = str_find_str(all, S("<test id=\""));
		struct buf address = { 0 };
		struct fail why;
		bool want, got;
		str category;
		int id;

		if (at == all.n)
			break;
		all = str_skip(all, at + S("<test id=\"").n);
		test = str_first(all, str_find_str(all, S("</test>")));
		id = atoi(test.p);
		category = element(test, S("<category>ISEMAIL_"), S("</category>"));
		put_xml(&address, element(test, S("<address>"), S("</address>")));
		want = str_eq(category, S("VALID_CATEGORY")) || str_eq(category, S("RFC5321")) ||
		       str_eq(category, S("DNSWARN")); /* the DNS is not asked here */
		got = address_parse(buf_str(&address), true, &why);
		if ((got != want) != deviates(id))
			fail_msg("test %d: %s", id, got ? "accepted" : why.text);
		accepted += got;
		refused += !got;
		differs += got != want;
		buf_free(&address);
	}
	CHECK_INT(accepted + refused, 164);
	printf("isemail: %zu accepted, %zu refused, %zu of them otherwise than there\n", accepted,
		refused, differs);
}
