#include "world/tls_ticket.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>

#include "world/clock.h"

#define NAME_OCTETS 16
#define SECRET_OCTETS 32

struct ticket_key {
	unsigned char name[NAME_OCTETS], cipher[SECRET_OCTETS], mac[SECRET_OCTETS];
	int64_t since_ms; /* 0: there is none */
};

static struct {
	pthread_mutex_t lock;
	struct ticket_key keys[TLS_TICKET_KEYS]; /* the newest first */
} tickets = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool make(struct ticket_key *key, int64_t now_ms)
{
	key->since_ms = now_ms;
	return RAND_bytes(key->name, sizeof key->name) == 1 &&
	       RAND_priv_bytes(key->cipher, sizeof key->cipher) == 1 &&
	       RAND_priv_bytes(key->mac, sizeof key->mac) == 1;
}

static bool too_old(const struct ticket_key *key, int64_t now_ms, int64_t times)
{
	return key->since_ms == 0 || now_ms < key->since_ms ||
	       now_ms - key->since_ms >= times * TLS_TICKET_KEY_MS;
}

/* A copy of the newest key; false: there is no randomness. */
static bool newest(struct ticket_key *to)
{
	int64_t now_ms = clock_steady_ms();
	bool made = true;

	pthread_mutex_lock(&tickets.lock);
	if (too_old(&tickets.keys[0], now_ms, 1)) {
		memmove(tickets.keys + 1, tickets.keys, sizeof tickets.keys - sizeof *tickets.keys);
		made = make(&tickets.keys[0], now_ms);
		if (!made)
			tickets.keys[0].since_ms = 0;
	}
	*to = tickets.keys[0];
	pthread_mutex_unlock(&tickets.lock);
	return made;
}

static bool find(const unsigned char *name, struct ticket_key *to, bool *is_newest)
{
	int64_t now_ms = clock_steady_ms();
	bool found = false;

	pthread_mutex_lock(&tickets.lock);
	for (size_t i = 0; i < TLS_TICKET_KEYS && !found; i++) {
		const struct ticket_key *key = &tickets.keys[i];

		found = !too_old(key, now_ms, TLS_TICKET_KEYS) &&
			memcmp(key->name, name, NAME_OCTETS) == 0;
		if (found)
			*to = *key;
		*is_newest = i == 0;
	}
	pthread_mutex_unlock(&tickets.lock);
	return found;
}

/* As SSL_CTX_set_tlsext_ticket_key_evp_cb(3) asks: 0 is a full handshake, 2 a new ticket. */
static int use_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
	EVP_MAC_CTX *mac, int encrypts)
{
	const EVP_CIPHER *kind = EVP_aes_256_cbc();
	struct ticket_key key;
	bool is_newest = true, ready;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac, sizeof key.mac),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_end(),
	};

	(void)ssl;
	if (encrypts ? !newest(&key) : !find(name, &key, &is_newest))
		return 0;
	if (encrypts) {
		memcpy(name, key.name, NAME_OCTETS);
		ready = RAND_bytes(iv, EVP_CIPHER_get_iv_length(kind)) == 1 &&
			EVP_EncryptInit_ex(cipher, kind, NULL, key.cipher, iv) == 1;
	} else {
		ready = EVP_DecryptInit_ex(cipher, kind, NULL, key.cipher, iv) == 1;
	}
	ready = ready && EVP_MAC_CTX_set_params(mac, params) == 1;
	OPENSSL_cleanse(&key, sizeof key);
	if (!ready)
		return -1;
	return is_newest ? 1 : 2;
}

void tls_ticket_setup(SSL_CTX *c)
{
	static const unsigned char place[] = "facteur";

	SSL_CTX_set_session_id_context(c, place, sizeof place);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(c, use_key);
	SSL_CTX_set_timeout(c, TLS_TICKET_LIFE_S);
	SSL_CTX_set_num_tickets(c, 1); /* a client of mail has one connection at a time */
}
