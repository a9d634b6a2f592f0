#include "sender/srs_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/list.h"
#include "base/mem.h"

struct srs_key *srs_key_keep(struct srs_key *k)
{
	if (k)
		__atomic_add_fetch(&k->references, 1, __ATOMIC_RELAXED);
	return k;
}

void srs_key_drop(struct srs_key *k)
{
	if (k && __atomic_sub_fetch(&k->references, 1, __ATOMIC_ACQ_REL) == 0)
		k->free(k);
}

static bool wrong(str path, unsigned line, const char *what, struct fail *why)
{
	return fail_with(why, FAIL_PERMANENT, "5.3.5", "%.*s:%u:1: %s", STR(path), line, what);
}

bool srs_key_secrets(str path, str text, struct srs_secrets *to, struct fail *why)
{
	unsigned number = 0;
	str line;

	to->count = 0;
	while (text.n > 0) {
		str_cut(&text, '\n', &line);
		line = str_trim(line);
		number++;
		if (line.n == 0 || str_starts(line, S("#")))
			continue;
		if (to->count == SRS_SECRETS_MAX)
			return wrong(path, number, "more than 8 secrets", why);
		if (line.n < SRS_SECRET_OCTETS_MIN || line.n > SRS_SECRET_OCTETS_MAX)
			return wrong(path, number,
				"a secret is 16 to 1024 octets long; 'facteur srs secret' makes "
				"one",
				why);
		to->items[to->count++] = line;
	}
	if (to->count == 0)
		return wrong(path, 1, "there is no secret; 'facteur srs secret' makes one", why);
	return true;
}

void srs_key_macs(const struct srs_secrets *s, str text, struct srs_macs *to)
{
	*to = (struct srs_macs){ .count = s->count };
	for (size_t i = 0; i < s->count; i++) {
		size_t n = 0;

		EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, s->items[i].p, s->items[i].n,
			(const unsigned char *)text.p, text.n, to->octets[i], SRS_MAC_OCTETS, &n);
	}
}

/* --- a key that has its secrets itself ----------------------------------------------------------
 */

struct own_key {
	struct srs_key key;
	str text; /* by mem_copy */
	struct srs_secrets secrets;
};

static bool own_mac(struct srs_key *k, str text, struct srs_macs *to, struct fail *why)
{
	struct own_key *own = AROUND(k, struct own_key, key);

	(void)why;
	srs_key_macs(&own->secrets, text, to);
	return true;
}

static void own_free(struct srs_key *k)
{
	struct own_key *own = AROUND(k, struct own_key, key);

	OPENSSL_cleanse((char *)(uintptr_t)own->text.p, own->text.n);
	mem_free((char *)(uintptr_t)own->text.p);
	mem_free(own);
}

struct srs_key *srs_key_of(str path, str text, struct fail *why)
{
	struct own_key *own = MEM_NEW(struct own_key);

	own->key = (struct srs_key){ .references = 1, .mac = own_mac, .free = own_free };
	own->text = mem_copy(text);
	if (srs_key_secrets(path, own->text, &own->secrets, why))
		return &own->key;
	own_free(&own->key);
	return NULL;
}
