/*
 * base/map - a hash table from bytes to a pointer
 *
 * Keys are copied, values are not owned.  Strangers choose many of our keys, so the hash is keyed:
 * map_seed is called once, at the start, with a random number.  A zeroed map is ready.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

struct map_entry {
	struct map_entry *next;
	uint64_t hash;
	void *value;
	str key; /* owned by the map */
};

struct map {
	struct map_entry **buckets;
	size_t bucket_count, count;
};

void map_seed(uint64_t seed);
uint64_t map_hash(str key) MUST_USE;

void *map_get(const struct map *m, str key) MUST_USE; /* null when absent */
void *map_set(struct map *m, str key, void *value);   /* returns the former value, or null */
void *map_remove(struct map *m, str key);             /* returns the value, or null */
void map_free(struct map *m);                         /* the table and its keys, not the values */

/* Walk all entries, in no particular order: start with null, until null.  The table may not change
 * during the walk, but for the removal of entries already passed. */
struct map_entry *map_next(const struct map *m, const struct map_entry *previous) MUST_USE;

#endif
