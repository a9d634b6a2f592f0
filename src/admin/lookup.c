#include "admin/lookup.h"

#include "admin/exit.h"
#include "admin/json.h"
#include "base/list.h"
#include "conf/nearest.h"
#include "route/lookup.h"
#include "world/clock.h"

#define SHOWN_MAX 1000 /* of what the caller typed */

/* One question, and the loop that is run for it. */
struct asked {
	struct loop *loop;
	const struct lookup *table;
	str key;
	struct arena arena;
	struct loop_task begin;
	struct lookup_question question;
	struct lookup_answer answer;
};

static void answered_later(struct lookup_question *q)
{
	struct asked *a = AROUND(q, struct asked, question);

	a->answer = q->answer;
	a->answer.value = arena_copy(&a->arena, q->answer.value);
	loop_stop(a->loop);
}

static void begin(struct loop_task *task)
{
	struct asked *a = AROUND(task, struct asked, begin);

	a->question.answered = answered_later;
	lookup_ask(a->table, a->loop, a->key, &a->question);
}

static void ask(struct asked *a)
{
	if (lookup_now(a->table, &a->arena, a->key, NULL, clock_steady_ms(), &a->answer))
		return;
	a->loop = loop_new("lookup");
	a->begin.run = begin;
	loop_post(a->loop, &a->begin);
	loop_run(a->loop);
	loop_free(a->loop);
}

static void put_unknown(const struct router *r, str table, struct buf *out)
{
	const struct conf *c = router_conf(r);
	struct conf_nearest nearest = { .word = table };
	char shown[80];

	for (size_t i = 0; i < c->table_count; i++)
		conf_nearest_offer(&nearest, c->tables[i].name);
	fail_clean(table, shown, sizeof shown);
	if (c->table_count == 0)
		buf_putf(out, "there is no table %s; the configuration has none\n", shown);
	else
		buf_putf(out, "there is no table %s; the nearest is %.*s\n", shown,
			STR(nearest.best));
}

static void print_json(const struct asked *a, struct buf *out)
{
	char place[CONF_ORIGIN_TEXT_MAX];
	json_t *all = json_object();

	json_put_str(all, "table", lookup_conf(a->table)->name);
	json_put_str(all, "key", a->key);
	json_object_set_new(all, "found", json_boolean(a->answer.end == LOOKUP_FOUND));
	if (a->answer.end == LOOKUP_FOUND)
		json_put_str(all, "value", a->answer.value);
	if (a->answer.end == LOOKUP_FAILED)
		json_put_fail(all, "failed", &a->answer.why);
	if (a->answer.end == LOOKUP_FOUND)
		json_put_str(all, "rule", str_of(conf_origin_print(&a->answer.at, place)));
	json_print(all, out);
}

static void print_text(const struct asked *a, struct buf *out)
{
	char place[CONF_ORIGIN_TEXT_MAX], key[SHOWN_MAX];
	str name = lookup_conf(a->table)->name;

	switch (a->answer.end) {
	case LOOKUP_NONE:
		buf_putf(out, "%.*s has nothing for %s\n", STR(name),
			fail_clean(a->key, key, sizeof key));
		return;
	case LOOKUP_FOUND:
		buf_putf(out, "%.*s\n  %s\n", STR(a->answer.value),
			conf_origin_print(&a->answer.at, place));
		return;
	case LOOKUP_FAILED:
		buf_putf(out, "%s\n", a->answer.why.text);
		return;
	}
}

int lookup_command(
	const struct router *r, str table, str key, bool json, struct buf *out, bool *answered)
{
	static const int codes[] = {
		[LOOKUP_NONE] = EXIT_NO, [LOOKUP_FOUND] = EXIT_DONE, [LOOKUP_FAILED] = EXIT_AGAIN
	};
	struct asked a = { .table = lookup_set_named(router_lookups(r), table), .key = key };

	if (!a.table) {
		put_unknown(r, table, out);
		return EXIT_USAGE;
	}
	arena_init(&a.arena, ARENA_UNLIMITED);
	ask(&a);
	*answered = a.answer.end != LOOKUP_FAILED || json;
	(json ? print_json : print_text)(&a, out);
	arena_free(&a.arena);
	return codes[a.answer.end];
}
