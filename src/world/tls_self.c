#include "world/tls_self.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/hex.h"
#include "world/tls_inside.h"

#define BACKDATED_S 3600 /* clocks differ */

static bool add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;
	bool added;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	added = extension && X509_add_ext(x, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return added;
}

static bool add_names(X509 *x, const str *names, size_t count)
{
	X509_NAME *subject = X509_get_subject_name(x);
	struct buf all = { 0 };
	bool added;

	for (size_t i = 0; i < count; i++)
		buf_putf(&all, "%sDNS:%.*s", i > 0 ? "," : "", STR(names[i]));
	buf_put_char(&all, '\0');
	added = X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
			(const unsigned char *)names[0].p, (int)names[0].n, -1, 0) == 1 &&
		X509_set_issuer_name(x, subject) == 1 &&
		add_extension(x, NID_subject_alt_name, buf_str(&all).p);
	buf_free(&all);
	return added;
}

static bool add_number(X509 *x)
{
	BIGNUM *number = BN_new();
	bool added = number && BN_rand(number, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
		     BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));

	BN_free(number);
	return added;
}

static bool fill(X509 *x, EVP_PKEY *key, const str *names, size_t count)
{
	return X509_set_version(x, X509_VERSION_3) == 1 && add_number(x) &&
	       X509_gmtime_adj(X509_getm_notBefore(x), -BACKDATED_S) &&
	       X509_time_adj_ex(X509_getm_notAfter(x), TLS_SELF_DAYS, 0, NULL) &&
	       X509_set_pubkey(x, key) == 1 && add_names(x, names, count) &&
	       add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(x, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(x, NID_ext_key_usage, "serverAuth,clientAuth") &&
	       X509_sign(x, key, EVP_sha256()) > 0;
}

static void take(BIO *from, struct buf *to)
{
	char *p = NULL;
	long n = BIO_get_mem_data(from, &p);

	buf_put(to, str_from(p, n > 0 ? (size_t)n : 0));
	BIO_free(from);
}

static void write_pem(struct tls_self *to, X509 *x, EVP_PKEY *key)
{
	BIO *certificate = BIO_new(BIO_s_mem()), *secret = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(certificate, x);
	PEM_write_bio_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL);
	take(certificate, &to->certificate);
	take(secret, &to->key);
}

static void print_digests(struct tls_self *to, X509 *x)
{
	unsigned char digest[TLS_DIGEST_OCTETS], of_key[TLS_DIGEST_OCTETS];

	X509_digest(x, EVP_sha256(), digest, NULL);
	ASN1_item_digest(
		ASN1_ITEM_rptr(X509_PUBKEY), EVP_sha256(), X509_get_X509_PUBKEY(x), of_key, NULL);
	hex_print(digest, sizeof digest, to->digest);
	hex_print(of_key, sizeof of_key, to->key_digest);
}

bool tls_self_make(struct tls_self *to, const str *names, size_t count, struct fail *why)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	bool made = key && x && fill(x, key, names, count);
	char words[96];

	*to = (struct tls_self){ 0 };
	if (made) {
		write_pem(to, x, key);
		print_digests(to, x);
	} else {
		fail_with(why, FAIL_TEMPORARY, "4.7.5", "cannot make a certificate: %s",
			tls_words(words, sizeof words));
	}
	X509_free(x);
	EVP_PKEY_free(key);
	return made;
}

void tls_self_free(struct tls_self *s)
{
	str key = buf_str(&s->key);

	if (key.n > 0)
		OPENSSL_cleanse((char *)key.p, key.n);
	buf_free(&s->certificate);
	buf_free(&s->key);
}
