#include "admin/verify.h"
#include "base/mem.h"
#include "flow/dkim_check.h"
#include "flow/dmarc_check.h"
#include "flow/spf_check.h"
#include "mail/address.h"
#include "sender/author.h"

/* What it stands on; null: that was not run. */
struct ground {
	struct dmarc_check *check;
	const struct verify_check *spf, *dkim;
};

/* What SPF and the signatures came to.  Returns how many. */
static size_t gather(const struct verify_check *spf, const struct verify_check *dkim,
	struct dmarc_identifier ids[DMARC_IDENTIFIERS_MAX])
{
	const struct dkim_verify *signatures = dkim_check_verdicts(dkim->of_kind);
	size_t n = 0, count = dkim_verify_count(signatures);

	if (spf) {
		enum spf_result got = spf_check_verdict(spf->of_kind)->result;
		str at = address_domain(spf->value);

		ids[n++] = (struct dmarc_identifier){ .passed = got == SPF_PASS,
			.unknown = got == SPF_TEMPERROR,
			.domain = at.n > 0 ? at : spf->value };
	}
	for (size_t i = 0; i < count && n < DMARC_IDENTIFIERS_MAX; i++) {
		const struct dkim_verify_result *r = dkim_verify_result(signatures, i);

		ids[n++] = (struct dmarc_identifier){ .dkim = true,
			.passed = r->verdict == DKIM_PASS,
			.unknown = r->verdict == DKIM_TEMPERROR,
			.domain = str_of(r->domain) };
	}
	return n;
}

static void begin(struct verify_check *c)
{
	struct dmarc_identifier ids[DMARC_IDENTIFIERS_MAX];
	str domains[AUTHOR_ADDRESSES_MAX];
	struct ground *on = c->of_kind;
	struct author author;
	struct dmarc_request request = { .from = domains, .identifiers = ids };

	request.identifier_count = gather(on->spf, on->dkim, ids);
	author_gather(dkim_verify_header(dkim_check_verdicts(on->dkim->of_kind)), &author);
	request.fault = author.fault;
	request.from_count = author.count;
	for (size_t i = 0; i < author.count; i++)
		domains[i] = address_domain(str_of(author.addresses[i]));
	on->check =
		dmarc_check_new(c->verify->loop, c->verify->resolver, request, verify_run_done, c);
}

static const struct dmarc_verdict *verdict(const struct verify_check *c)
{
	return dmarc_check_verdict(((const struct ground *)c->of_kind)->check);
}

static const char *result(const struct verify_check *c)
{
	return dmarc_result_name(verdict(c)->result);
}

static bool again(const struct verify_check *c)
{
	return verdict(c)->result == DMARC_TEMPERROR;
}

static const char *aligned(const struct dmarc_verdict *v)
{
	if (v->spf_aligned)
		return v->dkim_aligned ? "spf dkim" : "spf";
	return v->dkim_aligned ? "dkim" : "";
}

static void print(const struct verify_check *c, struct buf *out)
{
	const struct dmarc_verdict *v = verdict(c);

	buf_putf(out, "header.from %s: %s\n", v->domain[0] ? v->domain : "?",
		dmarc_result_name(v->result));
	verify_line(out, "organization", str_of(v->organization));
	verify_line(out, "policy of", str_of(v->policy_domain));
	verify_line(out, "record", v->text);
	if (v->policy_domain[0])
		verify_line(out, "if it fails", str_of(dmarc_record_policy_name(v->policy)));
	verify_line(out, "aligned", str_of(aligned(v)));
	verify_line(out, "because", str_of(v->why.text));
}

static void put_policy(json_t *one, const struct dmarc_verdict *v)
{
	json_put_str(one, "organization", str_of(v->organization));
	if (!v->policy_domain[0])
		return;
	json_put_str(one, "domain", str_of(v->policy_domain));
	json_put_str(one, "record", v->text);
	json_put_str(one, "asked", str_of(dmarc_record_policy_name(v->asked)));
	json_put_str(one, "policy", str_of(dmarc_record_policy_name(v->policy)));
	json_put_bool(one, "testing", v->record.testing);
	json_put_bool(one, "inexistent", v->inexistent);
	json_put_bool(one, "spf_aligned", v->spf_aligned);
	json_put_bool(one, "dkim_aligned", v->dkim_aligned);
}

static void put_json(const struct verify_check *c, json_t *results)
{
	const struct dmarc_verdict *v = verdict(c);
	json_t *one = json_object();

	json_put_str(one, "method", S("dmarc"));
	json_put_str(one, "result", str_of(dmarc_result_name(v->result)));
	json_put_str(one, "property", S("header.from"));
	json_put_str(one, "value", str_of(v->domain));
	put_policy(one, v);
	if (v->why.kind != FAIL_NONE)
		json_put_fail(one, "reason", &v->why);
	json_put_int(one, "questions", v->questions);
	json_array_append_new(results, one);
}

static void drop(struct verify_check *c)
{
	struct ground *on = c->of_kind;

	dmarc_check_free(on->check);
	mem_free(on);
	mem_free(c);
}

static const struct verify_kind kind = { begin, result, again, print, put_json, drop };

struct verify_check *verify_dmarc(
	struct verify *v, const struct verify_check *spf, const struct verify_check *dkim)
{
	struct verify_check *c = MEM_NEW(struct verify_check);
	struct ground *on = MEM_NEW(struct ground);

	*on = (struct ground){ .spf = spf, .dkim = dkim };
	c->kind = &kind;
	c->verify = v;
	c->of_kind = on;
	return c;
}
