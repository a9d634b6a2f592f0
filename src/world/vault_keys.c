#include "world/vault_keys.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/base64.h"
#include "base/list.h"
#include "base/mem.h"
#include "world/file.h"

struct key {
	struct list link; /* the one that was used last comes first */
	unsigned char name[VAULT_NAME_OCTETS];
	EVP_PKEY *pair;
};

struct vault_keys {
	struct list all;
	size_t count;
};

static bool failed(struct fail *why, str path)
{
	unsigned long code = ERR_get_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return fail_with(
		why, FAIL_TEMPORARY, "4.7.5", "%.*s: %s", STR(path), reason ? reason : "unusable");
}

struct vault_keys *vault_keys_new(void)
{
	struct vault_keys *k = MEM_NEW(struct vault_keys);

	list_init(&k->all);
	return k;
}

static void drop(struct vault_keys *k, struct key *key)
{
	list_remove(&key->link);
	EVP_PKEY_free(key->pair);
	mem_free(key);
	k->count--;
}

void vault_keys_free(struct vault_keys *k)
{
	LIST_EACH_SAFE (link, &k->all)
		drop(k, AROUND(link, struct key, link));
	mem_free(k);
}

static struct key *find(struct vault_keys *k, str name)
{
	LIST_EACH (link, &k->all) {
		struct key *key = AROUND(link, struct key, link);

		if (!str_eq(str_from((const char *)key->name, sizeof key->name), name))
			continue;
		list_remove(&key->link);
		list_prepend(&k->all, &key->link);
		return key;
	}
	return NULL;
}

/* Takes the pair. */
static struct key *keep(struct vault_keys *k, EVP_PKEY *pair, const unsigned char *name)
{
	struct key *key = find(k, str_from((const char *)name, VAULT_NAME_OCTETS));

	if (key) {
		EVP_PKEY_free(pair);
		return key;
	}
	if (k->count == VAULT_KEYS_MAX)
		drop(k, AROUND(k->all.prev, struct key, link));
	key = MEM_NEW(struct key);
	key->pair = pair;
	memcpy(key->name, name, VAULT_NAME_OCTETS);
	list_prepend(&k->all, &key->link);
	k->count++;
	return key;
}

/* A key that asks for a password would have us ask a terminal. */
static int no_password(char *to, int size, int writing, void *owner)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)owner;
	return -1;
}

static EVP_PKEY *decode_pem(str text)
{
	BIO *source = BIO_new_mem_buf(text.p, (int)text.n);
	EVP_PKEY *pair = source ? PEM_read_bio_PrivateKey(source, NULL, no_password, NULL) : NULL;

	BIO_free(source);
	return pair;
}

/* What stands between the lines of PEM, as opendkim takes it, too. */
static EVP_PKEY *decode_bare(struct arena *a, str text)
{
	struct buf der = { 0 };
	EVP_PKEY *pair = NULL;
	char *dense = arena_alloc(a, text.n + 1);
	const unsigned char *p;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		if (!strchr(" \t\r\n", text.p[i]))
			dense[n++] = text.p[i];
	if (base64_decode(str_from(dense, n), &der) && der.size > 0) {
		p = (const unsigned char *)der.p;
		pair = d2i_AutoPrivateKey(NULL, &p, (long)buf_str(&der).n);
	}
	OPENSSL_cleanse(der.p, der.size);
	OPENSSL_cleanse(dense, n);
	buf_free(&der);
	return pair;
}

static EVP_PKEY *read_pair(str path, struct fail *why)
{
	EVP_PKEY *pair;
	struct arena a;
	str text;

	arena_init(&a, ARENA_UNLIMITED);
	if (!file_read(&a, path, &text, why)) {
		arena_free(&a);
		return NULL;
	}
	pair = str_find_str(text, S("-----BEGIN")) < text.n ? decode_pem(text)
							    : decode_bare(&a, text);
	OPENSSL_cleanse((char *)(uintptr_t)text.p, text.n);
	arena_free(&a);
	if (!pair)
		failed(why, path);
	return pair;
}

/* What is public of it, which the caller frees, and its name. */
static int print_public(EVP_PKEY *pair, unsigned char **der, unsigned char *name)
{
	int n;

	*der = NULL;
	n = i2d_PUBKEY(pair, der);
	if (n > 0 && EVP_Digest(*der, (size_t)n, name, NULL, EVP_sha256(), NULL) == 1)
		return n;
	OPENSSL_free(*der);
	return 0;
}

static struct key *read_key(
	struct vault_keys *k, struct arena *a, str path, str *public, struct fail *why)
{
	EVP_PKEY *pair = read_pair(path, why);
	unsigned char *der, name[VAULT_NAME_OCTETS];
	int n = pair ? print_public(pair, &der, name) : 0;

	if (n == 0) {
		if (pair)
			failed(why, path);
		EVP_PKEY_free(pair);
		return NULL;
	}
	if (a)
		*public = arena_copy(a, str_from((const char *)der, (size_t)n));
	OPENSSL_free(der);
	return keep(k, pair, name);
}

bool vault_keys_read(struct vault_keys *k, struct arena *a, str path, str *public, struct fail *why)
{
	return read_key(k, a, path, public, why) != NULL;
}

static const EVP_MD *digest_of(enum vault_digest d)
{
	switch (d) {
	case VAULT_SHA256:
		return EVP_sha256();
	case VAULT_SHA384:
		return EVP_sha384();
	case VAULT_SHA512:
		return EVP_sha512();
	case VAULT_SHA1:
		return EVP_sha1();
	case VAULT_NONE:
	case VAULT_DIGESTS:
		break;
	}
	return NULL;
}

/* Only what the mode is for: no bytes of the asker's own choice go through the bare key. */
static bool set_mode(EVP_PKEY_CTX *c, const EVP_PKEY *pair, const struct vault_message *m)
{
	const EVP_MD *digest = digest_of(m->digest);

	if (!digest || m->data.n != (size_t)EVP_MD_get_size(digest) || EVP_PKEY_sign_init(c) != 1)
		return false;
	switch (m->mode) {
	case VAULT_PKCS1:
		return EVP_PKEY_is_a(pair, "RSA") && EVP_PKEY_CTX_set_signature_md(c, digest) > 0 &&
		       EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) > 0;
	case VAULT_PSS:
		return EVP_PKEY_is_a(pair, "RSA") &&
		       EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) > 0 &&
		       EVP_PKEY_CTX_set_signature_md(c, digest) > 0 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) > 0;
	case VAULT_ECDSA:
		return EVP_PKEY_is_a(pair, "EC") && EVP_PKEY_CTX_set_signature_md(c, digest) > 0;
	case VAULT_PLAIN:
	case VAULT_WHOLE:
	case VAULT_MODES:
		break;
	}
	return false;
}

static bool sign_digest(
	EVP_PKEY *pair, const struct vault_message *m, unsigned char *signature, size_t *n)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(pair, NULL);
	bool signed_it =
		c && set_mode(c, pair, m) &&
		EVP_PKEY_sign(c, signature, n, (const unsigned char *)m->data.p, m->data.n) == 1;

	EVP_PKEY_CTX_free(c);
	return signed_it;
}

static bool sign_whole(
	EVP_PKEY *pair, const struct vault_message *m, unsigned char *signature, size_t *n)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool signed_it =
		c && EVP_PKEY_is_a(pair, "ED25519") &&
		EVP_DigestSignInit(c, NULL, NULL, NULL, pair) == 1 &&
		EVP_DigestSign(c, signature, n, (const unsigned char *)m->data.p, m->data.n) == 1;

	EVP_MD_CTX_free(c);
	return signed_it;
}

bool vault_keys_sign(struct vault_keys *k, const struct vault_message *m,
	unsigned char signature[VAULT_SIGNATURE_MAX], size_t *n, struct fail *why)
{
	struct key *key = find(k, m->key);

	if (!key && m->path.n > 0 && !read_key(k, NULL, m->path, NULL, why))
		return false;
	key = key ? key : find(k, m->key);
	if (!key)
		return fail_with(
			why, FAIL_TEMPORARY, "4.7.5", "%.*s: it holds another key", STR(m->path));
	*n = VAULT_SIGNATURE_MAX;
	if (m->mode == VAULT_WHOLE ? sign_whole(key->pair, m, signature, n)
				   : sign_digest(key->pair, m, signature, n))
		return true;
	return failed(why, m->path);
}
