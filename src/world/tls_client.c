#include "world/tls_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "world/file.h"
#include "world/tls_inside.h"
#include "world/tls_key.h"

static unsigned add_authorities(X509_STORE *store, BIO *from)
{
	unsigned count = 0;
	X509 *x;

	while ((x = PEM_read_bio_X509_AUX(from, NULL, tls_key_no_password, NULL))) {
		count += X509_STORE_add_cert(store, x) == 1;
		X509_free(x);
	}
	return count;
}

static bool trust(SSL_CTX *c, const char *path, struct fail *why)
{
	unsigned count = 0;
	struct arena a;
	bool read;
	BIO *from;
	str text;

	arena_init(&a, ARENA_UNLIMITED);
	read = file_read(&a, str_of(path), &text, why);
	if (read) {
		from = BIO_new_mem_buf(text.p, (int)text.n);
		count = add_authorities(SSL_CTX_get_cert_store(c), from);
		BIO_free(from);
		ERR_clear_error(); /* the end of the file */
	}
	arena_free(&a);
	if (read && count == 0)
		fail_with(why, FAIL_TEMPORARY, "4.7.5", "%s: no certificate of an authority", path);
	return count > 0;
}

size_t tls_client_authority_count(const struct tls_context *client)
{
	SSL_CTX *c = tls_context_ssl((struct tls_context *)(uintptr_t)client);
	STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(c));

	return (size_t)sk_X509_OBJECT_num(all);
}

const char *tls_client_authorities(void)
{
	static const char *const places[] = { "/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem" };
	const char *said = getenv(X509_get_default_cert_file_env());

	if (said)
		return said;
	for (size_t i = 0; i < LENGTH(places); i++)
		if (file_exists(str_of(places[i])))
			return places[i];
	return X509_get_default_cert_file();
}

struct tls_context *tls_client_new(const struct tls_client *client, struct fail *why)
{
	SSL_CTX *c = tls_context_new(TLS_client_method(), why);

	if (!c)
		return NULL;
	/* Old keys and signatures are better than clear text, which is what a failure would mean.
	 * The chain is looked at nevertheless, for tls_facts. */
	SSL_CTX_set_security_level(c, 1);
	SSL_CTX_set_verify(c, SSL_VERIFY_NONE, NULL);
	if (!client->trust) /* a system without them trusts nobody */
		(void)!trust(c, tls_client_authorities(), NULL);
	if ((!client->trust || trust(c, client->trust, why)) &&
		(!client->certificate ||
			tls_key_use_pair(c, client->certificate, client->key, why)))
		return tls_context_of(c);
	SSL_CTX_free(c);
	return NULL;
}
