#include "login/scheme.h"

#include "login/saslprep.h"
#include "test/test.h"

TEST(scheme_reads_what_it_made_and_knows_the_password)
{
	static const char *const names[] = { "SCRAM-SHA-256", "argon2id", "YESCRYPT", "BCRYPT",
		"SHA512-CRYPT" };
	unsigned char random[SCHEME_RANDOM_OCTETS] = "0123456789abcde";

	for (size_t i = 0; i < LENGTH(names); i++) {
		struct buf field = { 0 };
		struct scheme_hash hash;
		struct fail why = { 0 };

		CHECK(scheme_make(str_of(names[i]), S("secret"), random, &field, &why));
		CHECK(scheme_parse(buf_str(&field), &hash, &why));
		CHECK(scheme_matches(&hash, S("secret")));
		CHECK(!scheme_matches(&hash, S("Secret")));
		CHECK(!scheme_matches(&hash, S("")));
		buf_free(&field);
	}
}

/* Of "secret", made by doveadm pw of Dovecot 2.3.19 and by libxcrypt. */
static const char *const foreign[] = {
	"{CRYPT}$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/"
	"cZ/1GM/O6IND4WQhG.",
	"$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a",
	"{CRYPT}$y$j9T$F5Jx5fExrKuPp53xLKQ..1$GmcwIgvdUC9qLWcKCi6gklUa1dM3ziD43YxYNURLKy0",
	"{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$nzx0ta9254S9ZT1ZGbHS1w$"
	"fzMv6ozbpr+BpKkrkeGDgYEvWbc4hmpqI4yQwmMesII",
	"{SCRAM-SHA-256}4096,SCSTz284jZvIvzH5E5DciQ==,yuObEiYpoGKZ9drUqarDOjVtrYW3VrHlTOyvLh50GuE=,"
	"gdOQefHAdakPmYKactB2G4IyrE4WlKjy7TEPiKRjcmE=",
	"{BLF-CRYPT}$2y$05$wBrhCdOd7rgUsw6P6cxR3OD5gteToWTtW5I.hyyK68y3jGgHuyb06",
};

TEST(scheme_knows_the_hashes_of_others)
{
	for (size_t i = 0; i < LENGTH(foreign); i++) {
		struct scheme_hash hash;
		struct fail why = { 0 };

		CHECK(scheme_parse(str_of(foreign[i]), &hash, &why));
		CHECK(scheme_matches(&hash, S("secret")));
		CHECK(!scheme_matches(&hash, S("secret2")));
	}
}

static const struct {
	const char *field, *why; /* why: a part of it */
} refused[] = {
	{"{PLAIN}secret",								  "{PLAIN} is weak"},
	{ "{plain-md5}5ebe2294ecd0e0f08eab7690d2a6ee69",                                   "weak"           },
	{ "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",                                             "weak"           },
	{ "{SSHA512}aGFsbG8=",							     "weak"           },
	{ "{CRAM-MD5}0123",								"weak"           },
	{ "{CRYPT}$1$salt$qJH7.N4xYta3aEG/dfqo/0",                                         "only yescrypt"  },
	{ "{CRYPT}ab1234567890.",							  "only yescrypt"  },
	{ "{BLF-CRYPT}$6$rounds=5000$salt$x",					      "only yescrypt"  },
	{ "{CRYPT}$2b$31$abcdefghijklmnopqrstuv",                                          "too long"       },
	{ "{CRYPT}$6$rounds=999999999$salt$x",                                             "too long"       },
	{ "secret",									"{SCHEME}"       },
	{ "",									      "{SCHEME}"       },
	{ "{CRYPT",									"brace"          },
	{ "{ARGON2ID}$argon2i$v=19$m=65536,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
         "argon2id"											 },
	{ "{ARGON2ID}$argon2id$v=19$m=64,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",      "4 MiB"          },
	{ "{ARGON2ID}$argon2id$v=19$m=4000000,t=3,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
         "too much memory"										  },
	{ "{SCRAM-SHA-256}4096,c2FsdA==,x,y",					      "two keys"       },
	{ "{SCRAM-SHA-256}100,c2FsdA==,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,"
	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",			 "too few"        },
};

TEST(scheme_refuses_what_is_weak_or_would_keep_us_busy)
{
	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct scheme_hash hash;
		struct fail why = { 0 };

		CHECK(!scheme_parse(str_of(refused[i].field), &hash, &why));
		if (!strstr(why.text, refused[i].why))
			print_message("%s: %s\n", refused[i].field, why.text);
		CHECK(strstr(why.text, refused[i].why));
	}
}

static const struct {
	const char *from, *to; /* null: refused */
} prepared[] = {
  /* the examples of RFC 4013 section 3 */
	{"I\xc2\xadX",    "IX"  },
	{ "user",         "user"},
	{ "USER",         "USER"},
	{ "\xc2\xaa",     "a"   },
	{ "\xe2\x85\xa8", "IX"  },
	{ "\x07",         NULL  },
	{ "\xd8\xa7\x31", NULL  },
	{ "\xc2\xad",     NULL  }, /* nothing is left */
	{ "",             NULL  },
	{ "\xc3",         NULL  },
};

TEST(saslprep_agrees_with_the_examples_of_rfc_4013)
{
	for (size_t i = 0; i < LENGTH(prepared); i++) {
		struct buf to = { 0 };
		bool ok = saslprep(str_of(prepared[i].from), false, &to);

		CHECK(ok == (prepared[i].to != NULL));
		if (ok)
			CHECK_STR(buf_str(&to), str_of(prepared[i].to));
		buf_free(&to);
	}
}
