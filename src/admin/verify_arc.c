#include "admin/verify.h"

#include "base/mem.h"
#include "flow/questions.h"
#include "sender/arc_verify.h"

static bool step(struct verify_check *c)
{
	for (;;) {
		struct arc_verify_act act = arc_verify_next(c->machine);

		switch (act.kind) {
		case ARC_VERIFY_ASK:
			verify_ask(c, act.name, DNS_TXT, act.ticket);
			break;
		case ARC_VERIFY_WAIT:
			return false;
		case ARC_VERIFY_DONE:
			return true;
		}
	}
}

static void answer(struct verify_check *c, uint32_t ticket, enum resolve_outcome outcome,
	const struct dns_records *records)
{
	arc_verify_answer(c->machine, ticket, questions_key(outcome), records);
}

static const char *result(const struct verify_check *c)
{
	return arc_set_cv(arc_verify_result(c->machine)->cv);
}

static bool again(const struct verify_check *c)
{
	return arc_verify_result(c->machine)->temporary;
}

static void print(const struct verify_check *c, struct buf *out)
{
	const struct arc_verify_result *r = arc_verify_result(c->machine);

	buf_putf(out, "ARC: %s, %u sets\n", arc_set_cv(r->cv), r->count);
	verify_line(out, "sealed by", str_of(r->domain));
	verify_line(out, "who found", r->results);
	if (r->instance > 0)
		buf_putf(out, "  %-12s i=%u\n", "broken at", r->instance);
	verify_line(out, "because", str_of(r->why));
}

static void put_json(const struct verify_check *c, json_t *results)
{
	const struct arc_verify_result *r = arc_verify_result(c->machine);
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
	arc_verify_free(c->machine);
	mem_free(c);
}

static const struct verify_kind kind = { step, answer, NULL, NULL, result, again, print, put_json,
	drop };

struct verify_check *verify_arc(struct verify *v)
{
	struct verify_check *c = MEM_NEW(struct verify_check);

	c->kind = &kind;
	c->verify = v;
	c->machine = arc_verify_new(v->wall_s);
	arc_verify_feed(c->machine, v->message);
	arc_verify_end(c->machine);
	return c;
}
