#include "login/sasl_client.h"

#include "base/base64.h"
#include "test/test.h"

static const struct sasl_binding nothing;
static const struct sasl_binding both = {
	.exporter = {1,  2},
          .exporter_octets = 32, .end_point = { 3, 4},
          .end_point_octets = 48
};
static const struct sasl_binding certificate = {
	.end_point = {3, 4},
          .end_point_octets = 48
};

static struct sasl_client *open_bound(
	enum sasl_mechanism m, const char *password, const struct sasl_binding *binding)
{
	struct sasl_client_setup setup = {
		.mechanism = m, .binding = *binding, .name = S("j,o="), .nonce = {9, 8, 7}
	};

	setup.password = str_of(password);
	return sasl_client_new(&setup);
}

static struct sasl_client *open_client(enum sasl_mechanism m, const char *password)
{
	return open_bound(m, password, &nothing);
}

TEST(sasl_client_takes_the_strongest_that_is_offered)
{
	static const char all[] = "PLAIN login SCRAM-SHA-256 SCRAM-SHA-256-PLUS GSSAPI";

	CHECK_INT(sasl_client_choose(str_of(all), &nothing), SASL_SCRAM);
	CHECK_INT(sasl_client_choose(str_of(all), &both), SASL_SCRAM_PLUS);
	CHECK_INT(sasl_client_choose(str_of(all), &certificate), SASL_SCRAM_PLUS);
	CHECK_INT(sasl_client_choose(S("SCRAM-SHA-256 PLAIN"), &both), SASL_SCRAM);
	CHECK_INT(sasl_client_choose(S("XOAUTH2 LOGIN plain"), &both), SASL_PLAIN);
	CHECK_INT(sasl_client_choose(S("LOGIN"), &nothing), SASL_LOGIN);
	CHECK_INT(sasl_client_choose(S("SCRAM-SHA-256-PLUS CRAM-MD5"), &nothing), 0);
	CHECK_INT(sasl_client_choose(S(""), &both), 0);
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

/* Is the exchange believed over these two ends of a channel? */
static bool bound(enum sasl_mechanism m, bool plus_offered, const struct sasl_binding *ours,
	const struct sasl_binding *theirs)
{
	struct sasl_setup setup = {
		.mechanism = m, .plus_offered = plus_offered, .binding = *theirs, .nonce = { 1 }
	};
	struct scram_secret secret = { .iterations = 4096, .salt = { 5 }, .salt_octets = 1 };
	struct sasl *s = sasl_new(&setup);
	struct sasl_client *x = open_bound(m, "right", ours);
	struct sasl_client_act act = sasl_client_begin(x);
	struct sasl_act said;

	if (act.kind == SASL_CLIENT_SAY) {
		said = sasl_begin(s, true, act.bytes);
		scram_secret_derive(&secret, S("right"));
		if (said.kind == SASL_SECRET)
			said = sasl_secret(s, &secret, true);
		if (said.kind == SASL_CHALLENGE)
			said = sasl_respond(s, sasl_client_respond(x, said.bytes).bytes);
		if (said.kind == SASL_CHALLENGE)
			act = sasl_client_respond(x, said.bytes);
	}
	sasl_client_free(x);
	sasl_free(s);
	return act.kind == SASL_CLIENT_LAST;
}

TEST(sasl_client_is_bound_to_its_channel)
{
	struct sasl_binding other = both, end = certificate;

	CHECK(bound(SASL_SCRAM_PLUS, true, &both, &both));
	CHECK(bound(SASL_SCRAM_PLUS, true, &certificate, &both));
	CHECK(!bound(SASL_SCRAM_PLUS, true, &nothing, &both));
	other.exporter[0]++; /* somebody stands between, with a channel to each */
	CHECK(!bound(SASL_SCRAM_PLUS, true, &both, &other));
	CHECK(bound(SASL_SCRAM_PLUS, true, &certificate, &other));
	end.end_point[47]++;
	CHECK(!bound(SASL_SCRAM_PLUS, true, &certificate, &end));
	/* he has taken PLUS out of the offer */
	CHECK(!bound(SASL_SCRAM, true, &both, &both));
	CHECK(bound(SASL_SCRAM, false, &both, &both));
	CHECK(bound(SASL_SCRAM, true, &nothing, &both)); /* who cannot bind */
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
