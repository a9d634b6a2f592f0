#include "admin/signing_vault.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/mem.h"
#include "conf/conf.h"
#include "sender/dkim_key.h"
#include "world/file.h"
#include "world/vault.h"

#define NAME_OCTETS 32 /* SHA-256 of what is public */

struct held {
	struct dkim_signer signer;
	str path;                        /* absolute, by mem_copy */
	unsigned char name[NAME_OCTETS]; /* so that no other key signs, should the file change */
};

static bool ask_signature(void *owner, const uint8_t digest[DKIM_FIELD_DIGEST],
	uint8_t signature[DKIM_FIELD_SIGNATURE_MAX], size_t *n, struct fail *why)
{
	const struct held *h = owner;
	bool rsa = h->signer.algorithm == DKIM_RSA_SHA256;
	struct vault_message answer, m = { .word = VAULT_SIGN,
		.mode = rsa ? VAULT_PKCS1 : VAULT_WHOLE,
		.digest = rsa ? VAULT_SHA256 : VAULT_NONE,
		.status = VAULT_ASKED,
		.path = h->path,
		.key = str_from((const char *)h->name, NAME_OCTETS),
		.data = str_from((const char *)digest, DKIM_FIELD_DIGEST) };
	struct arena a;
	bool made;

	arena_init(&a, ARENA_UNLIMITED);
	made = vault_ask_now(&a, &m, &answer, why);
	if (made && answer.data.n > DKIM_FIELD_SIGNATURE_MAX)
		made = fail_with(why, FAIL_TEMPORARY, "4.7.5", "the signature is too long");
	if (made) {
		*n = answer.data.n;
		memcpy(signature, answer.data.p, answer.data.n);
	}
	arena_free(&a);
	return made;
}

/* False: no key for DKIM. */
static bool read_public(struct held *h, str der, struct fail *why)
{
	const unsigned char *p = (const unsigned char *)der.p;
	EVP_PKEY *public = d2i_PUBKEY(NULL, &p, (long)der.n);
	int id = public ? EVP_PKEY_get_base_id(public) : EVP_PKEY_NONE;
	int bits = public ? EVP_PKEY_get_bits(public) : 0;
	bool fit = id == EVP_PKEY_ED25519 ||
		   (id == EVP_PKEY_RSA && bits >= DKIM_KEY_BITS_MIN && bits <= DKIM_KEY_BITS_MAX);

	EVP_PKEY_free(public);
	if (!fit || EVP_Digest(der.p, der.n, h->name, NULL, EVP_sha256(), NULL) != 1)
		return fail_with(why, FAIL_PERMANENT, "5.7.5",
			"not RSA of %d to %d bits, and not Ed25519", DKIM_KEY_BITS_MIN,
			DKIM_KEY_BITS_MAX);
	h->signer = (struct dkim_signer){ .algorithm = id == EVP_PKEY_RSA ? DKIM_RSA_SHA256
									  : DKIM_ED25519_SHA256,
		.owner = h,
		.sign = ask_signature };
	return true;
}

struct dkim_signer *signing_vault_hold(void *conf, str path, struct fail *why)
{
	struct vault_message answer, m = { .word = VAULT_KEY, .status = VAULT_ASKED };
	const struct conf *c = conf;
	struct held *h = MEM_NEW(struct held);
	struct arena a;
	bool held;

	arena_init(&a, ARENA_UNLIMITED);
	m.path = h->path = mem_copy(file_path(&a, c->dir, path));
	held = vault_ask_now(&a, &m, &answer, why) && read_public(h, answer.key, why);
	arena_free(&a);
	if (held)
		return &h->signer;
	signing_vault_release(&h->signer);
	return NULL;
}

void signing_vault_release(struct dkim_signer *s)
{
	struct held *h = AROUND(s, struct held, signer);

	mem_free((char *)(uintptr_t)h->path.p);
	mem_free(h);
}
