#include "sender/dkim_secret.h"

#include <assert.h>

#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "base/mem.h"
#include "sender/dkim_key.h"

struct dkim_secret {
	EVP_PKEY *pkey;
	struct dkim_signer signer;
};

static bool sign_rsa(void *owner, const uint8_t digest[DKIM_FIELD_DIGEST],
	uint8_t signature[DKIM_FIELD_SIGNATURE_MAX], size_t *n, struct fail *why)
{
	struct dkim_secret *k = owner;
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k->pkey, NULL);
	bool ok;

	*n = DKIM_FIELD_SIGNATURE_MAX;
	ok = c && EVP_PKEY_sign_init(c) == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
	     EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1 &&
	     EVP_PKEY_sign(c, signature, n, digest, DKIM_FIELD_DIGEST) == 1;
	EVP_PKEY_CTX_free(c);
	return ok || fail_with(why, FAIL_TEMPORARY, "4.7.5", "the RSA key does not sign");
}

static bool sign_ed25519(void *owner, const uint8_t digest[DKIM_FIELD_DIGEST],
	uint8_t signature[DKIM_FIELD_SIGNATURE_MAX], size_t *n, struct fail *why)
{
	struct dkim_secret *k = owner;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok;

	*n = DKIM_FIELD_SIGNATURE_MAX;
	ok = c && EVP_DigestSignInit(c, NULL, NULL, NULL, k->pkey) == 1 &&
	     EVP_DigestSign(c, signature, n, digest, DKIM_FIELD_DIGEST) == 1;
	EVP_MD_CTX_free(c);
	return ok || fail_with(why, FAIL_TEMPORARY, "4.7.5", "the Ed25519 key does not sign");
}

/* Takes pkey over. */
static struct dkim_secret *own(EVP_PKEY *pkey, struct fail *why)
{
	int id = EVP_PKEY_get_base_id(pkey), bits = EVP_PKEY_get_bits(pkey);
	struct dkim_secret *k;

	if (id != EVP_PKEY_ED25519 &&
		(id != EVP_PKEY_RSA || bits < DKIM_KEY_BITS_MIN || bits > DKIM_KEY_BITS_MAX)) {
		fail_with(why, FAIL_PERMANENT, "5.7.5", "not RSA of %d to %d bits, and not Ed25519",
			DKIM_KEY_BITS_MIN, DKIM_KEY_BITS_MAX);
		EVP_PKEY_free(pkey);
		return NULL;
	}
	k = MEM_NEW(struct dkim_secret);
	k->pkey = pkey;
	k->signer = (struct dkim_signer){
		.algorithm = id == EVP_PKEY_RSA ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256,
		.owner = k,
		.sign = id == EVP_PKEY_RSA ? sign_rsa : sign_ed25519,
	};
	return k;
}

/* Null: it is none.  form: "PEM" or "DER". */
static EVP_PKEY *decode(const char *form, str text)
{
	const unsigned char *p = (const unsigned char *)text.p;
	EVP_PKEY *pkey = NULL;
	OSSL_DECODER_CTX *c;
	size_t n = text.n;
	bool ok;

	c = OSSL_DECODER_CTX_new_for_pkey(&pkey, form, NULL, NULL, EVP_PKEY_KEYPAIR, NULL, NULL);
	ok = c && OSSL_DECODER_CTX_set_passphrase(c, (const unsigned char *)"", 0) == 1 &&
	     OSSL_DECODER_from_data(c, &p, &n) == 1;
	OSSL_DECODER_CTX_free(c);
	if (ok)
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}

struct dkim_secret *dkim_secret_read(str text, struct fail *why)
{
	struct buf der = { .limit_octets = DKIM_SECRET_OCTETS_MAX };
	EVP_PKEY *pkey = NULL;

	if (text.n == 0 || text.n > DKIM_SECRET_OCTETS_MAX) {
		fail_with(why, FAIL_PERMANENT, "5.7.5", "no private key");
		return NULL;
	}
	if (str_find_str(text, S("-----BEGIN")) < text.n)
		pkey = decode("PEM", text);
	else if (dkim_field_base64(text, &der))
		pkey = decode("DER", buf_str(&der));
	OPENSSL_cleanse(der.p, der.size);
	buf_free(&der);
	if (pkey)
		return own(pkey, why);
	fail_with(why, FAIL_PERMANENT, "5.7.5",
		"no private key in PEM or base64, or one with a passphrase");
	return NULL;
}

struct dkim_secret *dkim_secret_make(enum dkim_algorithm algorithm, unsigned bits, struct fail *why)
{
	EVP_PKEY *pkey = NULL;

	if (algorithm == DKIM_RSA_SHA256 && bits >= DKIM_KEY_BITS_MIN && bits <= DKIM_KEY_BITS_MAX)
		pkey = EVP_RSA_gen(bits);
	else if (algorithm == DKIM_ED25519_SHA256)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (pkey)
		return own(pkey, why);
	fail_with(why, FAIL_PERMANENT, "5.7.5", "no key of %u bits can be made (%d to %d)", bits,
		DKIM_KEY_BITS_MIN, DKIM_KEY_BITS_MAX);
	return NULL;
}

void dkim_secret_free(struct dkim_secret *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pkey);
	mem_free(k);
}

const struct dkim_signer *dkim_secret_signer(const struct dkim_secret *k)
{
	return &k->signer;
}

void dkim_secret_print(const struct dkim_secret *k, struct buf *pem)
{
	OSSL_ENCODER_CTX *c = OSSL_ENCODER_CTX_new_for_pkey(
		k->pkey, EVP_PKEY_KEYPAIR, "PEM", "PrivateKeyInfo", NULL);
	unsigned char *text = NULL;
	size_t n = 0;
	int ok = OSSL_ENCODER_to_data(c, &text, &n);

	assert(ok == 1);
	buf_put(pem, str_from(text, n));
	OPENSSL_clear_free(text, n);
	OSSL_ENCODER_CTX_free(c);
}

void dkim_secret_public(const struct dkim_secret *k, struct buf *base64)
{
	unsigned char octets[DKIM_KEY_RECORD_MAX], *p = octets;
	size_t n = sizeof octets;
	bool ok;

	if (k->signer.algorithm == DKIM_RSA_SHA256) {
		int der = i2d_PUBKEY(k->pkey, NULL);

		assert(der > 0 && (size_t)der <= sizeof octets);
		n = (size_t)i2d_PUBKEY(k->pkey, &p);
	} else {
		int got = EVP_PKEY_get_raw_public_key(k->pkey, octets, &n);

		assert(got == 1);
	}
	ok = base64_encode(str_from(octets, n), base64);
	assert(ok);
}
