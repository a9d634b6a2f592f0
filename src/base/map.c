#include "base/map.h"

#include <xxhash.h>

#include "base/mem.h"

static uint64_t hash_seed;

void map_seed(uint64_t seed)
{
	hash_seed = seed;
}

uint64_t map_hash(str key)
{
	return XXH3_64bits_withSeed(key.n ? key.p : "", key.n, hash_seed);
}

static struct map_entry **find(const struct map *m, str key, uint64_t hash)
{
	struct map_entry **at = &m->buckets[hash & (m->bucket_count - 1)];

	while (*at && ((*at)->hash != hash || !str_eq((*at)->key, key)))
		at = &(*at)->next;
	return at;
}

static void widen(struct map *m)
{
	struct map wide = { .bucket_count = m->bucket_count ? m->bucket_count * 2 : 16 };

	wide.buckets = mem_zero(wide.bucket_count * sizeof(struct map_entry *));
	for (size_t i = 0; i < m->bucket_count; i++) {
		struct map_entry *entry = m->buckets[i];

		while (entry) {
			struct map_entry *next = entry->next;
			struct map_entry **at =
				&wide.buckets[entry->hash & (wide.bucket_count - 1)];

			entry->next = *at;
			*at = entry;
			entry = next;
		}
	}
	mem_free(m->buckets);
	m->buckets = wide.buckets;
	m->bucket_count = wide.bucket_count;
}

void *map_get(const struct map *m, str key)
{
	struct map_entry *entry;

	if (m->count == 0)
		return NULL;
	entry = *find(m, key, map_hash(key));
	return entry ? entry->value : NULL;
}

void *map_set(struct map *m, str key, void *value)
{
	uint64_t hash = map_hash(key);
	struct map_entry **at, *entry;

	if (m->count >= m->bucket_count)
		widen(m);
	at = find(m, key, hash);
	entry = *at;
	if (entry) {
		void *former = entry->value;

		entry->value = value;
		return former;
	}
	entry = mem_alloc(sizeof *entry + key.n);
	if (key.n > 0)
		memcpy(entry + 1, key.p, key.n);
	*entry = (struct map_entry){
		.hash = hash, .value = value, .key = {(char *)(entry + 1), key.n}
	};
	*at = entry;
	m->count++;
	return NULL;
}

void *map_remove(struct map *m, str key)
{
	struct map_entry **at, *entry;
	void *value;

	if (m->count == 0)
		return NULL;
	at = find(m, key, map_hash(key));
	entry = *at;
	if (!entry)
		return NULL;
	value = entry->value;
	*at = entry->next;
	mem_free(entry);
	m->count--;
	return value;
}

static struct map_entry *first_from(const struct map *m, size_t bucket)
{
	while (bucket < m->bucket_count && !m->buckets[bucket])
		bucket++;
	return bucket < m->bucket_count ? m->buckets[bucket] : NULL;
}

struct map_entry *map_next(const struct map *m, const struct map_entry *previous)
{
	if (!previous)
		return first_from(m, 0);
	if (previous->next)
		return previous->next;
	return first_from(m, (previous->hash & (m->bucket_count - 1)) + 1);
}

void map_free(struct map *m)
{
	for (size_t i = 0; i < m->bucket_count; i++) {
		struct map_entry *entry = m->buckets[i];

		while (entry) {
			struct map_entry *next = entry->next;

			mem_free(entry);
			entry = next;
		}
	}
	mem_free(m->buckets);
	*m = (struct map){ 0 };
}
