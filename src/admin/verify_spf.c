#include "admin/verify.h"
#include "base/mem.h"
#include "flow/spf_check.h"

static void begin(struct verify_check *c)
{
	const struct verify *v = c->verify;
	struct spf_request request = { .client = v->client,
		.helo = v->helo,
		.sender = c->sender,
		.receiver = v->hostname,
		.wall_s = v->wall_s };

	c->of_kind = spf_check_new(v->loop, v->resolver, request, verify_run_done, c);
}

static const char *result(const struct verify_check *c)
{
	return spf_result_name(spf_check_verdict(c->of_kind)->result);
}

static bool again(const struct verify_check *c)
{
	return spf_check_verdict(c->of_kind)->result == SPF_TEMPERROR;
}

static void print(const struct verify_check *c, struct buf *out)
{
	const struct spf_verdict *v = spf_check_verdict(c->of_kind);
	char clean[FAIL_TEXT_MAX];

	buf_putf(out, "%s %s: %s\n", c->property, fail_clean(c->value, clean, sizeof clean),
		spf_result_name(v->result));
	verify_line(out, "domain", v->domain);
	verify_line(out, "record", v->record);
	verify_line(out, "decided by", v->mechanism);
	if (v->inner_domain.n > 0) {
		verify_line(out, "included", v->inner_domain);
		verify_line(out, "there by", v->inner);
	}
	verify_line(out, "because", str_of(v->why.text));
	verify_line(out, "explanation", str_of(v->explanation));
	buf_putf(out, "  %-12s %u terms of %d, %u void of %d, %u questions\n", "look-ups",
		v->lookups, SPF_LOOKUPS_MAX, v->voids, SPF_VOIDS_MAX, v->questions);
}

static void put_json(const struct verify_check *c, json_t *results)
{
	const struct spf_verdict *v = spf_check_verdict(c->of_kind);
	json_t *one = json_object(), *inner;

	json_put_str(one, "method", S("spf"));
	json_put_str(one, "result", str_of(spf_result_name(v->result)));
	json_put_str(one, "property", str_of(c->property));
	json_put_str(one, "value", c->value);
	json_put_str(one, "domain", v->domain);
	if (v->record.n > 0)
		json_put_str(one, "record", v->record);
	if (v->mechanism.n > 0)
		json_put_str(one, "mechanism", v->mechanism);
	if (v->inner_domain.n > 0) {
		inner = json_object();
		json_put_str(inner, "domain", v->inner_domain);
		json_put_str(inner, "mechanism", v->inner);
		json_object_set_new(one, "include", inner);
	}
	if (v->why.kind != FAIL_NONE)
		json_put_fail(one, "reason", &v->why);
	if (v->explanation[0])
		json_put_str(one, "explanation", str_of(v->explanation));
	json_put_int(one, "lookups", v->lookups);
	json_put_int(one, "void_lookups", v->voids);
	json_put_int(one, "questions", v->questions);
	json_array_append_new(results, one);
}

static void drop(struct verify_check *c)
{
	spf_check_free(c->of_kind);
	mem_free(c);
}

static const struct verify_kind kind = { begin, result, again, print, put_json, drop };

struct verify_check *verify_spf(struct verify *v, const char *property, str sender)
{
	struct verify_check *c = MEM_NEW(struct verify_check);

	c->kind = &kind;
	c->verify = v;
	c->property = property;
	c->value = sender.n > 0 ? sender : v->helo;
	c->sender = sender;
	return c;
}
