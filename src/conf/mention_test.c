#include "test/test.h"

#include "conf/mention.h"

TEST(conf_mention_finds_files_that_words_name)
{
	struct conf_source source = { .name = S("a.conf"),
		.text = S("hostname a.test\npostmaster p@a.test\n"
			  "domain a.test { aliases tables/a; transports /srv/sympa.transport }\n"
			  "mailbox p@a.test { maildir /var/mail }\n") };
	struct fail why;
	struct conf *c = conf_build(S("/etc/facteur"), &source, 1, &why);

	CHECK(c);
	CHECK(conf_mention_file(c, S("/etc/facteur/tables/a")));
	CHECK(conf_mention_file(c, S("/srv/sympa.transport")));
	CHECK(!conf_mention_file(c, S("tables/a")));
	CHECK(!conf_mention_file(c, S("/etc/shadow")));
	CHECK(!conf_mention_file(c, S("/etc/facteur/aliases"))); /* a word, but not a value */
	CHECK(!conf_mention_file(c, S("")));
	conf_drop(c);
}

TEST(conf_mention_tells_certificates_and_keys_from_other_files)
{
	struct conf_source source = { .name = S("a.conf"),
		.text = S(
			"hostname a.test\n"
			"tls { certificate c; key k }\n"
			"tls b.test { certificate /b/c; key /b/k }\n"
			"listen x { on *:25; certificate x.c; key x.k }\n"
			"transport t { smtp; tls verify; trust ca; certificate t.c; key t.k; login "
			"cr }\n"
			"relay-for-authority ra\n"
			"domain a.test { aliases a }\n"
			"login { passwd-file p }\n"
			"srs { secrets s }\n") };
	static const struct {
		const char *path;
		enum conf_mention as;
	} cases[] = {
		{"/etc/facteur/c",    CONF_MENTION_CERTIFICATE},
		{ "/b/c",             CONF_MENTION_CERTIFICATE},
		{ "/etc/facteur/x.c", CONF_MENTION_CERTIFICATE},
		{ "/etc/facteur/k",   CONF_MENTION_SECRET     },
		{ "/b/k",             CONF_MENTION_SECRET     },
		{ "/etc/facteur/x.k", CONF_MENTION_SECRET     },
		{ "/etc/facteur/ca",  CONF_MENTION_CERTIFICATE},
		{ "/etc/facteur/t.c", CONF_MENTION_CERTIFICATE},
		{ "/etc/facteur/t.k", CONF_MENTION_SECRET     },
		{ "/etc/facteur/cr",  CONF_MENTION_SECRET     },
		{ "/etc/facteur/ra",  CONF_MENTION_CERTIFICATE},
		{ "/etc/facteur/p",   CONF_MENTION_SECRET     },
		{ "/etc/facteur/s",   CONF_MENTION_SECRET     },
		{ "/etc/facteur/a",   CONF_MENTION_FILE       },
		{ "/etc/facteur/b",   CONF_MENTION_NONE       },
		{ "",                 CONF_MENTION_NONE       },
	};
	struct fail why;
	struct conf *c = conf_build(S("/etc/facteur"), &source, 1, &why);

	CHECK(c);
	for (size_t i = 0; i < LENGTH(cases); i++)
		CHECK(conf_mention_file(c, str_of(cases[i].path)) == cases[i].as);
	CHECK_STR(conf_mention_secret(c, 0), S("/etc/facteur/k"));
	CHECK_STR(conf_mention_secret(c, 1), S("/b/k"));
	CHECK_STR(conf_mention_secret(c, 2), S("/etc/facteur/x.k"));
	CHECK_STR(conf_mention_secret(c, 3), S("/etc/facteur/t.k"));
	CHECK_STR(conf_mention_secret(c, 4), S("/etc/facteur/cr"));
	CHECK_STR(conf_mention_secret(c, 5), S("/etc/facteur/p"));
	CHECK_STR(conf_mention_secret(c, 6), S("/etc/facteur/s"));
	CHECK_STR(conf_mention_secret(c, 7), S(""));
	conf_drop(c);
}
