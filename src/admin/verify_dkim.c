#include "admin/verify.h"

#include "base/mem.h"
#include "flow/dkim_check.h"

static void begin(struct verify_check *c)
{
	const struct verify *v = c->verify;

	c->of_kind = dkim_check_new(v->loop, v->resolver, v->wall_s);
	dkim_check_feed(c->of_kind, v->message);
	dkim_check_end(c->of_kind, verify_run_done, c);
}

/* A signature that passes is enough; else what the first one came to. */
static enum dkim_verdict verdict(const struct verify_check *c)
{
	size_t count = dkim_verify_count(dkim_check_verdicts(c->of_kind));

	for (size_t i = 0; i < count; i++)
		if (dkim_verify_result(dkim_check_verdicts(c->of_kind), i)->verdict == DKIM_PASS)
			return DKIM_PASS;
	return count > 0 ? dkim_verify_result(dkim_check_verdicts(c->of_kind), 0)->verdict
			 : DKIM_NONE;
}

static const char *result(const struct verify_check *c)
{
	return dkim_verify_name(verdict(c));
}

static bool again(const struct verify_check *c)
{
	return verdict(c) == DKIM_TEMPERROR;
}

static void print_one(const struct dkim_verify_result *r, struct buf *out)
{
	buf_putf(out, "header.d %s: %s\n", r->domain[0] ? r->domain : "?",
		dkim_verify_name(r->verdict));
	verify_line(out, "selector", str_of(r->selector));
	verify_line(out, "identity", str_of(r->identity));
	if (r->known)
		verify_line(out, "algorithm", str_of(dkim_field_algorithm(r->algorithm)));
	if (r->key_bits > 0)
		buf_putf(out, "  %-12s %u bits%s\n", "key", r->key_bits,
			r->testing ? ", on trial" : "");
	if (r->unsigned_octets > 0)
		buf_putf(out, "  %-12s %llu octets behind what l= covers\n", "unsigned",
			(unsigned long long)r->unsigned_octets);
	verify_line(out, "because", str_of(r->why));
}

static void print(const struct verify_check *c, struct buf *out)
{
	size_t count = dkim_verify_count(dkim_check_verdicts(c->of_kind)),
	       ignored = dkim_verify_ignored(dkim_check_verdicts(c->of_kind));

	if (count == 0)
		buf_put(out, S("DKIM: none, the message is not signed\n"));
	for (size_t i = 0; i < count; i++)
		print_one(dkim_verify_result(dkim_check_verdicts(c->of_kind), i), out);
	if (ignored > 0)
		buf_putf(out, "%zu more signatures were not looked at\n", ignored);
}

static json_t *one_json(const struct dkim_verify_result *r)
{
	json_t *one = json_object(), *reason;

	json_put_str(one, "method", S("dkim"));
	json_put_str(one, "result", str_of(dkim_verify_name(r->verdict)));
	json_put_str(one, "property", S("header.d"));
	json_put_str(one, "value", str_of(r->domain));
	json_put_str(one, "selector", str_of(r->selector));
	json_put_str(one, "identity", str_of(r->identity));
	json_put_str(one, "b", str_of(r->b));
	if (r->known)
		json_put_str(one, "algorithm", str_of(dkim_field_algorithm(r->algorithm)));
	if (r->key_bits > 0) {
		json_put_int(one, "bits", r->key_bits);
		json_put_bool(one, "testing", r->testing);
	}
	json_put_int(one, "unsigned_octets", (int64_t)r->unsigned_octets);
	if (r->why[0]) {
		reason = json_object();
		json_put_str(reason, "text", str_of(r->why));
		json_object_set_new(one, "reason", reason);
	}
	return one;
}

static void put_json(const struct verify_check *c, json_t *results)
{
	json_t *none;

	for (size_t i = 0; i < dkim_verify_count(dkim_check_verdicts(c->of_kind)); i++)
		json_array_append_new(
			results, one_json(dkim_verify_result(dkim_check_verdicts(c->of_kind), i)));
	if (dkim_verify_count(dkim_check_verdicts(c->of_kind)) > 0)
		return;
	none = json_object();
	json_put_str(none, "method", S("dkim"));
	json_put_str(none, "result", S("none"));
	json_array_append_new(results, none);
}

static void drop(struct verify_check *c)
{
	dkim_check_free(c->of_kind);
	mem_free(c);
}

static const struct verify_kind kind = { begin, result, again, print, put_json, drop };

struct verify_check *verify_dkim(struct verify *v)
{
	struct verify_check *c = MEM_NEW(struct verify_check);

	c->kind = &kind;
	c->verify = v;
	return c;
}
