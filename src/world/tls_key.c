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
