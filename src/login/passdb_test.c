#include "login/passdb.h"

#include "base/buf.h"
#include "test/test.h"

#define HASH "$2y$05$wBrhCdOd7rgUsw6P6cxR3OD5gteToWTtW5I.hyyK68y3jGgHuyb06"
#define KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define SCRAM_HASH "{SCRAM-SHA-256}4096,c2FsdA==," KEY "," KEY

TEST(passdb_reads_the_lines_of_dovecot)
{
	static const char text[] =
		"# comment\n\njo:{CRYPT}" HASH "\r\n"
		"Ann@A.test:" HASH ":1000:1000:Ann:/home/ann:/bin/sh:userdb_quota=1G\n"
		"sat:" SCRAM_HASH "::::::";
	struct fail why = { 0 };
	struct passdb *t = passdb_read(S("users"), str_of(text), &why);

	CHECK(t != NULL);
	CHECK_INT(passdb_count(t), 3);
	CHECK(passdb_has_scram(t));
	CHECK_INT(passdb_find(t, S("jo"))->line, 3);
	CHECK_STR(passdb_find(t, S("jo"))->hash.text, S(HASH));
	CHECK_INT(passdb_find(t, S("ann@a.test"))->line, 4);
	CHECK_INT(passdb_find(t, S("sat"))->hash.kind, SCHEME_SCRAM);
	CHECK(!passdb_find(t, S("Ann@A.test")));
	passdb_drop(t);
}

TEST(passdb_names_the_place_of_what_it_refuses)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"jo",					  "users:1:3: behind the name"  },
		{ "#\njo:{PLAIN}x\n",                           "users:2:4: {PLAIN} is weak"  },
		{ ":{CRYPT}" HASH,                              "users:1:1: this cannot be"   },
		{ "jo:" HASH "\nJO:" HASH,
                 "users:2:1: 'jo' is given a second time; the first is at line 1"             },
		{ "jo:" HASH "::::::nologin",                   "nologin: this extra field"   },
		{ "jo:" HASH "::::::x=1 allow_nets=10.0.0.0/8", "allow_nets: this extra field"},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct fail why = { 0 };

		CHECK(!passdb_read(S("users"), str_of(cases[i].text), &why));
		if (!strstr(why.text, cases[i].why))
			print_message("%s\n", why.text);
		CHECK(strstr(why.text, cases[i].why));
	}
}

/* Names that nobody has are spread over the hashes as those that somebody has, and each always
 * gets the same one. */
TEST(passdb_decoys_are_spread_evenly_and_constant)
{
	static const char text[] = "a:" HASH "\nb:" SCRAM_HASH "\nc:" HASH "\nd:" SCRAM_HASH "\n";
	struct passdb *t = passdb_read(S("users"), str_of(text), NULL);
	unsigned count[5] = { 0 };

	for (unsigned i = 0; i < 4000; i++) {
		struct buf name = { 0 };
		const struct passdb_entry *e;

		buf_putf(&name, "nobody%u@a.test", i);
		e = passdb_decoy(t, buf_str(&name), false, 42);
		CHECK(e == passdb_decoy(t, buf_str(&name), false, 42));
		count[e->line]++;
		e = passdb_decoy(t, buf_str(&name), true, 42);
		CHECK_INT(e->hash.kind, SCHEME_SCRAM);
		buf_free(&name);
	}
	for (unsigned i = 1; i <= 4; i++)
		CHECK(count[i] > 850 && count[i] < 1150);
	passdb_drop(t);
	t = passdb_read(S("users"), S(""), NULL);
	CHECK(!passdb_decoy(t, S("x"), false, 1));
	passdb_drop(t);
}
