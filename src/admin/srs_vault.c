#include "admin/srs_vault.h"

#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "world/vault.h"

struct held {
	struct srs_key key;
	str path; /* absolute, by mem_copy */
};

static bool ask_mac(struct srs_key *k, str text, struct srs_macs *to, struct fail *why)
{
	const struct held *h = AROUND(k, struct held, key);
	struct vault_message answer,
		m = { .word = VAULT_MAC, .status = VAULT_ASKED, .path = h->path, .data = text };
	struct arena a;
	bool made;

	arena_init(&a, ARENA_UNLIMITED);
	made = vault_ask_now(&a, &m, &answer, why);
	if (made && (answer.data.n == 0 || answer.data.n > sizeof to->octets ||
			    answer.data.n % SRS_MAC_OCTETS != 0))
		made = fail_with(why, FAIL_TEMPORARY, "4.3.0", "the vault's hashes have no length");
	if (made) {
		memcpy(to->octets, answer.data.p, answer.data.n);
		to->count = answer.data.n / SRS_MAC_OCTETS;
	}
	arena_free(&a);
	return made;
}

static void forget(struct srs_key *k)
{
	struct held *h = AROUND(k, struct held, key);

	mem_free((char *)(uintptr_t)h->path.p);
	mem_free(h);
}

struct srs_key *srs_vault_key(str path, struct fail *why)
{
	struct vault_message answer,
		m = { .word = VAULT_SECRETS, .status = VAULT_ASKED, .path = path };
	struct held *h;
	struct arena a;
	bool there;

	arena_init(&a, ARENA_UNLIMITED);
	there = vault_ask_now(&a, &m, &answer, why);
	arena_free(&a);
	if (!there)
		return NULL;
	h = MEM_NEW(struct held);
	h->key = (struct srs_key){ .references = 1, .mac = ask_mac, .free = forget };
	h->path = mem_copy(path);
	return &h->key;
}
