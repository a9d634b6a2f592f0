/* world/source in the simulated world: tables of rows, which are slow, hung or dead as the seed
 * wants it. */
#include "world/source.h"

#include "base/list.h"
#include "base/mem.h"
#include "test/sim/sim.h"
#include "test/sim/source.h"
#include "test/sim/trace.h"

struct source_faults source_faults;

struct source {
	const struct source_setup *setup;
};

struct source_ask {
	struct sim_event event;
	struct source_question *question; /* null: nobody waits any more */
	bool dead, hung;
	str place; /* the setup may go before the event does */
	str key;   /* by mem_copy, both */
};

static unsigned unended;

unsigned source_unended(void)
{
	return unended;
}

bool source_check(const struct source_setup *setup, struct fail *why)
{
	(void)setup;
	(void)why;
	return true;
}

void source_prepare(enum source_kind kind)
{
	(void)kind;
}

struct source *source_open(const struct source_setup *setup)
{
	struct source *s = MEM_NEW(struct source);

	s->setup = setup;
	return s;
}

void source_close(struct source *s)
{
	mem_free(s);
}

static str rows_of(str place)
{
	for (size_t i = 0; i < source_faults.table_count; i++)
		if (str_eq(source_faults.tables[i].place, place))
			return source_faults.tables[i].rows;
	return S("");
}

static bool find(str place, str key, str *value)
{
	str rest = rows_of(place), line, word;

	while (rest.n > 0) {
		str_cut(&rest, '\n', &line);
		if (str_word(&line, &word) && str_eq(word, key)) {
			*value = str_trim(line);
			return true;
		}
	}
	return false;
}

static void ask_drop(struct sim_event *e)
{
	struct source_ask *a = AROUND(e, struct source_ask, event);

	unended--;
	mem_free((char *)a->place.p);
	mem_free((char *)a->key.p);
	mem_free(a);
}

static void ask_run(struct sim_event *e)
{
	struct source_ask *a = AROUND(e, struct source_ask, event);
	struct source_question *q = a->question;

	if (q) {
		q->ask = NULL;
		q->end = SOURCE_NONE;
		q->value = S("");
		if (a->dead || a->hung) {
			q->end = SOURCE_FAILED;
			fail_with(&q->why, FAIL_TEMPORARY, "4.3.0", "simulated: %s",
				a->dead ? "dead" : "no answer");
		} else if (find(a->place, a->key, &q->value)) {
			q->end = SOURCE_FOUND;
		}
		trace("table %.*s: %s", STR(a->key),
			q->end == SOURCE_FAILED  ? q->why.text
			: q->end == SOURCE_FOUND ? "found"
						 : "nothing");
		q->answered(q);
	}
	ask_drop(e);
}

void source_ask(struct source *s, struct loop *l, str key, struct source_question *q)
{
	struct source_ask *a = MEM_NEW(struct source_ask);
	int64_t late_ns = sim_between(50000, source_faults.latency_ns_max);

	a->event = (struct sim_event){ .run = ask_run, .drop = ask_drop };
	a->question = q;
	a->place = mem_copy(s->setup->place);
	a->key = mem_copy(key);
	a->dead = sim_chance(source_faults.dead_per_mille);
	a->hung = !a->dead && sim_chance(source_faults.hung_per_mille);
	if (a->hung)
		late_ns = s->setup->timeout_ms * SIM_MS;
	q->ask = a;
	unended++;
	sim_push(l, &a->event, sim_here_ns() + late_ns);
}

void source_cancel(struct source_question *q)
{
	if (q->ask)
		q->ask->question = NULL;
	q->ask = NULL;
}
