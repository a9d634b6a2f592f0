#include "login/scram.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/number.h"

#define PRINTABLE_MAX 512 /* of a nonce */

/* --- numbers ---------------------------------------------------------------------------------- */

static void hmac(
	const unsigned char key[SCRAM_KEY_OCTETS], str data, unsigned char to[SCRAM_KEY_OCTETS])
{
	unsigned n = 0;

	/* it fails only for want of memory, as we do */
	if (!HMAC(EVP_sha256(), key, SCRAM_KEY_OCTETS, (const unsigned char *)data.p, data.n, to,
		    &n))
		n = 0;
	assert(n == SCRAM_KEY_OCTETS);
}

static void hash(const unsigned char from[SCRAM_KEY_OCTETS], unsigned char to[SCRAM_KEY_OCTETS])
{
	unsigned n = 0;
	int done = EVP_Digest(from, SCRAM_KEY_OCTETS, to, &n, EVP_sha256(), NULL);

	assert(done == 1 && n == SCRAM_KEY_OCTETS);
}

static void derive(const struct scram_secret *secret, str password,
	unsigned char client_key[SCRAM_KEY_OCTETS], unsigned char server_key[SCRAM_KEY_OCTETS])
{
	unsigned char salted[SCRAM_KEY_OCTETS];
	int done = PKCS5_PBKDF2_HMAC(password.p, (int)password.n, secret->salt,
		(int)secret->salt_octets, (int)secret->iterations, EVP_sha256(), SCRAM_KEY_OCTETS,
		salted);

	assert(done == 1);
	hmac(salted, S("Client Key"), client_key);
	hmac(salted, S("Server Key"), server_key);
	OPENSSL_cleanse(salted, sizeof salted);
}

void scram_secret_derive(struct scram_secret *secret, str password)
{
	unsigned char client_key[SCRAM_KEY_OCTETS];

	derive(secret, password, client_key, secret->server_key);
	hash(client_key, secret->stored_key);
	OPENSSL_cleanse(client_key, sizeof client_key);
}

void scram_prove(const struct scram_secret *secret, str password, str auth_message,
	unsigned char proof[SCRAM_KEY_OCTETS], unsigned char signature[SCRAM_KEY_OCTETS])
{
	unsigned char client_key[SCRAM_KEY_OCTETS], server_key[SCRAM_KEY_OCTETS];
	unsigned char stored_key[SCRAM_KEY_OCTETS];

	derive(secret, password, client_key, server_key);
	hash(client_key, stored_key);
	hmac(stored_key, auth_message, proof);
	for (size_t i = 0; i < SCRAM_KEY_OCTETS; i++)
		proof[i] ^= client_key[i];
	hmac(server_key, auth_message, signature);
	OPENSSL_cleanse(client_key, sizeof client_key);
	OPENSSL_cleanse(server_key, sizeof server_key);
	OPENSSL_cleanse(stored_key, sizeof stored_key);
}

bool scram_secret_matches(const struct scram_secret *secret, str password)
{
	struct scram_secret other = *secret;
	bool same;

	scram_secret_derive(&other, password);
	same = CRYPTO_memcmp(other.stored_key, secret->stored_key, SCRAM_KEY_OCTETS) == 0;
	OPENSSL_cleanse(&other, sizeof other);
	return same;
}

bool scram_proof_matches(const struct scram_secret *secret, str auth_message,
	const unsigned char proof[SCRAM_KEY_OCTETS], unsigned char signature[SCRAM_KEY_OCTETS])
{
	unsigned char client_key[SCRAM_KEY_OCTETS], stored[SCRAM_KEY_OCTETS];

	hmac(secret->stored_key, auth_message, client_key);
	for (size_t i = 0; i < SCRAM_KEY_OCTETS; i++)
		client_key[i] ^= proof[i];
	hash(client_key, stored);
	hmac(secret->server_key, auth_message, signature);
	return CRYPTO_memcmp(stored, secret->stored_key, SCRAM_KEY_OCTETS) == 0;
}

/* --- what a table holds ----------------------------------------------------------------------- */

/* base64 of exactly n octets. */
static bool read_octets(str text, unsigned char *to, size_t n)
{
	struct buf bytes = { .limit_octets = SCRAM_SALT_MAX + 1 };
	bool ok = base64_decode(text, &bytes) && buf_str(&bytes).n == n;

	if (ok)
		memcpy(to, buf_str(&bytes).p, n);
	buf_free(&bytes);
	return ok;
}

bool scram_secret_parse(str text, struct scram_secret *secret, struct fail *why)
{
	struct buf salt = { .limit_octets = SCRAM_SALT_MAX };
	uint64_t iterations;
	str part, salt_text, stored;
	bool ok;

	*secret = (struct scram_secret){ 0 };
	str_cut(&text, ',', &part);
	str_cut(&text, ',', &salt_text);
	str_cut(&text, ',', &stored);
	ok = number_parse(part, SCRAM_ITERATIONS_MAX, &iterations) &&
	     base64_decode(salt_text, &salt) && buf_str(&salt).n > 0 &&
	     read_octets(stored, secret->stored_key, SCRAM_KEY_OCTETS) &&
	     read_octets(text, secret->server_key, SCRAM_KEY_OCTETS);
	if (ok) {
		secret->iterations = (unsigned)iterations;
		secret->salt_octets = buf_str(&salt).n;
		memcpy(secret->salt, buf_str(&salt).p, secret->salt_octets);
	}
	buf_free(&salt);
	if (!ok)
		return fail_with(why, FAIL_PERMANENT, "",
			"behind {SCRAM-SHA-256} stand the iterations, the salt and two keys, with "
			"commas between them");
	if (secret->iterations < SCRAM_ITERATIONS_MIN)
		return fail_with(why, FAIL_PERMANENT, "",
			"%u iterations of SCRAM-SHA-256 are too few: %d is the least",
			secret->iterations, SCRAM_ITERATIONS_MIN);
	return true;
}

static void put_base64(const unsigned char *p, size_t n, struct buf *to)
{
	bool put = base64_encode(str_from(p, n), to);

	assert(put); /* no limit */
}

void scram_secret_print(const struct scram_secret *secret, struct buf *to)
{
	buf_putf(to, "%u,", secret->iterations);
	put_base64(secret->salt, secret->salt_octets, to);
	buf_put_char(to, ',');
	put_base64(secret->stored_key, SCRAM_KEY_OCTETS, to);
	buf_put_char(to, ',');
	put_base64(secret->server_key, SCRAM_KEY_OCTETS, to);
}

/* --- messages --------------------------------------------------------------------------------- */

/* printable = %x21-2B / %x2D-7E */
static bool is_nonce(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == ',')
			return false;
	return s.n > 0 && s.n <= PRINTABLE_MAX;
}

/* "x=VALUE" up to the next comma. */
static bool take(str *rest, char letter, str *value)
{
	str part;

	str_cut(rest, ',', &part);
	if (part.n < 2 || part.p[0] != letter || part.p[1] != '=')
		return false;
	*value = str_skip(part, 2);
	return true;
}

/* cb-name = 1*(ALPHA / DIGIT / "." / "-") */
static bool is_binding_name(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_letter(s.p[i]) && !ascii_digit(s.p[i]) && s.p[i] != '.' && s.p[i] != '-')
			return false;
	return s.n > 0;
}

bool scram_first_parse(str message, struct scram_first *first)
{
	str rest = message, flag, zone;

	*first = (struct scram_first){ 0 };
	if (memchr(message.p ? message.p : "", 0, message.n) || !str_cut(&rest, ',', &flag) ||
		flag.n == 0 || !str_cut(&rest, ',', &zone))
		return false;
	first->binding = flag.p[0];
	if (first->binding == 'p') {
		first->binding_name = str_skip(flag, 2);
		if (flag.n < 2 || flag.p[1] != '=' || !is_binding_name(first->binding_name))
			return false;
	} else if (flag.n != 1 || (first->binding != 'n' && first->binding != 'y')) {
		return false;
	}
	if (zone.n > 0 && !take(&zone, 'a', &first->authzid))
		return false;
	first->gs2_header = str_first(message, message.n - rest.n);
	first->bare = rest;
	/* "m=" in front would be an extension that must be understood: it is no name */
	return take(&rest, 'n', &first->name) && first->name.n > 0 &&
	       take(&rest, 'r', &first->nonce) && is_nonce(first->nonce);
}

bool scram_name_decode(str text, struct buf *to)
{
	str part;

	while (str_cut(&text, '=', &part)) {
		bool comma = str_starts(text, S("2C"));

		if (!buf_add(to, part) || (!comma && !str_starts(text, S("3D"))) ||
			!buf_add(to, comma ? S(",") : S("=")))
			return false;
		text = str_skip(text, 2);
	}
	return buf_add(to, part);
}

bool scram_final_parse(str message, struct scram_final *final)
{
	str rest = message, last;
	size_t comma = str_find_last(message, ',');

	*final = (struct scram_final){ 0 };
	if (comma == message.n || !take(&rest, 'c', &final->binding) ||
		!take(&rest, 'r', &final->nonce) || !is_nonce(final->nonce))
		return false;
	final->without_proof = str_first(message, comma);
	last = str_skip(message, comma + 1); /* extensions may stand before it */
	return str_starts(last, S("p=")) &&
	       read_octets(str_skip(last, 2), final->proof, SCRAM_KEY_OCTETS);
}

/* Behind the iterations stand extensions, which may be ignored; "m=" in front may not. */
bool scram_challenge_parse(str message, struct scram_challenge *c)
{
	struct buf salt = { .limit_octets = SCRAM_SALT_MAX };
	str rest = message, salt_text, count;
	uint64_t iterations;
	bool ok;

	*c = (struct scram_challenge){ 0 };
	ok = take(&rest, 'r', &c->nonce) && is_nonce(c->nonce) && take(&rest, 's', &salt_text) &&
	     take(&rest, 'i', &count) && base64_decode(salt_text, &salt) && buf_str(&salt).n > 0 &&
	     number_parse(count, SCRAM_ITERATIONS_MAX, &iterations) &&
	     iterations >= SCRAM_ITERATIONS_MIN;
	if (ok) {
		c->secret.iterations = (unsigned)iterations;
		c->secret.salt_octets = buf_str(&salt).n;
		memcpy(c->secret.salt, buf_str(&salt).p, c->secret.salt_octets);
	}
	buf_free(&salt);
	return ok;
}
