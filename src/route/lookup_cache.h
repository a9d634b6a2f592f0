/*
 * route/lookup_cache - what a table answered lately
 *
 * So many answers and no more, each for so long and no longer; the one that was not asked for
 * longest goes first.  Threads may use it at the same time.
 */
#ifndef ROUTE_LOOKUP_CACHE_H
#define ROUTE_LOOKUP_CACHE_H

#include "base/arena.h"

struct lookup_cache;

struct lookup_cache *lookup_cache_new(unsigned entries_max, int64_t lifetime_ms) MUST_USE;
void lookup_cache_free(struct lookup_cache *c); /* null is allowed */

/* True: it is known; *found says whether there is a value, which is in the arena.  An arena that
 * has no room knows nothing. */
bool lookup_cache_get(struct lookup_cache *c, struct arena *a, str key, int64_t now_ms, bool *found,
	str *value) MUST_USE;
void lookup_cache_put(struct lookup_cache *c, str key, int64_t now_ms, bool found, str value);

#endif
