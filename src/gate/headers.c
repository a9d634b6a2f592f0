#include "gate/headers.h"

#include "base/buf.h"
#include "mail/fields.h"
#include "route/lookup_rules.h"

#define STEP_OCTETS_MAX (4 * LOOKUP_VALUE_OCTETS_MAX) /* values of one field */

void headers_init(struct headers *h, const struct router *r, headers_note *note, void *owner)
{
	*h = (struct headers){
		.router = r, .note = note, .owner = owner, .budget = { HEADERS_STEPS_MAX }
	};
}

bool headers_any(const struct conf *c)
{
	return c->headers.count > 0;
}

/* One line of it: the line ends go, the blanks behind them stay. */
static void unfold(str field, struct buf *to)
{
	str line;

	while (field.n > 0) {
		(void)str_cut(&field, '\n', &line);
		buf_put(to, str_ends(line, S("\r")) ? str_first(line, line.n - 1) : line);
	}
}

/* What a field comes to. */
struct fate {
	str line;
	bool removed, over; /* over: no more rules */
	struct fail *why;
	struct buf *to;
};

/* False: refused. */
static bool table_failed(
	struct headers *h, const struct lookup *t, const struct fail *cause, struct fate *f)
{
	struct access_decision d = { .what = "header",
		.table = lookup_conf(t),
		.key = f->line,
		.at = lookup_conf(t)->origin,
		.failed = true,
		.why = *cause };
	enum conf_failure means = lookup_failure(t, f->why);

	h->note(h->owner, &d);
	return means == CONF_FAILURE_ACCEPT || means == CONF_FAILURE_HOLD;
}

static bool obey(struct headers *h, const struct lookup *t, const struct lookup_answer *answer,
	struct fate *f)
{
	struct access_decision d = { .what = "header", .table = lookup_conf(t), .key = f->line };
	struct verdict v;
	struct fail cause;

	if (!verdict_parse(answer->value, VERDICT_OF_HEADER, &v, &cause))
		return table_failed(h, t, &cause, f);
	d.kind = v.kind;
	d.text = v.text;
	d.at = answer->at;
	if (v.kind != VERDICT_NONE)
		h->note(h->owner, &d);
	f->removed |= v.kind == VERDICT_REMOVE || v.kind == VERDICT_REPLACE;
	f->over = v.kind == VERDICT_ACCEPT || v.kind == VERDICT_DISCARD || f->removed;
	if (v.kind == VERDICT_REPLACE || v.kind == VERDICT_PREPEND)
		fields_put(v.text, f->to);
	if (v.kind != VERDICT_REFUSE)
		return true;
	fail_reply(f->why, v.code, v.status, "%.*s", STR(v.text));
	conf_origin_print(&d.at, f->why->origin);
	return false;
}

bool headers_judge(struct headers *h, str field, struct buf *to, bool *stays, struct fail *why)
{
	const struct conf_uses *rules = &router_conf(h->router)->headers;
	struct fate fate = { .why = why, .to = to };
	struct buf line = { 0 };
	struct arena a;
	bool ok = true;

	arena_init(&a, STEP_OCTETS_MAX);
	unfold(field, &line);
	fate.line = buf_str(&line);
	for (size_t i = 0; ok && !fate.over && i < rules->count; i++) {
		const struct lookup *t =
			lookup_set_at(router_lookups(h->router), rules->items[i].table);
		struct lookup_answer answer;

		if (!lookup_now(t, &a, fate.line, &h->budget, 0, &answer))
			continue; /* tables of expressions always know */
		if (answer.end == LOOKUP_FOUND)
			ok = obey(h, t, &answer, &fate);
		else if (answer.end == LOOKUP_FAILED)
			ok = table_failed(h, t, &answer.why, &fate);
	}
	*stays = !fate.removed;
	buf_free(&line);
	arena_free(&a);
	return ok;
}
