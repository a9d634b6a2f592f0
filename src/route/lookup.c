#include "route/lookup.h"

#include "base/buf.h"
#include "base/list.h"
#include "route/lookup_inside.h"
#include "world/source.h"

const struct conf_table *lookup_conf(const struct lookup *t)
{
	return t->conf;
}

enum conf_failure lookup_failure(const struct lookup *t, struct fail *reply)
{
	enum conf_failure means = t->conf->on_failure;

	if (means == CONF_FAILURE_DEFER)
		fail_reply(reply, 451, "4.3.0",
			"A table of this server gives no answer, try again later");
	else if (means == CONF_FAILURE_REJECT)
		fail_reply(reply, 550, "5.3.0", "A table of this server gives no answer");
	else
		return means;
	conf_origin_print(&t->conf->origin, reply->origin);
	return means;
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static bool failed(const struct lookup *t, struct lookup_answer *answer, const char *cause)
{
	answer->end = LOOKUP_FAILED;
	fail_with(
		&answer->why, FAIL_TEMPORARY, "4.3.0", "table %.*s: %s", STR(t->conf->name), cause);
	conf_origin_print(&answer->at, answer->why.origin);
	return true;
}

static bool find_row(const struct lookup *t, struct arena *a, str key, struct lookup_answer *answer)
{
	struct alias_targets targets;
	struct alias_target target;
	char lower[LOOKUP_KEY_MAX];

	(void)a;
	if (key.n == 0 || key.n > sizeof lower)
		return true;
	if (!alias_table_find(t->rows, lookup_set_fold(key, lower), &targets) ||
		!alias_targets_next(&targets, &target))
		return true;
	answer->end = LOOKUP_FOUND;
	answer->value = target.text;
	answer->at = (struct conf_origin){ target.file, target.line, target.column };
	return true;
}

static bool find_rule(const struct lookup *t, struct arena *a, str key, struct regex_budget *budget,
	struct lookup_answer *answer)
{
	struct regex_budget own = { LOOKUP_STEPS_MAX };
	struct conf_origin at = t->conf->origin;

	switch (lookup_rules_find(t->rules, a, key, budget ? budget : &own, &answer->value, &at)) {
	case REGEX_NONE:
		return true;
	case REGEX_FOUND:
		answer->end = LOOKUP_FOUND;
		answer->at = at;
		return true;
	case REGEX_COSTLY:
		answer->at = at;
		return failed(t, answer, "the expression would take too long");
	}
	return true;
}

bool lookup_now(const struct lookup *t, struct arena *a, str key, struct regex_budget *budget,
	int64_t now_ms, struct lookup_answer *answer)
{
	bool found;

	*answer = (struct lookup_answer){ .at = t->conf->origin };
	if (t->rows)
		return find_row(t, a, key, answer);
	if (t->rules)
		return find_rule(t, a, key, budget, answer);
	if (!lookup_cache_get(t->cache, a, key, now_ms, &found, &answer->value))
		return false;
	answer->end = found ? LOOKUP_FOUND : LOOKUP_NONE;
	return true;
}

bool lookup_row(const struct lookup *t, size_t index, str *value, struct conf_origin *at)
{
	struct alias_targets targets;
	struct alias_target target;
	str key;

	if (t->rules)
		return lookup_rules_row(t->rules, index, value, at);
	if (!t->rows || !alias_table_key(t->rows, index, &key) ||
		!alias_table_find(t->rows, key, &targets) || !alias_targets_next(&targets, &target))
		return false;
	*value = target.text;
	*at = (struct conf_origin){ target.file, target.line, target.column };
	return true;
}

str lookup_row_key(const struct lookup *t, size_t index)
{
	str key;

	return t->rows && alias_table_key(t->rows, index, &key) ? key : S("");
}

/* --- asking -------------------------------------------------------------------------------------
 */

/* The value in the place of %s; %% is a percent sign. */
static void put_result(str format, str value, struct buf *to)
{
	for (size_t i = 0; i < format.n; i++) {
		if (format.p[i] == '%' && i + 1 < format.n && format.p[i + 1] == 's')
			buf_put(to, value);
		else
			buf_put_char(to, format.p[i]);
		i += format.p[i] == '%' && i + 1 < format.n && str_has(S("s%"), format.p[i + 1]);
	}
}

static void on_answered(struct source_question *source)
{
	struct lookup_question *q = AROUND(source, struct lookup_question, source);
	const struct lookup *t = q->table;
	struct buf result = { 0 };
	str value = source->value;

	q->answer = (struct lookup_answer){ .at = t->conf->origin };
	if (source->end == SOURCE_FAILED) {
		failed(t, &q->answer, source->why.text);
		q->answered(q);
		return;
	}
	if (source->end == SOURCE_FOUND && t->conf->result.n > 0) {
		put_result(t->conf->result, value, &result);
		value = buf_str(&result);
	}
	q->answer.end = source->end == SOURCE_FOUND ? LOOKUP_FOUND : LOOKUP_NONE;
	q->answer.value = source->end == SOURCE_FOUND ? value : S("");
	lookup_cache_put(t->cache, q->key, loop_now_ms(q->loop), q->answer.end == LOOKUP_FOUND,
		q->answer.value);
	q->answered(q);
	buf_free(&result);
}

void lookup_ask(const struct lookup *t, struct loop *l, str key, struct lookup_question *q)
{
	q->table = t;
	q->loop = l;
	q->key = key;
	q->source.answered = on_answered;
	source_ask(t->source, l, key, &q->source);
}

void lookup_cancel(struct lookup_question *q)
{
	source_cancel(&q->source);
}
