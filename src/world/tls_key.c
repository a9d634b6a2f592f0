#include "world/tls_key.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "world/file.h"
#include "world/tls_vault.h"
#include "world/vault.h"

int tls_key_no_password(char *to, int size, int writes, void *owner)
{
	(void)to;
	(void)size;
	(void)writes;
	(void)owner;
	return -1;
}

/* The certificate, and behind it those that lead to its authority. */
static bool use_certificates(SSL_CTX *c, BIO *from)
{
	X509 *x = PEM_read_bio_X509_AUX(from, NULL, tls_key_no_password, NULL);
	bool used = x && SSL_CTX_use_certificate(c, x) == 1;

	X509_free(x);
	while (used && (x = PEM_read_bio_X509(from, NULL, tls_key_no_password, NULL))) {
		used = SSL_CTX_add0_chain_cert(c, x) == 1;
		if (!used)
			X509_free(x);
	}
	if (used && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
		ERR_clear_error(); /* the end of the file */
	return used && ERR_peek_error() == 0;
}

static bool read_certificates(SSL_CTX *c, const char *path, struct fail *why)
{
	struct arena a;
	char words[96];
	BIO *from;
	str text;
	bool used;

	arena_init(&a, ARENA_UNLIMITED);
	used = file_read(&a, str_of(path), &text, why);
	if (used) {
		from = BIO_new_mem_buf(text.p, (int)text.n);
		used = use_certificates(c, from) ||
		       fail_with(why, FAIL_TEMPORARY, "4.7.5", "%s: no certificate: %s", path,
			       tls_words(words, sizeof words));
		BIO_free(from);
	}
	arena_free(&a);
	return used;
}

static EVP_PKEY *read_key(const char *path, struct fail *why)
{
	EVP_PKEY *key = NULL;
	struct arena a;
	char words[96];
	BIO *from;
	str text;

	arena_init(&a, ARENA_UNLIMITED);
	if (file_read(&a, str_of(path), &text, why)) {
		from = BIO_new_mem_buf(text.p, (int)text.n);
		key = PEM_read_bio_PrivateKey(from, NULL, tls_key_no_password, NULL);
		if (!key)
			fail_with(why, FAIL_TEMPORARY, "4.7.5", "%s: no key without a password: %s",
				path, tls_words(words, sizeof words));
		BIO_free(from);
		OPENSSL_cleanse((char *)text.p, text.n);
	}
	arena_free(&a);
	return key;
}

bool tls_key_use(SSL_CTX *c, const char *path, struct fail *why)
{
	EVP_PKEY *key = vault_is_there() ? tls_vault_key(str_of(path), why) : read_key(path, why);
	char words[96];
	bool used;

	if (!key)
		return false;
	used = SSL_CTX_use_PrivateKey(c, key) == 1 && SSL_CTX_check_private_key(c) == 1;
	EVP_PKEY_free(key);
	return used ||
	       fail_with(why, FAIL_TEMPORARY, "4.7.5", "%s: not the key of the certificate: %s",
		       path, tls_words(words, sizeof words));
}

bool tls_key_use_pair(SSL_CTX *c, const char *certificate, const char *key, struct fail *why)
{
	return read_certificates(c, certificate, why) && tls_key_use(c, key, why);
}
