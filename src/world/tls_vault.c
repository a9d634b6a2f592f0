#include "world/tls_vault.h"

#include <openssl/async.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "world/vault.h"
#include "world/vault_keys.h"

#define PROVIDER "facteur"
#define PARAM_PATH "facteur-path"
#define PARAM_PUBLIC "facteur-public"
#define MESSAGE_MAX                                                                   \
	1024 /* of an Ed25519 signature: TLS signs a digest with some words around it \
	      */

static _Thread_local struct loop *loop_here;

void tls_vault_in(struct loop *l)
{
	loop_here = l;
}

/* --- keys --------------------------------------------------------------------------------------
 */

struct key {
	EVP_PKEY *public; /* of OpenSSL's own provider; null until it is known */
	char path[VAULT_PATH_MAX];
	unsigned char name[VAULT_NAME_OCTETS];
};

static void *key_new(void *provider)
{
	(void)provider;
	return MEM_NEW(struct key);
}

static void key_free(void *data)
{
	struct key *k = data;

	if (!k)
		return;
	EVP_PKEY_free(k->public);
	mem_free(k);
}

/* It is whole: what cannot be said of it is asked of the vault. */
static int key_has(const void *data, int selection)
{
	(void)selection;
	return ((const struct key *)data)->public != NULL;
}

static int key_match(const void *a, const void *b, int selection)
{
	(void)selection;
	return EVP_PKEY_eq(((const struct key *)a)->public, ((const struct key *)b)->public) == 1;
}

/* Ours: where it lies, and what is public of it. */
static bool import_named(struct key *k, const OSSL_PARAM *path, const OSSL_PARAM *public)
{
	char *to = k->path;
	const unsigned char *der = public->data;

	if (!OSSL_PARAM_get_utf8_string(path, &to, sizeof k->path))
		return false;
	k->public = d2i_PUBKEY(NULL, &der, (long)public->data_size);
	return k->public &&
	       EVP_Digest(public->data, public->data_size, k->name, NULL, EVP_sha256(), NULL) == 1;
}

/* Another provider's, to be compared with: its public half. */
static bool import_public(struct key *k, const char *type, const OSSL_PARAM *params)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, "provider=default");
	bool made = c && EVP_PKEY_fromdata_init(c) == 1 &&
		    EVP_PKEY_fromdata(c, &k->public, EVP_PKEY_PUBLIC_KEY,
			    (OSSL_PARAM *)(uintptr_t)params) == 1;

	EVP_PKEY_CTX_free(c);
	return made;
}

static int import(struct key *k, const char *type, const OSSL_PARAM *params)
{
	const OSSL_PARAM *path = OSSL_PARAM_locate_const(params, PARAM_PATH);
	const OSSL_PARAM *public = OSSL_PARAM_locate_const(params, PARAM_PUBLIC);

	if (k->public)
		return 0;
	return path && public ? import_named(k, path, public) : import_public(k, type, params);
}

static int import_rsa(void *data, int selection, const OSSL_PARAM params[])
{
	(void)selection;
	return import(data, "RSA", params);
}

static int import_ec(void *data, int selection, const OSSL_PARAM params[])
{
	(void)selection;
	return import(data, "EC", params);
}

static int import_ed25519(void *data, int selection, const OSSL_PARAM params[])
{
	(void)selection;
	return import(data, "ED25519", params);
}

static const OSSL_PARAM *import_types(int selection)
{
	static const OSSL_PARAM types[] = { OSSL_PARAM_utf8_string(PARAM_PATH, NULL, 0),
		OSSL_PARAM_octet_string(PARAM_PUBLIC, NULL, 0), OSSL_PARAM_END };

	(void)selection;
	return types;
}

static int key_params(void *data, OSSL_PARAM params[])
{
	const struct key *k = data;

	return k->public && EVP_PKEY_get_params(k->public, params) == 1;
}

static const OSSL_PARAM *key_gettable(void *provider)
{
	static const OSSL_PARAM types[] = { OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
		OSSL_PARAM_END };

	(void)provider;
	return types;
}

static const char *signs_rsa(int operation)
{
	(void)operation;
	return "RSA";
}

static const char *signs_ec(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ECDSA" : "EC";
}

static const char *signs_ed25519(int operation)
{
	(void)operation;
	return "ED25519";
}

#define DO(function) ((void (*)(void))(function))
#define KEYS(import_of, signs)                                                                    \
	{                                                                                         \
		{ OSSL_FUNC_KEYMGMT_NEW, DO(key_new) }, { OSSL_FUNC_KEYMGMT_FREE, DO(key_free) }, \
			{ OSSL_FUNC_KEYMGMT_HAS, DO(key_has) },                                   \
			{ OSSL_FUNC_KEYMGMT_MATCH, DO(key_match) },                               \
			{ OSSL_FUNC_KEYMGMT_IMPORT, DO(import_of) },                              \
			{ OSSL_FUNC_KEYMGMT_IMPORT_TYPES, DO(import_types) },                     \
			{ OSSL_FUNC_KEYMGMT_GET_PARAMS, DO(key_params) },                         \
			{ OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, DO(key_gettable) },                  \
			{ OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, DO(signs) },                    \
		{                                                                                 \
			0, NULL                                                                   \
		}                                                                                 \
	}

static const OSSL_DISPATCH keys_rsa[] = KEYS(import_rsa, signs_rsa);
static const OSSL_DISPATCH keys_ec[] = KEYS(import_ec, signs_ec);
static const OSSL_DISPATCH keys_ed25519[] = KEYS(import_ed25519, signs_ed25519);

/* --- signatures --------------------------------------------------------------------------------
 */

struct signer {
	struct key *key; /* OpenSSL keeps it */
	enum vault_digest digest;
	bool pss;
};

static void *signer_new(void *provider, const char *properties)
{
	(void)provider;
	(void)properties;
	return MEM_NEW(struct signer);
}

static void signer_free(void *data)
{
	mem_free(data);
}

static bool take_digest(struct signer *s, const char *name)
{
	static const struct {
		const char *name;
		enum vault_digest digest;
	} digests[] = {
		{"SHA256",  VAULT_SHA256},
		{ "SHA384", VAULT_SHA384},
		{ "SHA512", VAULT_SHA512},
		{ "SHA1",   VAULT_SHA1  },
	};
	EVP_MD *md = name && name[0] ? EVP_MD_fetch(NULL, name, NULL) : NULL;

	s->digest = VAULT_NONE;
	for (size_t i = 0; md && i < LENGTH(digests); i++)
		if (EVP_MD_is_a(md, digests[i].name))
			s->digest = digests[i].digest;
	EVP_MD_free(md);
	return s->digest != VAULT_NONE || !name || !name[0];
}

static int set_params(void *data, const OSSL_PARAM params[])
{
	struct signer *s = data;
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	int number;

	if (p && p->data_type == OSSL_PARAM_UTF8_STRING)
		s->pss = strcmp(p->data, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
	else if (p && OSSL_PARAM_get_int(p, &number))
		s->pss = number == RSA_PKCS1_PSS_PADDING;
	return 1; /* the salt is as long as the digest, which is what TLS asks for */
}

static const OSSL_PARAM *settable(void *data, void *provider)
{
	static const OSSL_PARAM types[] = { OSSL_PARAM_utf8_string(
						    OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0), OSSL_PARAM_END };

	(void)data;
	(void)provider;
	return types;
}

static int sign_init(void *data, const char *digest, void *key, const OSSL_PARAM params[])
{
	struct signer *s = data;

	s->key = key;
	s->pss = false;
	return s->key && s->key->path[0] && take_digest(s, digest) &&
	       (!params || set_params(s, params));
}

/* A handshake that waits. */
struct parked {
	struct list link; /* of those of this thread */
	struct vault_question question;
	int (*wake)(void *arg);
	void *arg;
	bool answered, done;
	unsigned char signature[VAULT_SIGNATURE_MAX];
	size_t n;
};

static _Thread_local struct list parked_here;

void tls_vault_abandon(SSL *ssl)
{
	if (!parked_here.next)
		return;
	LIST_EACH (link, &parked_here) {
		struct parked *p = AROUND(link, struct parked, link);

		if (p->arg != ssl || p->answered)
			continue;
		vault_forget(&p->question);
		p->answered = true;
	}
}

static void on_answered(
	struct vault_question *q, const struct vault_message *answer, const struct fail *why)
{
	struct parked *p = AROUND(q, struct parked, question);

	p->answered = true;
	p->done = !why && answer->data.n <= sizeof p->signature;
	if (p->done) {
		p->n = answer->data.n;
		memcpy(p->signature, answer->data.p, p->n);
	}
	if (p->wake)
		p->wake(p->arg);
}

static bool sign_parked(
	ASYNC_JOB *job, const struct vault_message *m, unsigned char *signature, size_t *n)
{
	struct parked *p = MEM_NEW(struct parked); /* a job's stack is small */
	bool done;

	p->question.answered = on_answered;
	ASYNC_WAIT_CTX_get_callback(ASYNC_get_wait_ctx(job), &p->wake, &p->arg);
	if (!parked_here.next)
		list_init(&parked_here);
	list_append(&parked_here, &p->link);
	vault_ask(&p->question, loop_here, m);
	while (!p->answered)
		if (ASYNC_pause_job() != 1)
			break;
	list_remove(&p->link);
	if (!p->answered)
		vault_forget(&p->question);
	done = p->done && p->n <= *n;
	if (done) {
		*n = p->n;
		memcpy(signature, p->signature, p->n);
	}
	mem_free(p);
	return done;
}

static bool sign_waiting(const struct vault_message *m, unsigned char *signature, size_t *n)
{
	struct vault_message answer;
	struct arena a;
	struct fail why;
	bool done;

	arena_init(&a, ARENA_UNLIMITED);
	done = vault_ask_now(&a, m, &answer, &why) && answer.data.n <= *n;
	if (done) {
		*n = answer.data.n;
		memcpy(signature, answer.data.p, *n);
	}
	arena_free(&a);
	return done;
}

/* data becomes what the mode wants to see; in digest, where that is one. */
static bool prepare(const struct signer *s, str bytes, unsigned char digest[EVP_MAX_MD_SIZE],
	struct vault_message *m)
{
	static const char *const names[] = { NULL, "SHA256", "SHA384", "SHA512", "SHA1" };
	EVP_MD *md;
	unsigned n = 0;
	bool done;

	m->digest = s->digest;
	if (EVP_PKEY_is_a(s->key->public, "ED25519")) {
		m->mode = VAULT_WHOLE;
		m->data = bytes;
		return s->digest == VAULT_NONE && bytes.n <= MESSAGE_MAX;
	}
	m->mode = !EVP_PKEY_is_a(s->key->public, "RSA") ? VAULT_ECDSA
		  : s->pss                              ? VAULT_PSS
							: VAULT_PKCS1;
	if (s->digest == VAULT_NONE)
		return false;
	md = EVP_MD_fetch(NULL, names[s->digest], NULL);
	done = md && EVP_Digest(bytes.p, bytes.n, digest, &n, md, NULL) == 1;
	EVP_MD_free(md);
	m->data = str_from((const char *)digest, n);
	return done;
}

static int sign(void *data, unsigned char *signature, size_t *n, size_t size,
	const unsigned char *bytes, size_t count)
{
	struct signer *s = data;
	struct vault_message m = { .word = VAULT_SIGN, .status = VAULT_ASKED };
	unsigned char digest[EVP_MAX_MD_SIZE];
	ASYNC_JOB *job = ASYNC_get_current_job();

	if (!signature) {
		*n = (size_t)EVP_PKEY_get_size(s->key->public);
		return *n > 0;
	}
	m.path = str_of(s->key->path);
	m.key = str_from((const char *)s->key->name, sizeof s->key->name);
	if (!prepare(s, str_from((const char *)bytes, count), digest, &m))
		return 0;
	*n = size;
	return job && loop_here ? sign_parked(job, &m, signature, n)
				: sign_waiting(&m, signature, n);
}

static const OSSL_DISPATCH signatures[] = {
	{OSSL_FUNC_SIGNATURE_NEWCTX,               DO(signer_new) },
	{ OSSL_FUNC_SIGNATURE_FREECTX,             DO(signer_free)},
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT,    DO(sign_init)  },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN,         DO(sign)       },
	{ OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS,      DO(set_params) },
	{ OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, DO(settable)   },
        { 0,                                       NULL           }
};

/* --- the provider ------------------------------------------------------------------------------
 */

/* By all their names, so that OpenSSL takes them for what they are. */
#define RSA_NAMES "RSA:rsaEncryption:1.2.840.113549.1.1.1"
#define EC_NAMES "EC:id-ecPublicKey:1.2.840.10045.2.1"
#define ED25519_NAMES "ED25519:1.3.101.112"
#define OURS "provider=" PROVIDER

static const OSSL_ALGORITHM *operations(void *provider, int operation, int *no_cache)
{
	static const OSSL_ALGORITHM keys[] = {
		{RSA_NAMES,      OURS, keys_rsa,     NULL},
		{ EC_NAMES,      OURS, keys_ec,      NULL},
		{ ED25519_NAMES, OURS, keys_ed25519, NULL},
		{ NULL,          NULL, NULL,         NULL},
	};
	static const OSSL_ALGORITHM signs[] = {
		{RSA_NAMES,      OURS, signatures, NULL},
		{ "ECDSA",       OURS, signatures, NULL},
		{ ED25519_NAMES, OURS, signatures, NULL},
		{ NULL,          NULL, NULL,       NULL},
	};

	(void)provider;
	*no_cache = 0;
	return operation == OSSL_OP_KEYMGMT ? keys : operation == OSSL_OP_SIGNATURE ? signs : NULL;
}

static int init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
	void **context)
{
	static const OSSL_DISPATCH functions[] = {
		{OSSL_FUNC_PROVIDER_QUERY_OPERATION, DO(operations)},
                { 0,                                 NULL          }
	};

	(void)in;
	*out = functions;
	*context = (void *)(uintptr_t)handle;
	return 1;
}

static OSSL_PROVIDER *loaded[2]; /* for good */

/* OpenSSL's own first: of two that can do a thing, it takes the first. */
static void load(void)
{
	loaded[0] = OSSL_PROVIDER_load(NULL, "default");
	if (loaded[0] && OSSL_PROVIDER_add_builtin(NULL, PROVIDER, init))
		loaded[1] = OSSL_PROVIDER_load(NULL, PROVIDER);
}

static const char *type_of(str public)
{
	static const char *const types[] = { "RSA", "EC", "ED25519" };
	const unsigned char *der = (const unsigned char *)public.p;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &der, (long)public.n);
	const char *type = NULL;

	for (size_t i = 0; key && i < LENGTH(types); i++)
		if (EVP_PKEY_is_a(key, types[i]))
			type = types[i];
	EVP_PKEY_free(key);
	return type;
}

static EVP_PKEY *make(str path, str public)
{
	char text[VAULT_PATH_MAX];
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(
					PARAM_PATH, str_to_c(path, text, sizeof text), 0),
		OSSL_PARAM_construct_octet_string(
			PARAM_PUBLIC, (void *)(uintptr_t) public.p, public.n),
		OSSL_PARAM_construct_end() };
	const char *type = type_of(public);
	EVP_PKEY_CTX *c = type ? EVP_PKEY_CTX_new_from_name(NULL, type, OURS) : NULL;
	EVP_PKEY *key = NULL;

	if (c && EVP_PKEY_fromdata_init(c) == 1)
		(void)EVP_PKEY_fromdata(c, &key, EVP_PKEY_KEYPAIR, params);
	EVP_PKEY_CTX_free(c);
	return key;
}

EVP_PKEY *tls_vault_key(str path, struct fail *why)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct vault_message m = { .word = VAULT_KEY, .status = VAULT_ASKED, .path = path }, answer;
	EVP_PKEY *key = NULL;
	struct arena a;

	pthread_once(&once, load);
	arena_init(&a, ARENA_UNLIMITED);
	if (vault_ask_now(&a, &m, &answer, why)) {
		key = loaded[1] ? make(path, answer.key) : NULL;
		if (!key)
			fail_with(why, FAIL_TEMPORARY, "4.7.5",
				"%.*s: a kind of key that cannot be used", STR(path));
	}
	arena_free(&a);
	ERR_clear_error();
	return key;
}
