#include "admin/verify.h"

#include "base/mem.h"
#include "flow/arc_check.h"

static void begin(struct verify_check *c)
{
	const struct verify *v = c->verify;

	c->of_kind = arc_check_new(v->loop, v->resolver, v->wall_s);
	arc_check_feed(c->of_kind, v->message);
	arc_check_end(c->of_kind, verify_run_done, c);
}

static const char *result(const struct verify_check *c)
{
	return arc_set_cv(arc_check_result(c->of_kind)->cv);
}

static bool again(const struct verify_check *c)
{
	return arc_check_result(c->of_kind)->temporary;
}

static void print(const struct verify_check *c, struct buf *out)
{
	const struct arc_verify_result *r = arc_check_result(c->of_kind);

	buf_putf(out, "ARC: %s, %u sets\n", arc_set_cv(r->cv), r->count);
	verify_line(out, "sealed by", str_of(r->domain));
	verify_line(out, "who found", r->results);
	if (r->instance > 0)
		buf_putf(out, "  %-12s i=%u\n", "broken at", r->instance);
	verify_line(out, "because", str_of(r->why));
}

static void put_json(const struct verify_check *c, json_t *results)
{
	const struct arc_verify_result *r = arc_check_result(c->of_kind);
	json_t *one = json_object(), *reason;

	json_put_str(one, "method", S("arc"));
	json_put_str(one, "result", str_of(arc_set_cv(r->cv)));
	json_put_int(one, "sets", r->count);
	if (r->domain[0]) {
		json_put_str(one, "property", S("header.d"));
		json_put_str(one, "value", str_of(r->domain));
		json_put_str(one, "found", r->results);
	}
	if (r->why[0]) {
		reason = json_object();
		json_put_str(reason, "text", str_of(r->why));
		if (r->instance > 0)
			json_put_int(reason, "instance", r->instance);
		json_object_set_new(one, "reason", reason);
	}
	json_array_append_new(results, one);
}

static void drop(struct verify_check *c)
{
	arc_check_free(c->of_kind);
	mem_free(c);
}

static const struct verify_kind kind = { begin, result, again, print, put_json, drop };

struct verify_check *verify_arc(struct verify *v)
{
	struct verify_check *c = MEM_NEW(struct verify_check);

	c->kind = &kind;
	c->verify = v;
	return c;
}
