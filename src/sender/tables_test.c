#include "test/test.h"

#include <stdio.h>

#include "base/mem.h"
#include "sender/hostlist.h"
#include "sender/signtable.h"

/* --- KeyTable ----------------------------------------------------------------------------------
 */

TEST(keytable_tells_paths_from_keys)
{
	static const struct {
		str secret;
		bool is_path;
	} cases[] = {
		{S("./dkim/mail.private"),       true },
		{ S("../mail.private"),          true },
		{ S("/etc/mail.private"),        true },
		{ S("TUlJRXBBSUJBQUtDQVFFQQ=="), false},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[200];
		struct fail why = { 0 };
		struct keytable *t;

		snprintf(text, sizeof text, "# keys\n\n k  Example.org:Mail:%.*s # ours\n",
			STR(cases[i].secret));
		t = keytable_read(S("keys"), str_of(text), &why);
		CHECK(t);
		CHECK(keytable_first(t) == keytable_find(t, S("k")));
		CHECK_STR(keytable_first(t)->domain, S("example.org"));
		CHECK_STR(keytable_first(t)->selector, S("mail"));
		CHECK_STR(keytable_first(t)->secret, cases[i].secret);
		CHECK_INT(keytable_first(t)->is_path, cases[i].is_path);
		CHECK_INT(keytable_first(t)->line, 3);
		CHECK(!keytable_find(t, S("K")) && !keytable_first(t)->next);
		keytable_free(t);
	}
}

TEST(keytable_says_where_it_is_wrong)
{
	static const struct {
		str text, why;
	} cases[] = {
		{S("k\n"),					 S("keys:1:1: DOMAIN:SELECTOR:KEY is expected behind the name")},
		{ S("\nk a.org:s\n"),
                 S("keys:2:3: DOMAIN:SELECTOR:KEY is expected behind the name")                                                  },
		{ S("k a.org:s:\n"),
                 S("keys:1:3: DOMAIN:SELECTOR:KEY is expected behind the name")                                                  },
		{ S("k a.org:s:/a:b\n"),
                 S("keys:1:3: DOMAIN:SELECTOR:KEY is expected behind the name")                                                  },
		{ S("k a..org:s:/a\n"),                            S("keys:1:3: 'a..org' is no domain")                          },
		{ S("k a.org:-:/a\n"),                             S("keys:1:9: '-' is no selector")                             },
		{ S("k a.org:s:mail.private\n"),
                 S("keys:1:11: neither a path (with /, ./ or ../ before it) nor a key in "
			  "base64")											      },
		{ S("k a.org:s:/a\nj a.org:t:/b\nk b.org:s:/c\n"),
                 S("keys:3:1: 'k' is given twice; it stands in line 1, too")                                                     },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct fail why = { 0 };

		CHECK(!keytable_read(S("keys"), cases[i].text, &why));
		CHECK_STR(str_of(why.text), cases[i].why);
	}
}

TEST(keytable_paths_take_the_domain_of_the_sender)
{
	struct fail why = { 0 };
	struct arena a;
	struct keytable *t = keytable_read(S("k"), S("k %:s:/keys/%/%.private\n"), &why);

	arena_init(&a, ARENA_UNLIMITED);
	CHECK(t);
	CHECK_STR(keytable_first(t)->domain, S("%"));
	CHECK_STR(keytable_path(&a, keytable_first(t), S("a.org")), S("/keys/a.org/a.org.private"));
	arena_free(&a);
	keytable_free(t);
}

/* --- SigningTable ------------------------------------------------------------------------------
 */

static const str keys_text = STR_INIT("k1 a.org:s1:/k1\nk2 a.org:s2:/k2\nk3 %:s3:/%\n"
				      "sub.a.org sub.a.org:s4:/k4\n");

/* The selectors of the keys that sign, with d= and i=, as one text. */
static void find(const struct signtable *t, str address, bool all, char to[400])
{
	struct signtable_match m[SIGNTABLE_MATCHES_MAX];
	size_t n = signtable_find(t, address, all, m), at = 0;

	to[0] = '\0';
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(to + at, 400 - at, "%s%.*s %s%s%s", i > 0 ? ", " : "",
			STR(m[i].key->selector), m[i].domain, m[i].identity[0] ? " " : "",
			m[i].identity);
}

static void check(str text, bool patterns, str address, bool all, str want)
{
	struct fail why = { 0 };
	struct keytable *keys = keytable_read(S("keys"), keys_text, &why);
	struct signtable *t;
	char got[400];

	CHECK(keys);
	t = signtable_read(S("sign"), text, patterns, keys, &why);
	CHECK_STR(str_of(why.text), S(""));
	find(t, address, all, got);
	CHECK_STR(str_of(got), want);
	signtable_free(t);
	keytable_free(keys);
}

TEST(signtable_plain_asks_from_the_whole_to_the_general)
{
	static const str all = STR_INIT("* k3\nu@* k1\n.org k1\n.a.org k1\nu@.org k1\n"
					"u@.a.org k1\nx.a.org k1\nu@x.a.org k2\n");

	check(all, false, S("U@X.a.org"), false, S("s2 a.org"));
	check(S("x.a.org k2\nu@.a.org k1\n"), false, S("u@x.a.org"), false, S("s2 a.org"));
	check(S(".a.org k1\nu@.a.org k2\n"), false, S("u@x.a.org"), false, S("s2 a.org"));
	check(S(".a.org k1\nu@.org k2\n"), false, S("u@x.a.org"), false, S("s2 a.org"));
	check(S(".org k1\n.a.org k2\n"), false, S("u@x.a.org"), false, S("s2 a.org"));
	check(S("u@* k1\n.org k2\n"), false, S("u@x.a.org"), false, S("s2 a.org"));
	check(S("* k1\nu@* k2\n"), false, S("u@x.a.org"), false, S("s2 a.org"));
	check(S("* k3\n"), false, S("u@x.a.org"), false, S("s3 x.a.org"));
	check(S(".a.org k1\n"), false, S("u@a.org"), false, S(""));
	check(S("a.org k1\n"), false, S("u@x.a.org"), false, S(""));
	check(S("a.org k1\n"), false, S("a.org"), false, S(""));
	check(S("a.org k1\n"), false, S(""), false, S(""));
	check(all, false, S("u@x.a.org"), true, S("s2 a.org, s1 a.org, s3 x.a.org"));
	check(S("a.org k1\na.org k2\n"), false, S("u@a.org"), false, S("s1 a.org"));
	check(S("a.org k1\na.org k2\n"), false, S("u@a.org"), true, S("s1 a.org, s2 a.org"));
}

TEST(signtable_patterns_go_in_their_order)
{
	check(S("*@a.org k1\nu@a.org k2\n"), true, S("u@a.org"), false, S("s1 a.org"));
	check(S("*@a.org k1\nu@a.org k2\n"), true, S("u@a.org"), true, S("s1 a.org, s2 a.org"));
	check(S("*@*.A.org k1\n"), true, S("u@a.org"), false, S(""));
	check(S("*@*.A.org k1\n"), true, S("u@x.y.a.org"), false, S("s1 a.org"));
	check(S("*a*b*@a.org k1\n"), true, S("xaxxbxx@a.org"), false, S("s1 a.org"));
	check(S("*a*b*@a.org k1\n"), true, S("xbxxaxx@a.org"), false, S(""));
	check(S("a.org k1\n"), true, S("u@a.org"), false, S(""));
	check(S("u.@a.org k1\n"), true, S("ux@a.org"), false, S(""));
}

TEST(signtable_signers_stay_in_the_domain_that_signs)
{
	check(S("a.org k1:@a.org\n"), false, S("u@a.org"), false, S("s1 a.org @a.org"));
	check(S(".a.org k1:list@%\n"), false, S("u@x.a.org"), false, S("s1 a.org list@x.a.org"));
	check(S("b.org k1:u@%\n"), false, S("u@b.org"), false, S("s1 a.org"));
	check(S("* %\n"), false, S("u@sub.a.org"), false, S("s4 sub.a.org"));
	check(S("* %\n"), false, S("u@other.org"), false, S(""));
	check(S("b\303\274cher.org k3\n"), false, S("u@xn--bcher-kva.org"), false,
		S("s3 xn--bcher-kva.org"));
}

TEST(signtable_says_where_it_is_wrong)
{
	static const struct {
		str text, why;
	} cases[] = {
		{S("a.org\n"),          S("sign:1:1: KEYNAME[:SIGNER] is expected here")       },
		{ S("a.org k1:@a:b\n"), S("sign:1:7: KEYNAME[:SIGNER] is expected here")       },
		{ S("a.org k1 x\n"),    S("sign:1:7: KEYNAME[:SIGNER] is expected here")       },
		{ S("#\na.org k9\n"),   S("sign:2:7: there is no key 'k9' in keys")            },
		{ S("a.org k1:me\n"),   S("sign:1:10: 'me' is no signer, such as @example.org")},
	};
	struct fail why = { 0 };
	struct keytable *keys = keytable_read(S("keys"), keys_text, &why);

	for (size_t i = 0; i < LENGTH(cases); i++) {
		CHECK(!signtable_read(S("sign"), cases[i].text, false, keys, &why));
		CHECK_STR(str_of(why.text), cases[i].why);
	}
	keytable_free(keys);
}

/* --- lists of hosts ----------------------------------------------------------------------------
 */

static bool has(const struct hostlist *l, str client, str name, unsigned line)
{
	struct ip ip;
	unsigned got;
	bool found;

	CHECK(ip_parse(client, &ip));
	found = hostlist_has(l, &ip, name, &got);
	CHECK_INT(got, line);
	return found;
}

TEST(hostlist_prefers_what_is_more_precise)
{
	static const str text = STR_INIT("!192.168.1.0/24\n192.168.1.1\n192.168.0.0/16\n"
					 ".a.org\n!x.a.org\n[2001:db8::]/32\n!2001:db8::1\n"
					 "10.0.0.1\n!10.0.0.1\n!.b.org\n192.0.2.1\n");
	struct fail why = { 0 };
	struct hostlist *l = hostlist_read(S("hosts"), text, &why);

	CHECK(l);
	CHECK(has(l, S("192.168.1.1"), S(""), 2));
	CHECK(!has(l, S("192.168.1.2"), S(""), 1));
	CHECK(has(l, S("192.168.2.2"), S(""), 3));
	CHECK(has(l, S("::ffff:192.168.2.2"), S(""), 3));
	CHECK(!has(l, S("203.0.113.1"), S(""), 0));
	CHECK(has(l, S("203.0.113.1"), S("Y.A.org"), 4));
	CHECK(!has(l, S("203.0.113.1"), S("a.org"), 0));
	CHECK(!has(l, S("192.168.1.1"), S("x.a.org"), 5));
	CHECK(has(l, S("2001:db8::2"), S(""), 6));
	CHECK(!has(l, S("2001:db8::1"), S(""), 7));
	CHECK(!has(l, S("10.0.0.1"), S(""), 9));
	CHECK(!has(l, S("192.0.2.1"), S("x.b.org"), 10));
	hostlist_free(l);
}

TEST(hostlist_says_where_it_is_wrong)
{
	static const struct {
		str text, why;
	} cases[] = {
		{S("127.0.0.1\n127.0.0.1/24\n"),
                 S("hosts:2:1: '127.0.0.1/24' is no host, .domain, address or network (a "
			  "network has only zeros behind its prefix)")                       },
		{ S("a.org b.org\n"),            S("hosts:1:7: one entry a line is expected")},
		{ S("!\n"),
                 S("hosts:1:1: '!' is no host, .domain, address or network (a network has "
			  "only zeros behind its prefix)")                                   },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct fail why = { 0 };

		CHECK(!hostlist_read(S("hosts"), cases[i].text, &why));
		CHECK_STR(str_of(why.text), cases[i].why);
	}
}

/* --- the reference installation's own files ----------------------------------------------------
 */

static str read_file(const char *name, char *room, size_t size)
{
	char path[400];
	FILE *file;
	size_t n;

	snprintf(path, sizeof path, "%s/../page/dkim/%s", TEST_VECTORS, name);
	file = fopen(path, "rb");
	CHECK(file);
	n = fread(room, 1, size, file);
	fclose(file);
	return str_from(room, n);
}

TEST(tables_of_the_reference_installation_work_as_they_are)
{
	char text[4096], got[400];
	struct fail why = { 0 };
	struct keytable *keys =
		keytable_read(S("keytable"), read_file("keytable", text, sizeof text), &why);
	struct signtable *t;
	struct hostlist *l;

	CHECK(keys);
	CHECK(keytable_first(keys)->is_path);
	CHECK_STR(keytable_first(keys)->secret, S("./dkim/mail.private"));
	t = signtable_read(
		S("signingtable"), read_file("signingtable", text, sizeof text), false, keys, &why);
	CHECK(t);
	find(t, S("someone@chapril.org"), false, got);
	CHECK_STR(str_of(got), S("mail chapril.org"));
	find(t, S("someone@lists.chapril.org"), false, got);
	CHECK_STR(str_of(got), S(""));
	l = hostlist_read(S("TrustedHosts"), read_file("TrustedHosts", text, sizeof text), &why);
	CHECK(l);
	CHECK(has(l, S("127.0.0.1"), S(""), 2));
	CHECK(has(l, S("127.0.0.2"), S(""), 2));
	CHECK(has(l, S("::1"), S(""), 2));
	CHECK(has(l, S("192.168.0.7"), S(""), 3));
	CHECK(has(l, S("2a01:4f8:10b:c42::9"), S(""), 7));
	CHECK(has(l, S("88.191.250.11"), S(""), 8));
	CHECK(!has(l, S("88.191.250.12"), S(""), 0));
	hostlist_free(l);
	signtable_free(t);
	keytable_free(keys);
}
