#include "sender/dkim_verify.h"

#include "base/fail.h"
#include "base/mem.h"
#include "dns/name.h"
#include "sender/dkim_body.h"
#include "sender/dkim_header.h"
#include "sender/dkim_key.h"

_Static_assert(DKIM_BODY_DIGESTS_MAX >= DKIM_VERIFY_SIGNATURES_MAX, "each may want its own");

struct signature {
	const struct dkim_header_field *field;
	struct dkim_field parsed;
	size_t lookup, digest;
	struct dkim_verify_result result;
};

struct lookup {
	str name;
	bool asked, answered;
	enum dkim_answer answer;
	struct dkim_key *keys[DKIM_VERIFY_RECORDS_MAX];
	size_t key_count;
};

struct dkim_verify {
	int64_t now_s;
	bool ended, judged;
	struct dkim_header header;
	struct dkim_body body;
	struct signature signatures[DKIM_VERIFY_SIGNATURES_MAX];
	size_t count, ignored;
	struct lookup lookups[DKIM_VERIFY_SIGNATURES_MAX]; /* index + 1 is the ticket */
	size_t lookup_count;
};

struct dkim_verify *dkim_verify_new(int64_t now_s)
{
	struct dkim_verify *v = MEM_NEW(struct dkim_verify);

	v->now_s = now_s;
	return v;
}

void dkim_verify_free(struct dkim_verify *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->lookup_count; i++)
		for (size_t k = 0; k < v->lookups[i].key_count; k++)
			dkim_key_free(v->lookups[i].keys[k]);
	dkim_header_free(&v->header);
	dkim_body_free(&v->body);
	mem_free(v);
}

static void set(struct signature *s, enum dkim_verdict verdict, const char *why)
{
	s->result.verdict = verdict;
	s->result.why = why;
}

/* --- the header is over ----------------------------------------------------------------------- */

static size_t find_lookup(struct dkim_verify *v, const char *query)
{
	for (size_t i = 0; i < v->lookup_count; i++)
		if (str_eq(v->lookups[i].name, str_of(query)))
			return i;
	v->lookups[v->lookup_count].name = str_of(query);
	return v->lookup_count++;
}

/* What the result says of the signature, whatever is wrong with it. */
static void describe(struct signature *s)
{
	const struct dkim_field *f = &s->parsed;
	struct dkim_verify_result *r = &s->result;
	size_t n = 0;

	if (!dns_name_ascii(f->domain, r->domain))
		r->domain[0] = '\0';
	if (!dns_name_ascii(f->selector, r->selector))
		r->selector[0] = '\0';
	if (f->identity.n > 0) {
		fail_clean(f->identity, r->identity, sizeof r->identity);
	} else if (r->domain[0]) {
		r->identity[0] = '@';
		str_to_c(str_of(r->domain), r->identity + 1, sizeof r->identity - 1);
	}
	if (f->signature_n == 0)
		return;
	for (size_t i = 0; i < f->b.n && n < DKIM_VERIFY_B_MAX; i++)
		if (f->b.p[i] > ' ')
			r->b[n++] = f->b.p[i];
}

static void judge_times(const struct dkim_verify *v, struct signature *s)
{
	const struct dkim_field *f = &s->parsed;
	uint64_t now_s = v->now_s > 0 ? (uint64_t)v->now_s : 0;

	if (f->has_expires && f->expires_s < now_s)
		set(s, DKIM_FAIL, "the signature has expired");
	else if (f->has_signed_at && f->signed_at_s > now_s + DKIM_VERIFY_AHEAD_S)
		set(s, DKIM_FAIL, "the signature is from the future");
}

static void add_signature(struct dkim_verify *v, const struct dkim_header_field *field)
{
	struct signature *s;
	str value = field->text, name;
	enum dkim_verdict verdict;
	const char *why = "";

	if (v->count == DKIM_VERIFY_SIGNATURES_MAX) {
		v->ignored++;
		return;
	}
	s = &v->signatures[v->count++];
	s->field = field;
	str_cut(&value, ':', &name);
	verdict = dkim_field_parse(DKIM_SIGNATURE, value, &s->parsed, &why);
	set(s, verdict, why); /* why is said by the call before */
	describe(s);
	if (s->result.verdict != DKIM_PASS)
		return;
	s->result.known = true;
	s->result.algorithm = s->parsed.algorithm;
	judge_times(v, s);
	if (s->result.verdict != DKIM_PASS)
		return;
	set(s, DKIM_NONE, ""); /* not yet judged */
	s->lookup = find_lookup(v, s->parsed.query);
	s->digest = dkim_body_want(
		&v->body, s->parsed.body, s->parsed.has_length ? s->parsed.length : UINT64_MAX);
}

static void header_over(struct dkim_verify *v)
{
	for (size_t i = 0; i < v->header.count; i++)
		if (str_eq_nocase(v->header.fields[i].name, S("DKIM-Signature")))
			add_signature(v, &v->header.fields[i]);
}

void dkim_verify_feed(struct dkim_verify *v, str bytes)
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

void dkim_verify_end(struct dkim_verify *v)
{
	if (!v->header.over) {
		dkim_header_end(&v->header);
		header_over(v);
	}
	dkim_body_end(&v->body);
	v->ended = true;
}

/* --- keys ------------------------------------------------------------------------------------- */

void dkim_verify_answer(struct dkim_verify *v, uint32_t ticket, enum dkim_answer answer,
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
		if (records->records[i].type == DNS_TXT && l->key_count < DKIM_VERIFY_RECORDS_MAX)
			l->keys[l->key_count++] = dkim_key_new(records->records[i].text);
	if (answer == DKIM_FOUND && l->key_count == 0)
		l->answer = DKIM_MISSING;
}

/* --- judging ---------------------------------------------------------------------------------- */

static void digest_header(struct dkim_verify *v, const struct signature *s, uint8_t *digest)
{
	str text = s->field->text, b = s->parsed.b;
	size_t start = (size_t)(b.p - text.p);

	dkim_header_digest(&v->header, s->parsed.header, s->parsed.names, s->field,
		str_first(text, start), str_skip(text, start + b.n), digest);
}

/* Several records of one name are undefined (RFC 6376 section 3.6.2.2): each is tried. */
static void try_keys(struct dkim_verify *v, struct signature *s)
{
	const struct lookup *l = &v->lookups[s->lookup];
	uint8_t digest[DKIM_FIELD_DIGEST];
	bool failed = false;

	digest_header(v, s, digest);
	for (size_t i = 0; i < l->key_count && s->result.verdict != DKIM_PASS; i++) {
		const char *why = "";
		enum dkim_verdict verdict = dkim_key_allows(l->keys[i], &s->parsed, &why);

		if (verdict == DKIM_PASS && !dkim_key_verify(l->keys[i], &s->parsed, digest)) {
			verdict = DKIM_FAIL;
			why = "the signed fields are not as they were signed";
		}
		if (verdict != DKIM_PASS && verdict != DKIM_FAIL && i > 0)
			continue; /* what the first one said is as good */
		if (failed && verdict == DKIM_FAIL)
			continue;
		failed |= verdict == DKIM_FAIL;
		set(s, verdict, why);
		s->result.key_bits = dkim_key_bits(l->keys[i]);
		s->result.testing = dkim_key_testing(l->keys[i]);
	}
}

static void judge(struct dkim_verify *v, struct signature *s)
{
	const struct dkim_body_digest *d = &v->body.digests[s->digest];
	const struct dkim_field *f = &s->parsed;

	if (f->has_length && f->length > d->octets_seen) {
		set(s, DKIM_FAIL, "l= is more than the body has");
		return;
	}
	if (memcmp(d->digest, f->body_digest, sizeof d->digest) != 0) {
		set(s, DKIM_FAIL, "the body is not as it was signed");
		return;
	}
	s->result.unsigned_octets = f->has_length ? d->octets_seen - f->length : 0;
	switch (v->lookups[s->lookup].answer) {
	case DKIM_MISSING:
		set(s, DKIM_PERMERROR, "there is no key");
		return;
	case DKIM_TROUBLE:
		set(s, DKIM_TEMPERROR, "the key could not be looked up");
		return;
	case DKIM_FOUND:
		try_keys(v, s);
		return;
	}
}

struct dkim_verify_act dkim_verify_next(struct dkim_verify *v)
{
	bool open = false;

	for (size_t i = 0; i < v->lookup_count; i++) {
		struct lookup *l = &v->lookups[i];

		if (!l->asked) {
			l->asked = true;
			return (struct dkim_verify_act){
				.kind = DKIM_VERIFY_ASK, .name = l->name, .ticket = (uint32_t)i + 1
			};
		}
		open |= !l->answered;
	}
	if (!v->header.over || open || (v->lookup_count > 0 && !v->ended))
		return (struct dkim_verify_act){ .kind = DKIM_VERIFY_WAIT };
	for (size_t i = 0; i < v->count && !v->judged; i++)
		if (v->signatures[i].result.verdict == DKIM_NONE)
			judge(v, &v->signatures[i]);
	v->judged = true;
	return (struct dkim_verify_act){ .kind = DKIM_VERIFY_DONE };
}

size_t dkim_verify_count(const struct dkim_verify *v)
{
	return v->count;
}

const struct dkim_verify_result *dkim_verify_result(const struct dkim_verify *v, size_t i)
{
	return &v->signatures[i].result;
}

size_t dkim_verify_ignored(const struct dkim_verify *v)
{
	return v->ignored;
}

const struct dkim_header *dkim_verify_header(const struct dkim_verify *v)
{
	return v->header.over ? &v->header : NULL;
}

const char *dkim_verify_name(enum dkim_verdict verdict)
{
	switch (verdict) {
	case DKIM_NONE:
		return "none";
	case DKIM_PASS:
		return "pass";
	case DKIM_FAIL:
		return "fail";
	case DKIM_POLICY:
		return "policy";
	case DKIM_NEUTRAL:
		return "neutral";
	case DKIM_TEMPERROR:
		return "temperror";
	case DKIM_PERMERROR:
		return "permerror";
	}
	return "";
}
