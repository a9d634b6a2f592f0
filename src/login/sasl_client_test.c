#include "login/sasl_client.h"

#include "base/base64.h"
#include "test/test.h"

static struct sasl_client *open_client(enum sasl_mechanism m, const char *password)
{
	struct sasl_client_setup setup = {
		.mechanism = m, .name = S("j,o="), .nonce = {9, 8, 7}
	};

	setup.password = str_of(password);
	return sasl_client_new(&setup);
}

TEST(sasl_client_takes_the_strongest_that_is_offered)
{
	CHECK_INT(sasl_client_choose(S("PLAIN login SCRAM-SHA-256 GSSAPI")), SASL_SCRAM);
	CHECK_INT(sasl_client_choose(S("XOAUTH2 LOGIN plain")), SASL_PLAIN);
	CHECK_INT(sasl_client_choose(S("LOGIN")), SASL_LOGIN);
	CHECK_INT(sasl_client_choose(S("SCRAM-SHA-256-PLUS CRAM-MD5")), 0);
	CHECK_INT(sasl_client_choose(S("")), 0);
}

TEST(sasl_client_says_plain_and_login)
{
	struct sasl_client *x = open_client(SASL_PLAIN, "a b");
	struct sasl_client_act act = sasl_client_begin(x);

	CHECK_INT(act.kind, SASL_CLIENT_LAST);
	CHECK_STR(act.bytes, S("\0j,o=\0a b"));
	CHECK_INT(sasl_client_respond(x, S("")).kind, SASL_CLIENT_REFUSED);
	sasl_client_free(x);

	x = open_client(SASL_LOGIN, "a b");
	CHECK_INT(sasl_client_begin(x).kind, SASL_CLIENT_SILENT);
	act = sasl_client_respond(x, S("Username:"));
	CHECK_INT(act.kind, SASL_CLIENT_SAY);
	CHECK_STR(act.bytes, S("j,o="));
	act = sasl_client_respond(x, S("Password:"));
	CHECK_INT(act.kind, SASL_CLIENT_LAST);
	CHECK_STR(act.bytes, S("a b"));
	CHECK_INT(sasl_client_respond(x, S("More:")).kind, SASL_CLIENT_REFUSED);
	sasl_client_free(x);
}

/* RFC 7677 section 3. */
TEST(sasl_client_proves_as_the_rfc_does)
{
	static const char said[] = "n=user,r=rOprNGfwEbeRWgbNEkqO,"
				   "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
				   "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
				   "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
	unsigned char proof[SCRAM_KEY_OCTETS], signature[SCRAM_KEY_OCTETS];
	struct scram_challenge c;
	struct buf text = { 0 };

	CHECK(scram_challenge_parse(S("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
				      "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
		&c));
	scram_prove(&c.secret, S("pencil"), str_of(said), proof, signature);
	CHECK(base64_encode(str_from(proof, sizeof proof), &text));
	CHECK_STR(buf_str(&text), S("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
	buf_clear(&text);
	CHECK(base64_encode(str_from(signature, sizeof signature), &text));
	CHECK_STR(buf_str(&text), S("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
	buf_free(&text);
}

/* Our client before our server, who knows one password.  Who believes whom? */
static void meet(const char *password, bool *server_does, bool *client_does)
{
	struct sasl_setup setup = { .mechanism = SASL_SCRAM, .nonce = { 1 } };
	struct scram_secret secret = { .iterations = 4096, .salt = { 5 }, .salt_octets = 1 };
	struct sasl *s = sasl_new(&setup);
	struct sasl_client *x = open_client(SASL_SCRAM, password);
	struct sasl_client_act act = sasl_client_begin(x);
	struct sasl_act said = sasl_begin(s, true, act.bytes);

	CHECK_INT(said.kind, SASL_SECRET);
	CHECK_STR(said.name, S("j,o="));
	scram_secret_derive(&secret, S("right"));
	said = sasl_secret(s, &secret, true);
	act = sasl_client_respond(x, said.bytes);
	CHECK_INT(act.kind, SASL_CLIENT_SAY);
	said = sasl_respond(s, act.bytes);
	*server_does = said.kind == SASL_CHALLENGE;
	act = sasl_client_respond(x, *server_does ? said.bytes : S("v=AAAA"));
	*client_does = act.kind == SASL_CLIENT_LAST;
	if (*client_does) {
		CHECK_STR(act.bytes, S(""));
		CHECK_INT(sasl_respond(s, act.bytes).kind, SASL_DONE);
	}
	sasl_client_free(x);
	sasl_free(s);
}

TEST(sasl_client_and_server_know_each_other)
{
	bool server_does, client_does;

	meet("right", &server_does, &client_does);
	CHECK(server_does && client_does);
	meet("wrong", &server_does, &client_does);
	CHECK(!server_does && !client_does);
}

TEST(sasl_client_refuses_what_a_server_must_not_say)
{
	static const char *const bad[] = {
		"",
		"r=other,s=BQ==,i=4096",
		"r=CQgHAAAAAAAAAAAAAAAAAAAA,s=BQ==,i=4096",
		"r=CQgHAAAAAAAAAAAAAAAAAAAAx,s=BQ==,i=4095",
		"r=CQgHAAAAAAAAAAAAAAAAAAAAx,s=BQ==,i=1000001",
		"r=CQgHAAAAAAAAAAAAAAAAAAAAx,s=,i=4096",
		"m=x,r=CQgHAAAAAAAAAAAAAAAAAAAAx,s=BQ==,i=4096",
		"r=CQgHAAAAAAAAAAAAAAAAAAAAx,s=BQ==",
	};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct sasl_client *x = open_client(SASL_SCRAM, "right");

		CHECK_INT(sasl_client_begin(x).kind, SASL_CLIENT_SAY);
		CHECK_INT(sasl_client_respond(x, str_of(bad[i])).kind, SASL_CLIENT_REFUSED);
		CHECK_INT(sasl_client_respond(x, S("")).kind, SASL_CLIENT_REFUSED);
		sasl_client_free(x);
	}
	for (unsigned iterations = 4096; iterations <= 8192; iterations *= 2) {
		struct sasl_client *x = open_client(SASL_SCRAM, "right");
		struct buf good = { 0 };

		CHECK_INT(sasl_client_begin(x).kind, SASL_CLIENT_SAY);
		buf_putf(&good, "r=CQgHAAAAAAAAAAAAAAAAAAAAx,s=BQ==,i=%u,x=more", iterations);
		CHECK_INT(sasl_client_respond(x, buf_str(&good)).kind, SASL_CLIENT_SAY);
		buf_free(&good);
		sasl_client_free(x);
	}
}
