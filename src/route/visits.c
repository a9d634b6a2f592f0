#include "route/visits.h"

#include "base/map.h"

#define BUCKETS_FIRST 8 /* most recipients stand for one or two addresses */

static bool widen(struct visits *all, struct arena *a)
{
	size_t count = all->bucket_count ? all->bucket_count * 2 : BUCKETS_FIRST;
	struct visit **buckets = arena_alloc(a, count * sizeof(struct visit *));

	if (!buckets)
		return false;
	for (size_t i = 0; i < all->bucket_count; i++) {
		for (struct visit *v = all->buckets[i], *next; v; v = next) {
			next = v->next;
			v->next = buckets[v->hash & (count - 1)];
			buckets[v->hash & (count - 1)] = v;
		}
	}
	all->buckets = buckets;
	all->bucket_count = count;
	return true;
}

struct visit *visits_get(struct visits *all, struct arena *a, str key)
{
	uint64_t hash = map_hash(key);
	struct visit **at, *v;

	if (all->count >= all->bucket_count && !widen(all, a))
		return NULL;
	at = &all->buckets[hash & (all->bucket_count - 1)];
	for (v = *at; v; v = v->next)
		if (v->hash == hash && str_eq(v->key, key))
			return v;
	v = ARENA_NEW(a, struct visit);
	if (!v || !arena_keep(a, key, &v->key))
		return NULL;
	v->hash = hash;
	v->next = *at;
	*at = v;
	all->count++;
	return v;
}
