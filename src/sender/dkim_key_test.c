#include "sender/dkim_key.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "test/test.h"

/* The record of a new RSA key. */
static void make_record(unsigned bits, uint64_t exponent, struct buf *record)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	BIGNUM *e = BN_new();
	unsigned char *der = NULL;
	EVP_PKEY *pkey = NULL;
	int n;

	CHECK(BN_set_word(e, exponent) == 1 && EVP_PKEY_keygen_init(c) == 1);
	CHECK(EVP_PKEY_CTX_set_rsa_keygen_bits(c, (int)bits) == 1);
	CHECK(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(c, e) == 1);
	CHECK(EVP_PKEY_keygen(c, &pkey) == 1);
	n = i2d_PUBKEY(pkey, &der);
	CHECK(n > 0);
	buf_clear(record);
	buf_put(record, S("v=DKIM1; p="));
	CHECK(base64_encode(str_from(der, (size_t)n), record));
	OPENSSL_free(der);
	BN_free(e);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(c);
}

/* The time of a verification grows with the exponent, and a stranger chooses it: P8. */
TEST(dkim_key_has_no_exponent_that_makes_us_slow)
{
	static const struct {
		uint64_t exponent;
		enum dkim_verdict wanted;
	} cases[] = {
		{3,             DKIM_PASS  },
		{ 65537,        DKIM_PASS  },
		{ 0xffffffff,   DKIM_PASS  },
		{ 0x1ffffffffu, DKIM_POLICY},
	};
	const struct dkim_field field = { .algorithm = DKIM_RSA_SHA256 };
	struct buf record = { 0 };

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct dkim_key *k;
		const char *why;

		make_record(1024, cases[i].exponent, &record);
		k = dkim_key_new(buf_str(&record));
		CHECK_INT(dkim_key_allows(k, &field, &why), cases[i].wanted);
		if (cases[i].wanted != DKIM_PASS)
			CHECK_STR(str_of(why), S("the key's exponent is too large"));
		dkim_key_free(k);
	}
	buf_free(&record);
}
