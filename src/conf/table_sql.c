/*
 * conf/table_sql - the queries of Postfix, with bound parameters
 *
 * Postfix pastes an escaped key into the text; here "%s", with single quotes around it or without,
 * becomes a parameter, so there is nothing that could be escaped wrongly.
 */
#include "base/ascii.h"
#include "base/buf.h"
#include "conf/table.h"

struct reading {
	str text;
	size_t at;
	struct buf to;
	struct source_setup *setup;
	struct fail *why;
};

static bool is_parameter(str s)
{
	return s.n >= 2 && s.p[0] == '%' && str_has(S("sud"), s.p[1]);
}

static bool put_parameter(struct reading *r, char what)
{
	struct source_setup *s = r->setup;

	if (s->parameter_count == SOURCE_PARAMETERS_MAX)
		return fail_with(r->why, FAIL_PERMANENT, "5.3.5",
			"a query has at most %d parameters", SOURCE_PARAMETERS_MAX);
	s->parameters[s->parameter_count++] = what;
	buf_putf(&r->to, "%c%u", s->kind == SOURCE_PGSQL ? '$' : '?', s->parameter_count);
	return true;
}

/* A literal: text, or nothing but a parameter. */
static bool take_literal(struct reading *r)
{
	str rest = str_skip(r->text, r->at);

	if (is_parameter(str_skip(rest, 1)) && rest.n > 3 && rest.p[3] == '\'' &&
		!str_starts(str_skip(rest, 4), S("'"))) {
		r->at += 4;
		return put_parameter(r, rest.p[2]);
	}
	buf_put_char(&r->to, '\'');
	for (r->at++; r->at < r->text.n; r->at++) {
		rest = str_skip(r->text, r->at);
		if (is_parameter(rest))
			return fail_with(r->why, FAIL_PERMANENT, "5.3.5",
				"'%%%c' stands inside a longer text; put it together in SQL: "
				"'...' || %%%c",
				rest.p[1], rest.p[1]);
		if (str_starts(rest, S("%%")))
			r->at++;
		buf_put_char(&r->to, rest.p[0]);
		if (rest.p[0] == '\'')
			break; /* of two in a row, the second begins another literal */
	}
	if (r->at == r->text.n)
		return fail_with(r->why, FAIL_PERMANENT, "5.3.5", "this quote is not closed: '");
	r->at++;
	return true;
}

static bool take(struct reading *r)
{
	str rest = str_skip(r->text, r->at);

	if (rest.p[0] == '\'')
		return take_literal(r);
	if (is_parameter(rest)) {
		r->at += 2;
		return put_parameter(r, rest.p[1]);
	}
	if (rest.p[0] == '%' && !str_starts(rest, S("%%")))
		return fail_with(r->why, FAIL_PERMANENT, "5.3.5",
			"'%%' is followed by 's', 'u', 'd' or another '%%'");
	if (rest.p[0] == '$' || rest.p[0] == '?')
		return fail_with(r->why, FAIL_PERMANENT, "5.3.5",
			"'%c' stands for no parameter: write %%s, %%u or %%d", rest.p[0]);
	buf_put_char(&r->to, rest.p[0]);
	r->at += rest.p[0] == '%' ? 2 : 1;
	return true;
}

bool conf_table_sql(struct arena *a, str text, struct source_setup *setup, struct fail *why)
{
	struct reading r = { .text = text, .setup = setup, .why = why };
	bool ok = true;

	setup->parameter_count = 0;
	while (ok && r.at < text.n)
		ok = take(&r);
	if (ok && setup->parameter_count == 0)
		ok = fail_with(why, FAIL_PERMANENT, "5.3.5",
			"a query without %%s, %%u or %%d answers every key alike");
	if (ok)
		setup->query = arena_copy(a, buf_str(&r.to));
	buf_free(&r.to);
	return ok;
}
