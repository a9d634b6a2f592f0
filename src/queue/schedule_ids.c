#include "queue/schedule_ids.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "queue/schedule_inside.h"

#define RUN_IDS 4096
#define RUN_BUCKETS 16384 /* a table that was long once is mostly empty */
#define BUCKETS_AHEAD 8

struct run {
	struct heap_node node;
	size_t at, count;
	uint64_t ids[];
};

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static struct run *run_new(size_t ids_max)
{
	struct run *r = mem_alloc(sizeof *r + ids_max * sizeof *r->ids);

	*r = (struct run){ 0 };
	return r;
}

/* Ids sort as what they are, unsigned: from 2039 on the first bit of them is set. */
static int64_t place_of(uint64_t id)
{
	return (int64_t)(id ^ ((uint64_t)1 << 63));
}

/* Into its place among the others, as the ids sort by time; or away, when it has been taken. */
static void run_put(struct schedule_ids *ids, struct run *r)
{
	if (r->at < r->count) {
		heap_set(&ids->runs, &r->node, place_of(r->ids[r->at]));
		return;
	}
	heap_remove(&ids->runs, &r->node);
	mem_free(r);
}

/* A bucket that did not fit is for the next run. */
static bool bucket_fits(struct run *r, const struct schedule_message *e)
{
	size_t count = r->count;

	for (; e && count < RUN_IDS; e = e->next)
		r->ids[count++] = e->id;
	if (e)
		return false;
	r->count = count;
	return true;
}

/* When the table grows between two steps, what was in a bucket is in it, or in one behind it: an id
 * may be seen twice, and none is missed. */
bool schedule_ids_gather(struct schedule_ids *ids, const struct schedule *s)
{
	const struct schedule_messages *t = &s->messages;
	struct run *r = run_new(RUN_IDS);

	/* Messages are far from each other in memory: one that comes soon is fetched ahead. */
	for (size_t n = 0; n < RUN_BUCKETS && ids->bucket < t->bucket_count; n++, ids->bucket++) {
		if (ids->bucket + BUCKETS_AHEAD < t->bucket_count)
			__builtin_prefetch(t->buckets[ids->bucket + BUCKETS_AHEAD]);
		if (!bucket_fits(r, t->buckets[ids->bucket])) {
			assert(r->count > 0);
			break;
		}
	}
	qsort(r->ids, r->count, sizeof *r->ids, by_id);
	run_put(ids, r);
	return ids->bucket < t->bucket_count;
}

void schedule_ids_named(struct schedule_ids *ids, const uint64_t *named, size_t count)
{
	struct run *r = run_new(count);

	r->count = count;
	memcpy(r->ids, named, count * sizeof *named);
	run_put(ids, r);
}

bool schedule_ids_next(struct schedule_ids *ids, uint64_t *id)
{
	struct heap_node *first;
	bool seen = true;

	while (seen && (first = heap_first(&ids->runs))) {
		struct run *r = AROUND(first, struct run, node);

		*id = r->ids[r->at++];
		seen = *id == ids->last;
		run_put(ids, r);
	}
	ids->last = seen ? 0 : *id;
	return !seen;
}

void schedule_ids_free(struct schedule_ids *ids)
{
	struct heap_node *first;

	while ((first = heap_first(&ids->runs))) {
		struct run *r = AROUND(first, struct run, node);

		r->at = r->count;
		run_put(ids, r);
	}
	heap_free(&ids->runs);
}
