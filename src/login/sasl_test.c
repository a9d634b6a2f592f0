#include "login/sasl.h"

#include "login/sasl_fake.h"
#include "test/test.h"

/* --- PLAIN and LOGIN -------------------------------------------------------------------------- */

static struct sasl *open_exchange(enum sasl_mechanism m, bool plus_offered)
{
	struct sasl_setup setup = { .mechanism = m, .plus_offered = plus_offered };

	memset(setup.binding.exporter, 'E', sizeof setup.binding.exporter);
	setup.binding.exporter_octets = sizeof setup.binding.exporter;
	memset(setup.binding.end_point, 'P', sizeof setup.binding.end_point);
	setup.binding.end_point_octets = 32;
	memset(setup.nonce, 7, sizeof setup.nonce);
	return sasl_new(&setup);
}

static const struct {
	str message, name, password; /* name "": refused */
} plain[] = {
	{STR_INIT("\0jo@a.test\0secret"),          STR_INIT("jo@a.test"), STR_INIT("secret")},
	{ STR_INIT("Jo@A.test\0jo@a.TEST\0 a b "), STR_INIT("jo@a.test"), STR_INIT(" a b ") },
	{ STR_INIT("\0jo\0p\xc2\xaa\xc2\xa0q"),    STR_INIT("jo"),        STR_INIT("pa q")  },
	{ STR_INIT("other\0jo\0secret"),           STR_INIT(""),          STR_INIT("")      },
	{ STR_INIT("jo\0secret"),                  STR_INIT(""),          STR_INIT("")      },
	{ STR_INIT("\0\0secret"),                  STR_INIT(""),          STR_INIT("")      },
	{ STR_INIT("\0jo\0"),                      STR_INIT(""),          STR_INIT("")      },
	{ STR_INIT("\0jo\0sec\0ret"),              STR_INIT(""),          STR_INIT("")      },
	{ STR_INIT("\0jo\0sec\x01ret"),            STR_INIT(""),          STR_INIT("")      },
	{ STR_INIT("\0jo\0sec\xff"),               STR_INIT(""),          STR_INIT("")      },
	{ STR_INIT("\0j:o\0secret"),               STR_INIT(""),          STR_INIT("")      },
	{ STR_INIT(""),			    STR_INIT(""),          STR_INIT("")      },
};

TEST(sasl_plain_takes_a_name_and_a_password_and_nobody_elses_identity)
{
	for (size_t i = 0; i < LENGTH(plain); i++) {
		struct sasl *x = open_exchange(SASL_PLAIN, false);
		struct sasl_act act = sasl_begin(x, true, plain[i].message);

		if (plain[i].name.n == 0) {
			CHECK_INT(act.kind, SASL_REFUSED);
		} else {
			CHECK_INT(act.kind, SASL_CHECK);
			CHECK_STR(act.name, plain[i].name);
			CHECK_STR(act.password, plain[i].password);
			act = sasl_checked(x, i % 2 == 0);
			CHECK_INT(act.kind, i % 2 == 0 ? SASL_DONE : SASL_REFUSED);
		}
		CHECK_INT(sasl_respond(x, S("")).kind, SASL_REFUSED);
		sasl_free(x);
	}
}

TEST(sasl_asks_for_what_did_not_come_at_once)
{
	struct sasl *x = open_exchange(SASL_LOGIN, false);
	struct sasl_act act = sasl_begin(x, false, S(""));

	CHECK_INT(act.kind, SASL_CHALLENGE);
	CHECK_STR(act.bytes, S("Username:"));
	act = sasl_respond(x, S("jo"));
	CHECK_INT(act.kind, SASL_CHALLENGE);
	CHECK_STR(act.bytes, S("Password:"));
	act = sasl_respond(x, S("secret"));
	CHECK_INT(act.kind, SASL_CHECK);
	CHECK_STR(act.name, S("jo"));
	CHECK_STR(act.password, S("secret"));
	CHECK_INT(sasl_checked(x, true).kind, SASL_DONE);
	sasl_free(x);

	x = open_exchange(SASL_PLAIN, false);
	act = sasl_begin(x, false, S(""));
	CHECK_INT(act.kind, SASL_CHALLENGE);
	CHECK_STR(act.bytes, S(""));
	CHECK_INT(sasl_respond(x, plain[0].message).kind, SASL_CHECK);
	sasl_free(x);
}

/* --- SCRAM ------------------------------------------------------------------------------------ */

static struct scram_secret secret_of(const char *password)
{
	struct scram_secret secret = { .iterations = 4096, .salt_octets = 16 };

	memset(secret.salt, 's', 16);
	scram_secret_derive(&secret, str_of(password));
	return secret;
}

/* Play it to its end.  real: the login exists. */
static bool scram_lets_in(struct sasl_fake *c, struct sasl *x, const char *password, bool real)
{
	struct scram_secret secret = secret_of(password);
	struct buf said = { 0 };
	struct sasl_act act;
	bool in = false;

	sasl_fake_first(c, &said);
	act = sasl_begin(x, true, buf_str(&said));
	if (act.kind == SASL_SECRET) {
		act = sasl_secret(x, &secret, real);
		CHECK_INT(act.kind, SASL_CHALLENGE);
		buf_clear(&said);
		sasl_fake_final(c, act.bytes, &said);
		act = sasl_respond(x, buf_str(&said));
		if (act.kind == SASL_CHALLENGE) {
			CHECK(sasl_fake_trusts(c, act.bytes));
			act = sasl_respond(x, S(""));
			in = act.kind == SASL_DONE;
			CHECK_STR(act.name, S("u,=r"));
		}
	}
	CHECK(in || act.kind == SASL_REFUSED);
	buf_free(&said);
	sasl_fake_free(c);
	sasl_free(x);
	return in;
}

static const struct {
	enum sasl_mechanism m;
	bool plus_offered;
	const char *gs2_header, *binding, *password;
	bool real, in;
} scram[] = {
	{SASL_SCRAM,       false, "n,,",                      "",                                 "secret", true,  true },
	{ SASL_SCRAM,      true,  "n,,",                      "",                                 "secret", true,  true },
	{ SASL_SCRAM,      false, "y,,",                      "",                                 "secret", true,  true },
	{ SASL_SCRAM,      false, "n,a=U=2C=3Dr,",            "",                                 "secret", true,  true },
 /* somebody has taken PLUS out of our offer */
	{ SASL_SCRAM,      true,  "y,,",                      "",                                 "secret", true,  false},
	{ SASL_SCRAM,      false, "n,a=other,",               "",                                 "secret", true,  false},
	{ SASL_SCRAM,      false, "n,,",                      "",                                 "wrong",  true,  false},
	{ SASL_SCRAM,      false, "n,,",                      "",                                 "secret", false, false},
	{ SASL_SCRAM,      true,  "p=tls-exporter,,",         "EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE", "secret", true,
         false													  },
	{ SASL_SCRAM_PLUS, true,  "p=tls-exporter,,",         "EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE", "secret",
         true,												     true },
	{ SASL_SCRAM_PLUS, true,  "p=tls-server-end-point,,", "PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP",
         "secret",											  true,  true },
 /* another channel ends at the client */
	{ SASL_SCRAM_PLUS, true,  "p=tls-exporter,,",         "FEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE", "secret",
         true,												     false},
	{ SASL_SCRAM_PLUS, true,  "p=tls-unique,,",           "E",                                "secret", true,  false},
	{ SASL_SCRAM_PLUS, true,  "n,,",                      "",                                 "secret", true,  false},
	{ SASL_SCRAM_PLUS, true,  "y,,",                      "",                                 "secret", true,  false},
};

TEST(sasl_scram_lets_in_who_knows_the_password_over_his_own_channel)
{
	for (size_t i = 0; i < LENGTH(scram); i++) {
		struct sasl_fake c = { .gs2_header = scram[i].gs2_header,
			.name = "U=2C=3Dr",
			.nonce = "fyko+d2lbbFgONRv9qkxdawL",
			.password = scram[i].password,
			.binding = str_of(scram[i].binding) };

		CHECK(scram_lets_in(&c, open_exchange(scram[i].m, scram[i].plus_offered), "secret",
			      scram[i].real) == scram[i].in);
	}
}

TEST(sasl_scram_refuses_messages_that_are_none)
{
	static const char *const firsts[] = { "", "n", "n,", "n,,", "n,,n=", "n,,n=u",
		"n,,n=u,r=", "n,,r=x,n=u", "x,,n=u,r=x", "n,b=u,n=u,r=x", "p,,n=u,r=x",
		"p=,,n=u,r=x", "n,,m=x,n=u,r=x", "n,,n=u=2c,r=x", "n,,n=u=,r=x", "n,,n=u,r=x y" };
	static const char *const finals[] = { "", "c=biws", "c=biws,r=other,p=x",
		"c=biws,r=xBwcHBwcHBwcHBwcHBwcHBwcHBwcH", "p=x", "c=biws,p=x", "r=x,c=biws,p=x" };
	struct scram_secret secret = secret_of("secret");

	for (size_t i = 0; i < LENGTH(firsts); i++) {
		struct sasl *x = open_exchange(SASL_SCRAM, false);

		CHECK_INT(sasl_begin(x, true, str_of(firsts[i])).kind, SASL_REFUSED);
		sasl_free(x);
	}
	for (size_t i = 0; i < LENGTH(finals); i++) {
		struct sasl *x = open_exchange(SASL_SCRAM, false);

		CHECK_INT(sasl_begin(x, true, S("n,,n=u,r=x")).kind, SASL_SECRET);
		CHECK_INT(sasl_secret(x, &secret, true).kind, SASL_CHALLENGE);
		CHECK_INT(sasl_respond(x, str_of(finals[i])).kind, SASL_REFUSED);
		sasl_free(x);
	}
}

/* RFC 7677 section 3: its numbers, by its own example. */
TEST(scram_agrees_with_the_example_of_rfc_7677)
{
	static const char first_bare[] = "n=user,r=rOprNGfwEbeRWgbNEkqO";
	static const char server_first[] = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
					   "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
	static const char final[] = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
				    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
	static const unsigned char salt[16] = { 0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e,
		0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81 };
	struct scram_secret secret = { .iterations = 4096, .salt_octets = sizeof salt };
	unsigned char signature[SCRAM_KEY_OCTETS];
	struct scram_final parsed;
	struct buf said = { 0 }, text = { 0 };

	memcpy(secret.salt, salt, sizeof salt);
	scram_secret_derive(&secret, S("pencil"));
	CHECK(scram_final_parse(str_of(final), &parsed));
	buf_putf(&said, "%s,%s,%.*s", first_bare, server_first, STR(parsed.without_proof));
	CHECK(scram_proof_matches(&secret, buf_str(&said), parsed.proof, signature));
	CHECK_INT(signature[0], 0xea); /* v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4= */
	CHECK_INT(signature[1], 0xba);
	CHECK_INT(signature[31], 0x6e);
	CHECK(scram_secret_matches(&secret, S("pencil")));
	CHECK(!scram_secret_matches(&secret, S("pencil ")));
	scram_secret_print(&secret, &text);
	CHECK(scram_secret_parse(buf_str(&text), &secret, NULL));
	CHECK(scram_secret_matches(&secret, S("pencil")));
	buf_free(&text);
	buf_free(&said);
}
