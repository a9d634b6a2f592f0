#include "route/lookup_cache.h"

#include <stdatomic.h>

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

struct entry {
	struct list link; /* the one that was asked for last comes last */
	int64_t until_ms;
	bool found;
	str key, value; /* behind it */
};

struct lookup_cache {
	atomic_flag busy; /* held for a look into the map only */
	struct map entries;
	struct list order;
	unsigned entries_max;
	int64_t lifetime_ms;
};

struct lookup_cache *lookup_cache_new(unsigned entries_max, int64_t lifetime_ms)
{
	struct lookup_cache *c = MEM_NEW(struct lookup_cache);

	list_init(&c->order);
	c->entries_max = entries_max;
	c->lifetime_ms = lifetime_ms;
	return c;
}

static void forget(struct lookup_cache *c, struct entry *e)
{
	map_remove(&c->entries, e->key);
	list_remove(&e->link);
	mem_free(e);
}

void lookup_cache_free(struct lookup_cache *c)
{
	if (!c)
		return;
	while (!list_empty(&c->order))
		forget(c, AROUND(list_first(&c->order), struct entry, link));
	map_free(&c->entries);
	mem_free(c);
}

static void lock(struct lookup_cache *c)
{
	while (atomic_flag_test_and_set_explicit(&c->busy, memory_order_acquire))
		;
}

static void unlock(struct lookup_cache *c)
{
	atomic_flag_clear_explicit(&c->busy, memory_order_release);
}

bool lookup_cache_get(
	struct lookup_cache *c, struct arena *a, str key, int64_t now_ms, bool *found, str *value)
{
	struct entry *e;
	bool known = false;

	lock(c);
	e = map_get(&c->entries, key);
	if (e && e->until_ms <= now_ms) {
		forget(c, e);
	} else if (e && arena_keep(a, e->value, value)) {
		known = true;
		*found = e->found;
		list_remove(&e->link);
		list_append(&c->order, &e->link);
	}
	unlock(c);
	return known;
}

void lookup_cache_put(struct lookup_cache *c, str key, int64_t now_ms, bool found, str value)
{
	struct entry *e, *former;
	char *behind;

	if (c->lifetime_ms == 0)
		return;
	e = mem_zero(sizeof *e + key.n + value.n);
	behind = (char *)(e + 1);
	memcpy(behind, key.p, key.n);
	e->key = str_from(behind, key.n);
	if (value.n > 0)
		memcpy(behind + key.n, value.p, value.n);
	e->value = str_from(behind + key.n, value.n);
	e->found = found;
	e->until_ms = now_ms + c->lifetime_ms;
	lock(c);
	former = map_get(&c->entries, key);
	if (former)
		forget(c, former);
	else if (c->entries.count >= c->entries_max)
		forget(c, AROUND(list_first(&c->order), struct entry, link));
	map_set(&c->entries, e->key, e);
	list_append(&c->order, &e->link);
	unlock(c);
}
