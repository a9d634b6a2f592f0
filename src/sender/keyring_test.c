#include "test/test.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sender/dkim_secret.h"
#include "sender/keyring.h"

#define KEYS                               \
	"rsa one.test:r:./rsa.private\n"   \
	"ed one.test:e:/keys/ed.private\n" \
	"each %:s:./%.private\n"

/* The files of this world. */
struct files {
	str rsa, ed;
	unsigned reads;
};

static bool read(void *owner, struct arena *a, str path, str *text, struct fail *why)
{
	struct files *f = owner;

	f->reads++;
	if (str_eq(path, S("./rsa.private")) || str_eq(path, S("./two.test.private")))
		*text = arena_copy(a, f->rsa);
	else if (str_eq(path, S("/keys/ed.private")))
		*text = arena_copy(a, f->ed);
	else
		return fail_with(why, FAIL_PERMANENT, "5.3.5", "%.*s: no such file", STR(path));
	return true;
}

static str pem_of(enum dkim_algorithm algorithm)
{
	struct fail why;
	struct dkim_secret *k = dkim_secret_make(algorithm, 1024, &why);
	struct buf pem = { 0 };
	str copy;

	CHECK(k);
	dkim_secret_print(k, &pem);
	copy = mem_copy(buf_str(&pem));
	buf_free(&pem);
	dkim_secret_free(k);
	return copy;
}

static struct keyring *make(struct files *f, str keys, str rows, str hosts, struct fail *why)
{
	static const str domains[] = { STR_INIT("one.test"), STR_INIT("two.test") };
	struct keyring_files files = {
		.keytable = {S("keytable"), keys },
		.signingtable = { S("rows"),    rows },
		.has_hosts = hosts.n > 0,
		.hosts = { S("hosts"),   hosts},
		.domains = domains,
		.domain_count = LENGTH(domains),
		.read = read,
		.owner = f
	};

	if (!f->rsa.p) {
		f->rsa = pem_of(DKIM_RSA_SHA256);
		f->ed = pem_of(DKIM_ED25519_SHA256);
	}
	return keyring_new(&files, why);
}

static void files_free(struct files *f)
{
	mem_free((char *)f->rsa.p);
	mem_free((char *)f->ed.p);
}

TEST(keyring_finds_what_signs_for_an_author)
{
	struct files f = { 0 };
	struct fail why = { 0 };
	struct keyring *k = make(&f, S(KEYS),
		S("a@one.test rsa\none.test ed:@one.test\ntwo.test each\nthree.test each\n"), S(""),
		&why);
	struct keyring_match m;
	char origin[KEYRING_ORIGIN_MAX];

	CHECK(k);
	keyring_find(k, S("A@One.test"), true, &m);
	CHECK_INT(m.count, 2);
	CHECK_STR(m.keys[0].selector, S("r"));
	CHECK_INT(m.keys[0].signer->algorithm, DKIM_RSA_SHA256);
	CHECK_STR(m.keys[1].selector, S("e"));
	CHECK_STR(m.keys[1].identity, S("@one.test"));
	CHECK_INT(m.keys[1].signer->algorithm, DKIM_ED25519_SHA256);
	keyring_find(k, S("a@one.test"), false, &m);
	CHECK_INT(m.count, 1);
	CHECK_STR(str_of(keyring_origin(k, m.rows[0].line, origin)), S("rows:1"));
	keyring_find(k, S("x@two.test"), true, &m); /* "%": its own domain, and key */
	CHECK_INT(m.count, 1);
	CHECK_STR(m.keys[0].domain, S("two.test"));
	keyring_find(k, S("x@three.test"), true, &m); /* the row is there, the key is not */
	CHECK_INT(m.count, 0);
	keyring_find(k, S("x@four.test"), true, &m);
	CHECK_INT(m.count, 0);
	keyring_drop(keyring_keep(k));
	keyring_drop(k);
	files_free(&f);
}

static struct dkim_signer held[4];
static unsigned holds, releases;

/* Somebody else has the key of the first file, and no other. */
static struct dkim_signer *hold(void *owner, str path, struct fail *why)
{
	(void)owner;
	if (str_eq(path, S("./rsa.private")) || str_eq(path, S("./two.test.private")))
		return &held[holds++];
	fail_with(why, FAIL_TEMPORARY, "4.7.0", "nobody holds %.*s", STR(path));
	return NULL;
}

static void release(struct dkim_signer *s)
{
	CHECK(s >= held && s < held + holds);
	releases++;
}

TEST(keyring_signs_with_keys_that_somebody_else_holds)
{
	static const str domains[] = { STR_INIT("two.test") };
	struct keyring_files files = {
		.keytable = {S("keytable"),
			     S("a one.test:r:./rsa.private\neach %:s:./%.private\n")         },
		.signingtable = { S("rows"),    S("one.test a\ntwo.test each\nthree.test each\n")},
		.domains = domains,
		.domain_count = LENGTH(domains),
		.hold = hold,
		.release = release
	};
	struct keyring_match m;
	struct fail why = { 0 };
	struct keyring *k = keyring_new(&files, &why);

	CHECK(k);
	keyring_find(k, S("x@one.test"), true, &m);
	CHECK(m.count == 1 && m.keys[0].signer == &held[0]);
	keyring_find(k, S("x@two.test"), true, &m);
	CHECK(m.count == 1 && m.keys[0].signer == &held[1]);
	keyring_find(k, S("x@three.test"), true, &m);
	CHECK_INT(m.count, 0);
	keyring_drop(k);
	CHECK(holds == 2 && releases == 2);
	files.keytable.text = S("a one.test:r:./rsa.private\nb one.test:s:./gone\n");
	files.signingtable.text = S("one.test a\n");
	CHECK(!keyring_new(&files, &why));
	CHECK_STR(str_of(why.text), S("keytable:2:1: key 'b': nobody holds ./gone"));
	CHECK(holds == 3 && releases == 3);
}

TEST(keyring_knows_our_hosts)
{
	static const struct {
		const char *ip;
		bool listed, by_default;
		unsigned line;
	} cases[] = {
		{"192.168.0.7", true,  false, 2},
		{ "127.0.0.1",  true,  true,  1},
		{ "::1",        true,  true,  1},
		{ "192.0.2.1",  false, false, 0},
	};
	struct files f = { 0 };
	struct fail why = { 0 };
	struct keyring *listed =
		make(&f, S(KEYS), S("one.test rsa\n"), S("localhost\n192.168.0.0/24\n"), &why);
	struct keyring *by_default = make(&f, S(KEYS), S("one.test rsa\n"), S(""), &why);

	CHECK(listed && by_default);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct ip ip;
		unsigned line;

		CHECK(ip_parse(str_of(cases[i].ip), &ip));
		CHECK_INT(keyring_host(listed, &ip, S(""), &line), cases[i].listed);
		CHECK_INT(line, cases[i].line);
		CHECK_INT(keyring_host(by_default, &ip, S(""), &line), cases[i].by_default);
		CHECK_INT(line, 0);
	}
	keyring_drop(listed);
	keyring_drop(by_default);
	files_free(&f);
}

TEST(keyring_says_what_it_cannot_use)
{
	static const struct {
		const char *keys, *rows, *why;
	} cases[] = {
		{"k one.test:s:./gone.private\n", "one.test k\n",
                 "keytable:1:1: key 'k': ./gone.private: no such file"                         },
		{ "k one.test:s:./rsa.private\n", "one.test other\n", "rows:1:"                },
		{ "k one.test:s:QUJD\n",          "one.test k\n",     "keytable:1:1: key 'k': "},
	};
	struct files f = { 0 };

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct fail why = { 0 };

		CHECK(!make(&f, str_of(cases[i].keys), str_of(cases[i].rows), S(""), &why));
		CHECK(str_starts(str_of(why.text), str_of(cases[i].why)));
	}
	files_free(&f);
}

/* The new key's row is the first. */
TEST(keyring_changes_keys_without_a_gap)
{
	static const struct {
		enum keyring_shown new, old, other; /* other: of another kind */
		const char *one, *all;
	} cases[] = {
		{KEYRING_UNKNOWN,  KEYRING_UNKNOWN, KEYRING_UNKNOWN, "o", "oe"},
		{ KEYRING_MISSING, KEYRING_SHOWN,   KEYRING_SHOWN,   "o", "oe"},
		{ KEYRING_UNKNOWN, KEYRING_MISSING, KEYRING_MISSING, "o", "oe"},
		{ KEYRING_SETTLES, KEYRING_SHOWN,   KEYRING_SHOWN,   "o", "oe"},
		{ KEYRING_SETTLES, KEYRING_MISSING, KEYRING_MISSING, "n", "n" },
		{ KEYRING_SETTLES, KEYRING_SETTLES, KEYRING_SETTLES, "o", "oe"},
		{ KEYRING_SHOWN,   KEYRING_SHOWN,   KEYRING_SHOWN,   "n", "ne"},
		{ KEYRING_SHOWN,   KEYRING_RETIRED, KEYRING_UNKNOWN, "n", "ne"},
		{ KEYRING_MISSING, KEYRING_RETIRED, KEYRING_SHOWN,   "e", "e" },
		{ KEYRING_UNKNOWN, KEYRING_RETIRED, KEYRING_SHOWN,   "n", "ne"},
		{ KEYRING_MISSING, KEYRING_MISSING, KEYRING_SHOWN,   "e", "e" },
	};
	struct files f = { 0 };
	struct fail why = { 0 };
	struct keyring *k = make(&f,
		S("new one.test:n:./rsa.private\nold one.test:o:./two.test.private\n"
		  "ed one.test:e:/keys/ed.private\nany %:s:./%.private\n"),
		S("a@one.test new\none.test old\n.test ed\nfour.test any\n"), S(""), &why);

	CHECK(k);
	CHECK_INT(keyring_count(k), 3);
	CHECK_STR(keyring_at(k, 1)->record, S("o._domainkey.one.test"));
	for (size_t c = 0; c < LENGTH(cases); c++)
		for (int all = 0; all < 2; all++) {
			struct keyring_match m;
			char got[4] = "";

			keyring_show(k, 0, cases[c].new);
			keyring_show(k, 1, cases[c].old);
			keyring_show(k, 2, cases[c].other);
			keyring_find(k, S("a@one.test"), all, &m);
			for (size_t i = 0; i < m.count; i++)
				got[i] = m.keys[i].selector.p[0];
			CHECK_STR(str_of(got), str_of(all ? cases[c].all : cases[c].one));
			for (size_t i = 0; i < m.count; i++)
				CHECK(m.keys[i].domain.p == m.rows[i].domain);
		}
	keyring_drop(k);
	files_free(&f);
}
