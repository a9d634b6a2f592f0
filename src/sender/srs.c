#include "sender/srs.h"

#include <openssl/crypto.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "dns/name.h"

#define HASH_LETTERS 8
#define DAY_S 86400
#define DAYS 1024       /* two letters of base32 */
#define AHEAD_DAYS 1    /* a clock may be wrong by so much */
#define OCTETS_MAX 2048 /* of what we put together before its length is judged */

static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

/* --- local parts -------------------------------------------------------------------------------
 */

/* The text that a local part means, without the quotes. */
static bool unquote(str local, struct buf *to)
{
	bool quoted = local.n >= 2 && local.p[0] == '"' && str_ends(local, S("\""));

	if (quoted)
		local = str_first(str_skip(local, 1), local.n - 2);
	for (size_t i = 0; i < local.n; i++) {
		if (quoted && local.p[i] == '\\' && ++i == local.n)
			return false;
		if (!buf_add(to, str_from(local.p + i, 1)))
			return false;
	}
	return true;
}

static bool is_dot_atom(str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool dot = c == '.' && i > 0 && i + 1 < text.n && text.p[i - 1] != '.';

		if (!dot && !ascii_letter(c) && !ascii_digit(c) && !ascii_high(c) &&
			!str_has(S("!#$%&'*+-/=?^_`{|}~"), c))
			return false;
	}
	return text.n > 0;
}

/* The address of a text and a domain, quoted where it must be. */
static bool join(str text, str domain, char to[ADDRESS_MAX + 1])
{
	struct buf all = { .limit_octets = ADDRESS_MAX };
	bool quoted = !is_dot_atom(text), ok = !quoted || buf_add(&all, S("\""));
	struct fail why;

	for (size_t i = 0; i < text.n && ok; i++) {
		if (quoted && (text.p[i] == '"' || text.p[i] == '\\'))
			ok = buf_add(&all, S("\\"));
		ok = ok && buf_add(&all, str_from(text.p + i, 1));
	}
	ok = ok && (!quoted || buf_add(&all, S("\""))) && buf_add(&all, S("@")) &&
	     buf_add(&all, domain) && address_parse(buf_str(&all), true, &why);
	if (ok)
		str_to_c(buf_str(&all), to, ADDRESS_MAX + 1);
	buf_free(&all);
	return ok;
}

/* --- hashes ------------------------------------------------------------------------------------
 */

static bool compute(
	const struct srs *s, char kind, str text, struct srs_macs *macs, struct fail *why)
{
	struct buf lower = { 0 };
	bool computed;

	buf_put_char(&lower, kind);
	for (size_t i = 0; i < text.n; i++)
		buf_put_char(&lower, ascii_lower(text.p[i]));
	computed = s->key->mac(s->key, buf_str(&lower), macs, why);
	buf_free(&lower);
	return computed;
}

static void put_hash(const uint8_t mac[SRS_MAC_OCTETS], char hash[HASH_LETTERS])
{
	uint64_t bits = 0;

	for (size_t i = 0; i < HASH_LETTERS * 5 / 8; i++)
		bits = bits << 8 | mac[i];
	for (size_t i = HASH_LETTERS; i-- > 0; bits >>= 5)
		hash[i] = letters[bits & 31];
}

/* GOOD, FORGED or TROUBLE. */
static enum srs_verdict judge_hash(
	const struct srs *s, char kind, str hash, str text, struct fail *why)
{
	char want[HASH_LETTERS], got[HASH_LETTERS];
	struct srs_macs macs;
	bool ours = false;

	if (hash.n != HASH_LETTERS)
		return SRS_FORGED;
	if (!compute(s, kind, text, &macs, why))
		return SRS_TROUBLE;
	for (size_t i = 0; i < HASH_LETTERS; i++)
		got[i] = ascii_lower(hash.p[i]);
	for (size_t i = 0; i < macs.count; i++) {
		put_hash(macs.octets[i], want);
		ours |= CRYPTO_memcmp(want, got, HASH_LETTERS) == 0;
	}
	return ours ? SRS_GOOD : SRS_FORGED;
}

static unsigned today(int64_t wall_s)
{
	return (unsigned)((wall_s > 0 ? wall_s : 0) / DAY_S % DAYS);
}

static bool read_day(str text, unsigned *day)
{
	*day = 0;
	for (size_t i = 0; i < text.n; i++) {
		size_t value = str_find(str_of(letters), ascii_lower(text.p[i]));

		if (value >= 32)
			return false;
		*day = *day * 32 + (unsigned)value;
	}
	return text.n == 2;
}

/* --- encoding ----------------------------------------------------------------------------------
 */

/* "SRS0=" and what follows; the separator may be one of three.  *rest begins with it. */
static bool is_rewritten(str text, char kind, str *rest)
{
	if (text.n < 6 || !str_starts_nocase(text, S("SRS")) || text.p[3] != kind ||
		!str_has(S("=+-"), text.p[4]))
		return false;
	*rest = str_skip(text, 4);
	return true;
}

/* HASH=HOST=REST behind "SRS1="; HOST is a domain. */
static bool split_again(str rest, str *hash, str *host, str *opaque)
{
	char ascii[DNS_NAME_MAX + 1];

	*opaque = str_skip(rest, 1);
	return str_cut(opaque, '=', hash) && str_cut(opaque, '=', host) &&
	       dns_name_ascii(*host, ascii) && opaque->n > 1 && str_has(S("=+-"), opaque->p[0]);
}

/* HASH=DAY=HOST=LOCAL behind "SRS0="; a local part that is "" is one, too. */
static bool split_first(str rest, str *hash, str *day, str *host, str *local)
{
	*local = str_skip(rest, 1);
	return str_cut(local, '=', hash) && str_cut(local, '=', day) && str_cut(local, '=', host) &&
	       host->n > 0;
}

/* What is hashed, and stands behind the hash. */
static char put_signed(str text, str domain, int64_t wall_s, struct buf *to)
{
	unsigned day = today(wall_s);
	str rest, hash, host, local, one;

	if (is_rewritten(text, '1', &rest) && split_again(rest, &hash, &host, &local)) {
		buf_putf(to, "%.*s=%.*s", STR(host), STR(local));
		return '1';
	}
	if (is_rewritten(text, '0', &rest) && split_first(rest, &hash, &one, &host, &local)) {
		buf_putf(to, "%.*s=%.*s", STR(domain), STR(rest));
		return '1';
	}
	buf_putf(
		to, "%c%c=%.*s=%.*s", letters[day / 32], letters[day % 32], STR(domain), STR(text));
	return '0';
}

bool srs_encode(
	const struct srs *s, str sender, int64_t wall_s, char to[ADDRESS_MAX + 1], struct fail *why)
{
	struct buf text = { .limit_octets = OCTETS_MAX }, rest = { 0 }, all = { 0 };
	char hash[HASH_LETTERS], kind;
	struct srs_macs macs;
	bool ok;

	if (!address_parse(sender, true, why) || address_domain(sender).n == 0 ||
		!unquote(address_local(sender), &text)) {
		buf_free(&text);
		return fail_with(why, FAIL_PERMANENT, "5.1.8", "no sender that can be rewritten");
	}
	kind = put_signed(buf_str(&text), address_domain(sender), wall_s, &rest);
	ok = compute(s, kind, buf_str(&rest), &macs, why);
	if (ok) {
		put_hash(macs.octets[0], hash);
		buf_putf(&all, "SRS%c=%.*s=%.*s", kind, HASH_LETTERS, hash, STR(buf_str(&rest)));
		ok = join(buf_str(&all), s->domain, to) ||
		     fail_with(why, FAIL_PERMANENT, "5.1.7",
			     "the rewritten sender would be too long");
	}
	buf_free(&text);
	buf_free(&rest);
	buf_free(&all);
	return ok;
}

/* --- decoding ----------------------------------------------------------------------------------
 */

static enum srs_verdict decode_first(
	const struct srs *s, str rest, int64_t wall_s, char to[ADDRESS_MAX + 1], struct fail *why)
{
	str hash, day_text, host, local;
	enum srs_verdict verdict;
	unsigned day, age;

	if (!split_first(rest, &hash, &day_text, &host, &local) || !read_day(day_text, &day))
		return SRS_FORGED;
	verdict = judge_hash(
		s, '0', hash, str_from(day_text.p, (size_t)(local.p + local.n - day_text.p)), why);
	if (verdict != SRS_GOOD)
		return verdict;
	if (!join(local, host, to))
		return SRS_FORGED;
	age = (today(wall_s) + AHEAD_DAYS + DAYS - day) % DAYS;
	return age <= s->valid_days + AHEAD_DAYS ? SRS_GOOD : SRS_EXPIRED;
}

static enum srs_verdict decode_again(
	const struct srs *s, str rest, char to[ADDRESS_MAX + 1], struct fail *why)
{
	struct buf theirs = { 0 };
	enum srs_verdict verdict;
	str hash, host, opaque;
	bool ok;

	if (!split_again(rest, &hash, &host, &opaque))
		return SRS_FORGED;
	verdict = judge_hash(
		s, '1', hash, str_from(host.p, (size_t)(opaque.p + opaque.n - host.p)), why);
	if (verdict != SRS_GOOD)
		return verdict;
	buf_putf(&theirs, "SRS0%.*s", STR(opaque));
	ok = join(buf_str(&theirs), host, to);
	buf_free(&theirs);
	return ok ? SRS_GOOD : SRS_FORGED;
}

enum srs_verdict srs_decode(
	const struct srs *s, str local, int64_t wall_s, char to[ADDRESS_MAX + 1], struct fail *why)
{
	struct buf text = { .limit_octets = OCTETS_MAX };
	enum srs_verdict verdict = SRS_NONE;
	str rest;

	if (!unquote(local, &text))
		verdict = SRS_NONE;
	else if (is_rewritten(buf_str(&text), '0', &rest))
		verdict = decode_first(s, rest, wall_s, to, why);
	else if (is_rewritten(buf_str(&text), '1', &rest))
		verdict = decode_again(s, rest, to, why);
	buf_free(&text);
	return verdict;
}

bool srs_is(str local)
{
	struct buf text = { .limit_octets = OCTETS_MAX };
	str rest;
	bool is = unquote(local, &text) && (is_rewritten(buf_str(&text), '0', &rest) ||
						   is_rewritten(buf_str(&text), '1', &rest));

	buf_free(&text);
	return is;
}
