#include "sender/arc_verify.h"

#include <openssl/evp.h>

#include "base/mem.h"
#include "dns/name.h"
#include "sender/dkim_body.h"
#include "sender/dkim_key.h"

/* A signature of the chain: the last message signature, or a seal. */
struct link {
	struct dkim_field parsed;
	const struct dkim_header_field *field;
	unsigned instance;
	size_t lookup;
};

struct lookup {
	str name;
	bool asked, answered;
	enum dkim_answer answer;
	struct dkim_key *keys[ARC_RECORDS_MAX];
	size_t key_count;
};

struct arc_verify {
	int64_t now_s;
	bool ended, done;
	struct dkim_header header;
	struct dkim_body body;
	size_t digest; /* of the body */
	struct arc_sets sets;
	struct link *message, *seals;            /* seals: one a set */
	struct lookup lookups[ARC_SETS_MAX + 1]; /* index + 1 is the ticket */
	size_t lookup_count;
	struct arc_verify_result result;
};

struct arc_verify *arc_verify_new(int64_t now_s)
{
	struct arc_verify *v = MEM_NEW(struct arc_verify);

	v->now_s = now_s;
	v->result.why = "";
	return v;
}

void arc_verify_free(struct arc_verify *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->lookup_count; i++)
		for (size_t k = 0; k < v->lookups[i].key_count; k++)
			dkim_key_free(v->lookups[i].keys[k]);
	dkim_header_free(&v->header);
	dkim_body_free(&v->body);
	mem_free(v->message);
	mem_free(v->seals);
	mem_free(v);
}

const struct arc_verify_result *arc_verify_result(const struct arc_verify *v)
{
	return &v->result;
}

static void fail(struct arc_verify *v, unsigned instance, const char *why)
{
	v->done = true;
	v->result.cv = ARC_FAIL;
	v->result.instance = instance;
	v->result.why = why;
}

/* --- the header is over ------------------------------------------------------------------------
 */

static size_t find_lookup(struct arc_verify *v, const char *query)
{
	for (size_t i = 0; i < v->lookup_count; i++)
		if (str_eq(v->lookups[i].name, str_of(query)))
			return i;
	v->lookups[v->lookup_count].name = str_of(query);
	return v->lookup_count++;
}

static bool signs_seals(const struct dkim_field *f)
{
	str names = f->names, name;

	while (dkim_field_word(&names, &name))
		if (str_eq_nocase(name, S("ARC-Seal")))
			return true;
	return false;
}

static bool read_link(struct arc_verify *v, enum dkim_form form, struct link *l,
	const struct dkim_header_field *field, size_t instance)
{
	str value = field->text, name;
	const char *why = "";

	l->field = field;
	l->instance = (unsigned)instance;
	str_cut(&value, ':', &name);
	if (dkim_field_parse(form, value, &l->parsed, &why) != DKIM_PASS) {
		fail(v, l->instance, why);
		return false;
	}
	if (form == DKIM_ARC_MESSAGE && signs_seals(&l->parsed)) {
		fail(v, l->instance, "a message signature signs seals");
		return false;
	}
	l->lookup = find_lookup(v, l->parsed.query);
	return true;
}

static void describe(struct arc_verify *v)
{
	const struct arc_set *last = &v->sets.items[v->sets.count - 1];

	if (!dns_name_ascii(v->seals[v->sets.count - 1].parsed.domain, v->result.domain))
		v->result.domain[0] = '\0';
	v->result.results = arc_set_results(last);
}

static void header_over(struct arc_verify *v)
{
	const struct arc_set *sets = v->sets.items;
	size_t count;
	bool ok = true;

	arc_set_gather(&v->header, &v->sets);
	count = v->sets.count;
	v->result.count = (unsigned)count;
	if (v->header.too_large || v->sets.fault) {
		fail(v, 0, v->sets.fault ? v->sets.fault : "the header is too large");
		return;
	}
	if (count == 0) {
		v->done = true;
		return;
	}
	v->message = MEM_NEW(struct link);
	v->seals = mem_zero(count * sizeof *v->seals);
	ok = read_link(v, DKIM_ARC_MESSAGE, v->message, sets[count - 1].message, count);
	for (size_t i = 0; i < count && ok; i++)
		ok = read_link(v, DKIM_ARC_SEAL, &v->seals[i], sets[i].seal, i + 1);
	if (!ok)
		return;
	describe(v);
	v->digest = dkim_body_want(&v->body, v->message->parsed.body,
		v->message->parsed.has_length ? v->message->parsed.length : UINT64_MAX);
}

void arc_verify_feed(struct arc_verify *v, str bytes)
{
	if (!v->header.over) {
		dkim_header_feed(&v->header, &bytes);
		if (!v->header.over)
			return;
		header_over(v);
		dkim_body_feed(&v->body, dkim_header_rest(&v->header));
	}
	dkim_body_feed(&v->body, bytes);
}

void arc_verify_end(struct arc_verify *v)
{
	if (!v->header.over) {
		dkim_header_end(&v->header);
		header_over(v);
	}
	dkim_body_end(&v->body);
	v->ended = true;
}

/* --- keys --------------------------------------------------------------------------------------
 */

void arc_verify_answer(struct arc_verify *v, uint32_t ticket, enum dkim_answer answer,
	const struct dns_records *records)
{
	struct lookup *l;

	if (ticket == 0 || ticket > v->lookup_count || !v->lookups[ticket - 1].asked ||
		v->lookups[ticket - 1].answered)
		return;
	l = &v->lookups[ticket - 1];
	l->answered = true;
	l->answer = answer;
	for (size_t i = 0; answer == DKIM_FOUND && records && i < records->count; i++)
		if (records->records[i].type == DNS_TXT && l->key_count < ARC_RECORDS_MAX)
			l->keys[l->key_count++] = dkim_key_new(records->records[i].text);
	if (answer == DKIM_FOUND && l->key_count == 0)
		l->answer = DKIM_MISSING;
}

/* --- judging -----------------------------------------------------------------------------------
 */

static bool judge_link(struct arc_verify *v, const struct link *l, const uint8_t *digest)
{
	const struct lookup *k = &v->lookups[l->lookup];
	const char *why = "there is no key";

	if (k->answer == DKIM_TROUBLE) {
		v->result.temporary = true;
		why = "a key could not be looked up";
	}
	for (size_t i = 0; i < k->key_count; i++) {
		if (dkim_key_allows(k->keys[i], &l->parsed, &why) != DKIM_PASS)
			continue;
		if (dkim_key_verify(k->keys[i], &l->parsed, digest))
			return true;
		why = "what was signed is not as it was";
	}
	fail(v, l->instance, why);
	return false;
}

static bool judge_message(struct arc_verify *v)
{
	const struct dkim_body_digest *d = &v->body.digests[v->digest];
	const struct dkim_field *f = &v->message->parsed;
	str text = v->message->field->text, b = f->b;
	size_t start = (size_t)(b.p - text.p);
	uint8_t digest[DKIM_FIELD_DIGEST];
	uint64_t now_s = v->now_s > 0 ? (uint64_t)v->now_s : 0;

	if (f->has_expires && f->expires_s < now_s) {
		fail(v, v->message->instance, "the message signature has expired");
		return false;
	}
	if ((f->has_length && f->length > d->octets_seen) ||
		memcmp(d->digest, f->body_digest, sizeof d->digest) != 0) {
		fail(v, v->message->instance, "the body is not as it was signed");
		return false;
	}
	dkim_header_digest(&v->header, f->header, f->names, v->message->field,
		str_first(text, start), str_skip(text, start + b.n), digest);
	return judge_link(v, v->message, digest);
}

static bool judge_seals(struct arc_verify *v)
{
	EVP_MD_CTX *sum = EVP_MD_CTX_new();
	uint8_t digest[DKIM_FIELD_DIGEST];
	bool ok = true;

	EVP_DigestInit_ex(sum, EVP_sha256(), NULL);
	for (size_t i = 0; i < v->sets.count && ok; i++) {
		const struct arc_set *set = &v->sets.items[i];
		str text = set->seal->text, b = v->seals[i].parsed.b;
		size_t start = (size_t)(b.p - text.p);

		arc_set_add(sum, set->results->text);
		arc_set_add(sum, set->message->text);
		arc_set_digest(sum, str_first(text, start), str_skip(text, start + b.n), digest);
		arc_set_add(sum, text);
		ok = judge_link(v, &v->seals[i], digest);
	}
	EVP_MD_CTX_free(sum);
	return ok;
}

static bool ask(struct arc_verify *v, struct arc_verify_act *act, size_t *open)
{
	for (size_t i = 0; i < v->lookup_count; i++) {
		struct lookup *l = &v->lookups[i];

		*open += l->asked && !l->answered;
		if (l->asked || *open >= ARC_OPEN_MAX)
			continue;
		l->asked = true;
		*act = (struct arc_verify_act){
			.kind = ARC_VERIFY_ASK, .name = l->name, .ticket = (uint32_t)i + 1
		};
		return true;
	}
	return false;
}

struct arc_verify_act arc_verify_next(struct arc_verify *v)
{
	struct arc_verify_act act = { .kind = ARC_VERIFY_WAIT };
	size_t open = 0;

	if (v->done || (v->header.over && ask(v, &act, &open)))
		return v->done ? (struct arc_verify_act){ .kind = ARC_VERIFY_DONE } : act;
	if (!v->header.over || open > 0 || !v->ended)
		return act;
	if (judge_message(v) && judge_seals(v)) {
		v->done = true;
		v->result.cv = ARC_PASS;
	}
	return (struct arc_verify_act){ .kind = ARC_VERIFY_DONE };
}
