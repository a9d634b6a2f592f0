#include "login/scheme.h"

#include <argon2.h>
#include <crypt.h>
#include <openssl/crypto.h>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/mem.h"
#include "base/number.h"

/* What one comparison may cost: about ten seconds of a core, or a quarter of a GiB. */
#define BCRYPT_COST_MAX 16
#define SHA512_ROUNDS_MAX 20000000
#define ARGON2_KIB_MAX (256 * 1024)
#define ARGON2_PASSES_MAX 64
#define ARGON2_LANES_MAX 16
#define ARGON2_KIB_MIN 4096

/* What we make: RFC 9106's second choice, with less memory, so that a few at once are no trouble;
 * iterations that cost about as much as yescrypt's default does. */
#define MAKE_ARGON2_KIB 19456
#define MAKE_ARGON2_PASSES 3
#define MAKE_ARGON2_OCTETS 32
#define MAKE_ITERATIONS 120000
#define MAKE_BCRYPT_COST 12
#define MAKE_SHA512_ROUNDS 500000

const char scheme_names[] = "SCRAM-SHA-256, ARGON2ID, YESCRYPT, BCRYPT, SHA512-CRYPT";

static bool refuse(struct fail *why, const char *text)
{
	return fail_with(why, FAIL_PERMANENT, "", "%s", text);
}

/* --- crypt(5) --------------------------------------------------------------------------------- */

static const struct {
	str prefix, scheme; /* Dovecot's own name for it, besides CRYPT */
} crypt_methods[] = {
	{STR_INIT("$y$"),   STR_INIT("CRYPT")       },
	{ STR_INIT("$2a$"), STR_INIT("BLF-CRYPT")   },
	{ STR_INIT("$2b$"), STR_INIT("BLF-CRYPT")   },
	{ STR_INIT("$2y$"), STR_INIT("BLF-CRYPT")   },
	{ STR_INIT("$6$"),  STR_INIT("SHA512-CRYPT")},
};

static bool too_costly(str text)
{
	uint64_t n = 0;
	str part;

	if (str_starts(text, S("$2"))) {
		part = str_first(str_skip(text, 4), 2);
		return !number_parse(part, BCRYPT_COST_MAX, &n);
	}
	if (!str_starts(text, S("$6$rounds=")))
		return false;
	text = str_skip(text, 10);
	str_cut(&text, '$', &part);
	return !number_parse(part, SHA512_ROUNDS_MAX, &n);
}

static bool parse_crypt(str scheme, str text, struct fail *why)
{
	char setting[SCHEME_TEXT_MAX];
	const char *method = NULL;

	for (size_t i = 0; i < LENGTH(crypt_methods); i++)
		if (str_starts(text, crypt_methods[i].prefix) &&
			(str_eq_nocase(scheme, S("CRYPT")) ||
				str_eq_nocase(scheme, crypt_methods[i].scheme)))
			method = crypt_methods[i].prefix.p;
	if (!method)
		return refuse(why, "of crypt's hashes only yescrypt ($y$), bcrypt ($2b$) and "
				   "sha512crypt ($6$) are strong enough");
	if (too_costly(text))
		return refuse(why, "this hash would take too long to be compared");
	if (crypt_checksalt(str_to_c(text, setting, sizeof setting)) != CRYPT_SALT_OK)
		return refuse(why, "crypt does not know this hash, or finds it weak");
	return true;
}

static bool crypt_matches(str text, str password)
{
	struct crypt_data *data = MEM_NEW(struct crypt_data);
	char setting[SCHEME_TEXT_MAX], phrase[CRYPT_MAX_PASSPHRASE_SIZE];
	const char *made = NULL;
	bool same;

	str_to_c(text, setting, sizeof setting);
	str_to_c(password, phrase, sizeof phrase);
	if (password.n < sizeof phrase)
		made = crypt_rn(phrase, setting, data, sizeof *data);
	same = made && strlen(made) == text.n && CRYPTO_memcmp(made, text.p, text.n) == 0;
	OPENSSL_cleanse(phrase, sizeof phrase);
	OPENSSL_cleanse(data, sizeof *data);
	mem_free(data);
	return same;
}

static bool make_crypt(const char *prefix, unsigned long cost, str password,
	const unsigned char *random, struct buf *to, struct fail *why)
{
	struct crypt_data *data = MEM_NEW(struct crypt_data);
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], phrase[CRYPT_MAX_PASSPHRASE_SIZE];
	const char *made = NULL;

	str_to_c(password, phrase, sizeof phrase);
	if (password.n < sizeof phrase && crypt_gensalt_rn(prefix, cost, (const char *)random,
						  SCHEME_RANDOM_OCTETS, setting, sizeof setting))
		made = crypt_rn(phrase, setting, data, sizeof *data);
	if (made)
		buf_putf(to, "{CRYPT}%s", made);
	else
		refuse(why, "crypt cannot make a hash of this password");
	OPENSSL_cleanse(phrase, sizeof phrase);
	OPENSSL_cleanse(data, sizeof *data);
	mem_free(data);
	return made != NULL;
}

/* --- Argon2 ----------------------------------------------------------------------------------- */

struct argon2 {
	uint32_t kib, passes, lanes;
	struct buf salt, hash;
};

static void argon2_free(struct argon2 *a)
{
	buf_free(&a->salt);
	buf_free(&a->hash);
}

/* base64 without padding. */
static bool read_unpadded(str text, struct buf *to)
{
	char padded[SCHEME_TEXT_MAX + 4];
	size_t n = text.n;

	if (n > SCHEME_TEXT_MAX)
		return false;
	memcpy(padded, text.p, n);
	while (n % 4 != 0)
		padded[n++] = '=';
	return base64_decode(str_from(padded, n), to);
}

/* "m=65536" */
static bool read_number(str *rest, char letter, uint64_t max, uint32_t *to)
{
	uint64_t n;
	str part;

	str_cut(rest, ',', &part);
	if (part.n < 3 || part.p[0] != letter || part.p[1] != '=' ||
		!number_parse(str_skip(part, 2), max, &n) || n == 0)
		return false;
	*to = (uint32_t)n;
	return true;
}

/* "$argon2id$v=19$m=65536,t=3,p=1$SALT$HASH" */
static bool argon2_read(str text, struct argon2 *a)
{
	str rest = text, numbers, salt;

	*a = (struct argon2){ 0 };
	if (!str_starts(rest, S("$argon2id$v=19$")))
		return false;
	rest = str_skip(rest, 15);
	return str_cut(&rest, '$', &numbers) && str_cut(&rest, '$', &salt) &&
	       read_number(&numbers, 'm', UINT32_MAX, &a->kib) &&
	       read_number(&numbers, 't', UINT32_MAX, &a->passes) &&
	       read_number(&numbers, 'p', UINT32_MAX, &a->lanes) && numbers.n == 0 &&
	       read_unpadded(salt, &a->salt) && read_unpadded(rest, &a->hash) &&
	       buf_str(&a->salt).n >= ARGON2_MIN_SALT_LENGTH && buf_str(&a->hash).n >= 16;
}

static bool parse_argon2(str text, struct fail *why)
{
	struct argon2 a;
	bool known = argon2_read(text, &a);
	bool weak = known && a.kib < ARGON2_KIB_MIN;
	bool costly = known && (a.kib > ARGON2_KIB_MAX || a.passes > ARGON2_PASSES_MAX ||
				       a.lanes > ARGON2_LANES_MAX);

	argon2_free(&a);
	if (!known)
		return refuse(why, "behind {ARGON2ID} stands what argon2 prints, "
				   "$argon2id$v=19$m=...,t=...,p=...$SALT$HASH");
	if (weak)
		return refuse(why, "this Argon2id hash uses less than 4 MiB, which is weak");
	return costly ? refuse(why, "this hash would take too long, or too much memory, to be "
				    "compared: at most m=262144, t=64 and p=16")
		      : true;
}

/* All lanes in this thread: the pool counts them. */
static bool argon2_compute(const struct argon2 *a, str password, unsigned char *to, size_t n)
{
	str salt = buf_str(&a->salt);
	argon2_context context = { .out = to,
		.outlen = (uint32_t)n,
		.pwd = (uint8_t *)password.p, /* it is left as it is, without CLEAR_PASSWORD */
		.pwdlen = (uint32_t)password.n,
		.salt = (uint8_t *)salt.p,
		.saltlen = (uint32_t)salt.n,
		.t_cost = a->passes,
		.m_cost = a->kib,
		.lanes = a->lanes,
		.threads = 1,
		.version = ARGON2_VERSION_13 };

	return argon2id_ctx(&context) == ARGON2_OK;
}

static bool argon2_matches(str text, str password)
{
	struct argon2 a;
	unsigned char made[SCHEME_TEXT_MAX];
	bool same = argon2_read(text, &a) && buf_str(&a.hash).n <= sizeof made &&
		    argon2_compute(&a, password, made, buf_str(&a.hash).n) &&
		    CRYPTO_memcmp(made, buf_str(&a.hash).p, buf_str(&a.hash).n) == 0;

	argon2_free(&a);
	return same;
}

static void put_unpadded(str bytes, struct buf *to)
{
	struct buf text = { 0 };

	if (base64_encode(bytes, &text)) {
		str s = buf_str(&text);

		while (s.n > 0 && s.p[s.n - 1] == '=')
			s.n--;
		buf_put(to, s);
	}
	buf_free(&text);
}

static bool make_argon2(str password, const unsigned char *random, struct buf *to, struct fail *why)
{
	struct argon2 a = { .kib = MAKE_ARGON2_KIB, .passes = MAKE_ARGON2_PASSES, .lanes = 1 };
	unsigned char made[MAKE_ARGON2_OCTETS];
	bool done;

	buf_put(&a.salt, str_from(random, SCHEME_RANDOM_OCTETS));
	done = argon2_compute(&a, password, made, sizeof made);
	if (done) {
		buf_putf(to, "{ARGON2ID}$argon2id$v=19$m=%u,t=%u,p=1$", a.kib, a.passes);
		put_unpadded(buf_str(&a.salt), to);
		buf_put_char(to, '$');
		put_unpadded(str_from(made, sizeof made), to);
	} else {
		refuse(why, "there is not enough memory for Argon2id");
	}
	argon2_free(&a);
	return done;
}

/* --- all of them ------------------------------------------------------------------------------ */

static bool parse_text(str scheme, struct scheme_hash *hash, struct fail *why)
{
	char shown[40];

	if (str_eq_nocase(scheme, S("CRYPT")) || str_eq_nocase(scheme, S("BLF-CRYPT")) ||
		str_eq_nocase(scheme, S("SHA512-CRYPT"))) {
		hash->kind = SCHEME_CRYPT;
		return parse_crypt(scheme, hash->text, why);
	}
	if (str_eq_nocase(scheme, S("ARGON2ID"))) {
		hash->kind = SCHEME_ARGON2ID;
		return parse_argon2(hash->text, why);
	}
	if (str_eq_nocase(scheme, S("SCRAM-SHA-256"))) {
		hash->kind = SCHEME_SCRAM;
		return scram_secret_parse(hash->text, &hash->scram, why);
	}
	return fail_with(why, FAIL_PERMANENT, "",
		"{%s} is weak, or unknown: {CRYPT} (yescrypt, bcrypt, sha512), {ARGON2ID} and "
		"{SCRAM-SHA-256} are taken",
		fail_clean(scheme, shown, sizeof shown));
}

bool scheme_parse(str field, struct scheme_hash *hash, struct fail *why)
{
	str scheme = S("CRYPT");

	*hash = (struct scheme_hash){ .text = field };
	if (str_starts(field, S("{"))) {
		hash->text = str_skip(field, 1);
		if (!str_cut(&hash->text, '}', &scheme))
			return refuse(why, "the scheme of the password has no closing brace");
	} else if (!str_starts(field, S("$"))) {
		return refuse(why, "there is no hash of a password, {SCHEME} in front of it");
	}
	if (hash->text.n >= SCHEME_TEXT_MAX)
		return refuse(why, "the hash of the password is too long");
	return parse_text(scheme, hash, why);
}

bool scheme_matches(const struct scheme_hash *hash, str password)
{
	switch (hash->kind) {
	case SCHEME_CRYPT:
		return crypt_matches(hash->text, password);
	case SCHEME_ARGON2ID:
		return argon2_matches(hash->text, password);
	case SCHEME_SCRAM:
		return scram_secret_matches(&hash->scram, password);
	}
	return false;
}

bool scheme_make(str name, str password, const unsigned char random[SCHEME_RANDOM_OCTETS],
	struct buf *to, struct fail *why)
{
	if (str_eq_nocase(name, S("SCRAM-SHA-256"))) {
		struct scram_secret secret = { .iterations = MAKE_ITERATIONS,
			.salt_octets = SCHEME_RANDOM_OCTETS };

		memcpy(secret.salt, random, SCHEME_RANDOM_OCTETS);
		scram_secret_derive(&secret, password);
		buf_put(to, S("{SCRAM-SHA-256}"));
		scram_secret_print(&secret, to);
		return true;
	}
	if (str_eq_nocase(name, S("ARGON2ID")))
		return make_argon2(password, random, to, why);
	if (str_eq_nocase(name, S("YESCRYPT")) || str_eq_nocase(name, S("CRYPT")))
		return make_crypt("$y$", 0, password, random, to, why);
	if (str_eq_nocase(name, S("BCRYPT")))
		return make_crypt("$2b$", MAKE_BCRYPT_COST, password, random, to, why);
	if (str_eq_nocase(name, S("SHA512-CRYPT")))
		return make_crypt("$6$", MAKE_SHA512_ROUNDS, password, random, to, why);
	return fail_with(why, FAIL_PERMANENT, "", "unknown scheme; there are %s", scheme_names);
}
