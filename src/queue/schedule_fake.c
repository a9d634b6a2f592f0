#include "queue/schedule_fake.h"

#include <assert.h>
#include <stdio.h>

/* Fuzz targets are linked with this, too: it does without the unit tests' checks. */
static void expect(int got, int wanted)
{
	if (got != wanted)
		fprintf(stderr, "the schedule's act is %d, not %d\n", got, wanted);
	assert(got == wanted);
}

struct router *play_router(const char *text)
{
	struct conf_source source = { .name = S("test.conf"), .text = str_of(text) };
	struct fail why = { 0 };
	struct conf *conf = conf_build(S("/nowhere"), &source, 1, &why);
	struct router *router;
	struct alias_table *no_tables[1] = { 0 };

	if (!conf)
		fprintf(stderr, "%s\n", why.text);
	assert(conf);
	router = router_new(conf, no_tables);
	conf_drop(conf);
	return router;
}

struct schedule *play_begin(const char *text, int64_t now_ms)
{
	struct router *router = play_router(text);
	struct schedule *s = schedule_new(router, 2, 1, now_ms);

	router_drop(router);
	return s;
}

struct schedule *play_schedule(const char *text, int64_t now_ms)
{
	struct schedule *s = play_begin(text, now_ms - HOUR_MS);

	expect(schedule_next(s, now_ms - HOUR_MS).kind, SCHEDULE_IDLE);
	return s;
}

static struct promise *add(struct schedule *s, uint64_t id, const char *const *to, size_t count,
	int64_t due_ms, int64_t now_ms)
{
	struct envelope_rcpt rcpts[8] = { 0 };
	struct envelope e = { .id = id,
		.received_ms = now_ms,
		.sender = S("a@sender.test"),
		.rcpts = rcpts,
		.rcpt_count = count };
	struct content_budget *budget = content_budget_new(1 << 20);
	struct content *content = content_new(budget, 0);
	struct promise *m;

	for (size_t i = 0; i < count; i++)
		rcpts[i].address = rcpts[i].original = str_of(to[i]);
	m = promise_new(&e, content);
	content_drop(content);
	content_budget_drop(budget);
	for (size_t i = 0; i < count; i++)
		m->rcpts[i].next_ms = due_ms;
	schedule_add(s, m, now_ms);
	return m;
}

struct promise *play_add_all(
	struct schedule *s, uint64_t id, const char *const *to, size_t count, int64_t now_ms)
{
	return add(s, id, to, count, 0, now_ms);
}

void play_add_later(struct schedule *s, uint64_t id, const char *to, int64_t due_ms, int64_t now_ms)
{
	(void)add(s, id, &to, 1, due_ms, now_ms);
}

struct promise *play_add(struct schedule *s, uint64_t id, const char *to, int64_t now_ms)
{
	return play_add_all(s, id, &to, 1, now_ms);
}

/* The MX host of x.test and y.mx.test is mx.test: of all names, their last two labels. */
static void answer(struct schedule *s, const struct schedule_act *act, int64_t now_ms)
{
	size_t dot = str_find_last(act->name, '.');
	size_t before = str_find_last(str_first(act->name, dot), '.');
	str host = before < dot ? str_skip(act->name, before + 1) : act->name;

	schedule_resolved(s, act->ticket, &host, 1, 0, now_ms);
}

struct schedule_act play_next(struct schedule *s, int64_t now_ms)
{
	struct schedule_act act;

	while ((act = schedule_next(s, now_ms)).kind == SCHEDULE_RESOLVE)
		answer(s, &act, now_ms);
	return act;
}

struct schedule_act play_start(struct schedule *s, const char *key, int64_t now_ms)
{
	struct schedule_act act = play_next(s, now_ms);

	expect(act.kind, SCHEDULE_START);
	if (!str_eq(act.slot->destination->key, str_of(key)))
		fprintf(stderr, "started to %.*s, not to %s\n", STR(act.slot->destination->key),
			key);
	assert(str_eq(act.slot->destination->key, str_of(key)));
	return act;
}

void play_idle(struct schedule *s, int64_t now_ms)
{
	expect(play_next(s, now_ms).kind, SCHEDULE_IDLE);
}

void play_hang_up(struct schedule *s, int64_t now_ms)
{
	struct schedule_act act = play_next(s, now_ms);

	expect(act.kind, SCHEDULE_HANG_UP);
	schedule_hung_up(s, act.slot, now_ms);
}

void play_deliver(
	struct schedule *s, struct schedule_act *act, enum schedule_after after, int64_t now_ms)
{
	struct promise *m = promise_keep(act->job->message);

	for (size_t i = 0; i < act->job->count; i++)
		schedule_close(s, m, act->job->rcpts[i], SPOOL_DELIVERED);
	schedule_done(s, act->slot, after, NULL, now_ms);
	schedule_job_free(act->job);
	promise_drop(m);
}

void play_trouble(struct schedule *s, struct schedule_act *act, int64_t now_ms)
{
	struct promise *m = promise_keep(act->job->message);
	struct fail why;

	fail_with(&why, FAIL_TEMPORARY, "4.4.1", "refused");
	for (size_t i = 0; i < act->job->count; i++)
		m->rcpts[act->job->rcpts[i]].in_hand = false;
	schedule_add(s, m, now_ms);
	schedule_done(s, act->slot, SCHEDULE_TROUBLE, &why, now_ms);
	schedule_job_free(act->job);
	promise_drop(m);
}

void play_end(struct schedule *s, int64_t now_ms)
{
	struct schedule_act act;

	schedule_stop(s);
	while ((act = schedule_next(s, now_ms)).kind == SCHEDULE_HANG_UP)
		schedule_hung_up(s, act.slot, now_ms);
	schedule_free(s);
}
