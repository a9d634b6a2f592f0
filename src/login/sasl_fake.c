#include "login/sasl_fake.h"

#include <assert.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"
#include "base/number.h"

static void put_base64(str s, struct buf *to)
{
	assert(base64_encode(s, to));
}

void sasl_fake_first(struct sasl_fake *c, struct buf *to)
{
	buf_putf(&c->bare, "n=%s,r=%s", c->name, c->nonce);
	buf_putf(to, "%s%.*s", c->gs2_header, STR(buf_str(&c->bare)));
}

static void hmac(const void *key, size_t key_n, str data, unsigned char to[SCRAM_KEY_OCTETS])
{
	assert(HMAC(
		EVP_sha256(), key, (int)key_n, (const unsigned char *)data.p, data.n, to, NULL));
}

/* The proof, computed another way than the server checks it: from the password. */
static void prove(struct sasl_fake *c, unsigned char proof[SCRAM_KEY_OCTETS])
{
	unsigned char salted[SCRAM_KEY_OCTETS], key[SCRAM_KEY_OCTETS], stored[SCRAM_KEY_OCTETS];

	assert(PKCS5_PBKDF2_HMAC(c->password, -1, c->secret.salt, (int)c->secret.salt_octets,
		(int)c->secret.iterations, EVP_sha256(), SCRAM_KEY_OCTETS, salted));
	hmac(salted, sizeof salted, S("Client Key"), key);
	assert(EVP_Digest(key, sizeof key, stored, NULL, EVP_sha256(), NULL));
	hmac(stored, sizeof stored, buf_str(&c->auth_message), proof);
	for (size_t i = 0; i < SCRAM_KEY_OCTETS; i++)
		proof[i] ^= key[i];
	hmac(salted, sizeof salted, S("Server Key"), c->secret.server_key);
}

void sasl_fake_final(struct sasl_fake *c, str server_first, struct buf *to)
{
	unsigned char proof[SCRAM_KEY_OCTETS];
	struct buf salt = { 0 }, bound = { 0 }, without = { 0 };
	str rest = server_first, nonce, text;
	uint64_t iterations;

	str_cut(&rest, ',', &nonce);
	str_cut(&rest, ',', &text);
	assert(str_starts(nonce, S("r=")) && str_starts(text, S("s=")) &&
		str_starts(rest, S("i=")));
	assert(base64_decode(str_skip(text, 2), &salt));
	assert(number_parse(str_skip(rest, 2), SCRAM_ITERATIONS_MAX, &iterations));
	c->secret.iterations = (unsigned)iterations;
	c->secret.salt_octets = buf_str(&salt).n;
	memcpy(c->secret.salt, buf_str(&salt).p, buf_str(&salt).n);
	buf_put(&bound, str_of(c->gs2_header));
	buf_put(&bound, c->binding);
	buf_put(&without, S("c="));
	put_base64(buf_str(&bound), &without);
	buf_putf(&without, ",%.*s", STR(nonce));
	buf_putf(&c->auth_message, "%.*s,%.*s,%.*s", STR(buf_str(&c->bare)), STR(server_first),
		STR(buf_str(&without)));
	prove(c, proof);
	buf_putf(to, "%.*s,p=", STR(buf_str(&without)));
	put_base64(str_from(proof, sizeof proof), to);
	buf_free(&salt);
	buf_free(&bound);
	buf_free(&without);
}

bool sasl_fake_trusts(const struct sasl_fake *c, str server_final)
{
	unsigned char signature[SCRAM_KEY_OCTETS];
	struct buf want = { 0 };
	bool same;

	hmac(c->secret.server_key, SCRAM_KEY_OCTETS, buf_str(&c->auth_message), signature);
	buf_put(&want, S("v="));
	put_base64(str_from(signature, sizeof signature), &want);
	same = str_eq(buf_str(&want), server_final);
	buf_free(&want);
	return same;
}

void sasl_fake_free(struct sasl_fake *c)
{
	buf_free(&c->bare);
	buf_free(&c->auth_message);
}
