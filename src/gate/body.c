#include "gate/body.h"

#include "route/lookup_rules.h"

#define STEP_OCTETS_MAX (4 * LOOKUP_VALUE_OCTETS_MAX) /* values of one line */

void body_rules_init(struct body_rules *b, const struct router *r, headers_note *note, void *owner)
{
	*b = (struct body_rules){ .router = r,
		.note = note,
		.owner = owner,
		.budget = { BODY_STEPS_MAX },
		.left = BODY_OCTETS_MAX,
		.over = !body_rules_any(router_conf(r)) };
}

void body_rules_free(struct body_rules *b)
{
	buf_free(&b->line);
}

bool body_rules_any(const struct conf *c)
{
	return c->body.count > 0;
}

static void table_failed(
	struct body_rules *b, const struct lookup *t, str line, const struct fail *cause)
{
	struct access_decision d = { .what = "body",
		.table = lookup_conf(t),
		.key = line,
		.at = lookup_conf(t)->origin,
		.failed = true,
		.why = *cause };
	enum conf_failure means = lookup_failure(t, &b->refusal);

	b->note(b->owner, &d);
	b->over = means == CONF_FAILURE_DEFER || means == CONF_FAILURE_REJECT;
}

/* True: no other rule is asked about this line. */
static bool obey(
	struct body_rules *b, const struct lookup *t, str line, const struct lookup_answer *answer)
{
	struct access_decision d = { .what = "body", .table = lookup_conf(t), .key = line };
	struct verdict v;
	struct fail cause;

	if (!verdict_parse(answer->value, VERDICT_OF_BODY, &v, &cause)) {
		table_failed(b, t, line, &cause);
		return b->over;
	}
	d.kind = v.kind;
	d.text = v.text;
	d.at = answer->at;
	if (v.kind != VERDICT_NONE)
		b->note(b->owner, &d);
	if (v.kind == VERDICT_REFUSE) {
		fail_reply(&b->refusal, v.code, v.status, "%.*s", STR(v.text));
		conf_origin_print(&d.at, b->refusal.origin);
	}
	b->over |= v.kind == VERDICT_REFUSE || v.kind == VERDICT_DISCARD;
	return b->over || v.kind == VERDICT_ACCEPT;
}

static void judge(struct body_rules *b, str line)
{
	const struct conf_uses *rules = &router_conf(b->router)->body;
	bool done = b->over;
	struct arena a;

	arena_init(&a, STEP_OCTETS_MAX);
	for (size_t i = 0; !done && i < rules->count; i++) {
		const struct lookup *t =
			lookup_set_at(router_lookups(b->router), rules->items[i].table);
		struct lookup_answer answer;

		if (!lookup_now(t, &a, line, &b->budget, 0, &answer))
			continue; /* tables of expressions always know */
		if (answer.end == LOOKUP_FOUND)
			done = obey(b, t, line, &answer);
		else if (answer.end == LOOKUP_FAILED)
			table_failed(b, t, line, &answer.why);
		done |= b->over;
	}
	arena_free(&a);
}

static void end_line(struct body_rules *b)
{
	str line = buf_str(&b->line);

	judge(b, str_ends(line, S("\r")) ? str_first(line, line.n - 1) : line);
	buf_clear(&b->line);
}

void body_rules_feed(struct body_rules *b, str bytes)
{
	bytes = str_first(bytes, b->left);
	b->left -= bytes.n;
	while (!b->over && bytes.n > 0) {
		size_t end = str_find(bytes, '\n');
		size_t room = BODY_LINE_MAX - buf_str(&b->line).n;
		size_t n = end < room ? end : room;

		n = n < bytes.n ? n : bytes.n;
		buf_put(&b->line, str_first(bytes, n));
		bytes = str_skip(bytes, n);
		if (str_starts(bytes, S("\n"))) {
			bytes = str_skip(bytes, 1);
			end_line(b);
		} else if (buf_str(&b->line).n == BODY_LINE_MAX) {
			end_line(b);
		}
	}
	if (b->left == 0)
		body_rules_end(b);
}

void body_rules_end(struct body_rules *b)
{
	if (!b->over && buf_str(&b->line).n > 0)
		end_line(b);
	b->over = true;
}

const struct fail *body_rules_refusal(const struct body_rules *b)
{
	return b->refusal.kind != FAIL_NONE ? &b->refusal : NULL;
}
