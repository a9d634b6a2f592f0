#include "sender/arc_seal.h"

#include <openssl/evp.h>

#include "base/base64.h"
#include "base/mem.h"
#include "dns/name.h"

#define LINE_OCTETS 72 /* of base64 */

struct arc_seal {
	struct arc_seal_setup setup;
	struct arc_seal_found found;
	struct dkim_sign_key key;
	struct dkim_header header;
	struct buf bytes; /* of the message, until the header is over */
	struct dkim_sign *message;
	struct arc_sets sets;
};

struct arc_seal *arc_seal_new(const struct arc_seal_setup *setup)
{
	struct arc_seal *s = MEM_NEW(struct arc_seal);

	s->setup = *setup;
	s->key = (struct dkim_sign_key){
		.domain = setup->domain, .selector = setup->selector, .signer = setup->signer
	};
	return s;
}

void arc_seal_free(struct arc_seal *s)
{
	if (!s)
		return;
	dkim_sign_free(s->message);
	dkim_header_free(&s->header);
	buf_free(&s->bytes);
	mem_free(s);
}

/* The number of our set is known once the header is over; only then signing can begin. */
static void header_over(struct arc_seal *s)
{
	struct dkim_sign_setup setup = { .header = DKIM_CANON_RELAXED,
		.body = DKIM_CANON_RELAXED,
		.keys = &s->key,
		.key_count = 1,
		.now_s = s->setup.now_s };

	arc_set_gather(&s->header, &s->sets);
	setup.arc_instance = (unsigned)s->sets.count + 1;
	s->message = dkim_sign_new(&setup);
	dkim_sign_feed(s->message, buf_str(&s->bytes));
	buf_free(&s->bytes);
}

void arc_seal_feed(struct arc_seal *s, str bytes)
{
	str rest = bytes;

	if (s->message) {
		dkim_sign_feed(s->message, bytes);
		return;
	}
	buf_put(&s->bytes, bytes);
	dkim_header_feed(&s->header, &rest);
	if (s->header.over)
		header_over(s);
}

static bool may_seal(const struct arc_seal *s, struct fail *why)
{
	const struct arc_sets *sets = &s->sets;

	if (s->header.too_large)
		return fail_with(why, FAIL_PERMANENT, "5.7.20", "the header is too large to seal");
	if (sets->count == ARC_SETS_MAX)
		return fail_with(why, FAIL_PERMANENT, "5.7.29", "the ARC chain is full");
	if (sets->count > 0 && sets->items[sets->count - 1].seal &&
		sets->items[sets->count - 1].cv == ARC_FAIL)
		return fail_with(why, FAIL_PERMANENT, "5.7.29", "the ARC chain says it has failed");
	if ((sets->count == 0) != (s->found.cv == ARC_NONE) ||
		(s->found.cv == ARC_PASS && sets->fault))
		return fail_with(
			why, FAIL_PERMANENT, "5.7.29", "the ARC chain is not as it was judged");
	return true;
}

static void put_results(const struct arc_seal *s, struct buf *to)
{
	buf_putf(to, "ARC-Authentication-Results: i=%u; %.*s", (unsigned)s->sets.count + 1,
		STR(str_trim(s->found.results)));
}

/* A chain that failed is sealed anew: its last seal covers nothing but its own set, section 5.1.2.
 */
static void digest(const struct arc_seal *s, str results, str message, str front,
	uint8_t to[DKIM_FIELD_DIGEST])
{
	EVP_MD_CTX *sum = EVP_MD_CTX_new();

	EVP_DigestInit_ex(sum, EVP_sha256(), NULL);
	for (size_t i = 0; i < s->sets.count && s->found.cv == ARC_PASS; i++) {
		arc_set_add(sum, s->sets.items[i].results->text);
		arc_set_add(sum, s->sets.items[i].message->text);
		arc_set_add(sum, s->sets.items[i].seal->text);
	}
	arc_set_add(sum, results);
	arc_set_add(sum, message);
	arc_set_digest(sum, front, S(""), to);
	EVP_MD_CTX_free(sum);
}

static bool put_front(const struct arc_seal *s, struct buf *to, struct fail *why)
{
	char domain[DNS_NAME_MAX + 1], selector[DNS_NAME_MAX + 1];

	if (!dns_name_ascii(s->setup.domain, domain) ||
		!dns_name_ascii(s->setup.selector, selector))
		return fail_with(why, FAIL_PERMANENT, "5.7.20", "no name to seal with");
	buf_putf(to, "ARC-Seal: i=%u; a=%s; t=%lld; cv=%s;\r\n\td=%s; s=%s;\r\n\tb=",
		(unsigned)s->sets.count + 1, dkim_field_algorithm(s->setup.signer->algorithm),
		(long long)s->setup.now_s, arc_set_cv(s->found.cv), domain, selector);
	return true;
}

static void put_base64(const uint8_t *octets, size_t n, struct buf *to)
{
	struct buf text = { 0 };
	str rest;

	if (!base64_encode(str_from(octets, n), &text))
		return; /* without a limit it cannot fail */
	for (rest = buf_str(&text); rest.n > 0; rest = str_skip(rest, LINE_OCTETS)) {
		buf_put(to, str_first(rest, LINE_OCTETS));
		if (rest.n > LINE_OCTETS)
			buf_put(to, S("\r\n\t "));
	}
	buf_free(&text);
}

static bool put_seal(
	const struct arc_seal *s, str results, str message, struct buf *to, struct fail *why)
{
	uint8_t sum[DKIM_FIELD_DIGEST], signature[DKIM_FIELD_SIGNATURE_MAX];
	size_t n = 0;

	if (!put_front(s, to, why))
		return false;
	digest(s, results, message, buf_str(to), sum);
	if (!s->setup.signer->sign(s->setup.signer->owner, sum, signature, &n, why))
		return fail_while(why, " while sealing as %.*s", STR(s->setup.domain));
	put_base64(signature, n, to);
	return true;
}

bool arc_seal_end(struct arc_seal *s, const struct arc_seal_found *found, struct buf *fields,
	struct fail *why)
{
	struct buf results = { 0 }, message = { 0 }, seal = { 0 };
	bool ok;

	s->found = *found;
	if (!s->message) {
		dkim_header_end(&s->header);
		header_over(s);
	}
	put_results(s, &results);
	ok = may_seal(s, why) && dkim_sign_end(s->message, &message, why) &&
	     put_seal(s, buf_str(&results), str_trim_right(buf_str(&message)), &seal, why);
	if (ok) {
		buf_put(fields, buf_str(&seal));
		buf_put(fields, S("\r\n"));
		buf_put(fields, buf_str(&message));
		buf_put(fields, buf_str(&results));
		buf_put(fields, S("\r\n"));
	}
	buf_free(&results);
	buf_free(&message);
	buf_free(&seal);
	return ok;
}
