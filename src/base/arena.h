/*
 * base/arena - memory with one lifetime and one limit
 *
 * Everything that lives as long as a process, a session, a transaction or a step comes from the
 * arena of that lifetime and goes with it.  An arena that has reached its limit gives null: the
 * stranger who filled it gets 452, and the daemon lives.  A zeroed arena with a limit is ready.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena_page;

struct arena {
	size_t limit_octets; /* never holds more than this; ARENA_UNLIMITED for our own data only */
	size_t held_octets;  /* what its pages cost now */
	struct arena_page *pages;
};

#define ARENA_UNLIMITED SIZE_MAX

void arena_init(struct arena *a, size_t limit_octets);

/* n zeroed bytes, aligned for any type; null when the limit forbids. */
void *arena_alloc(struct arena *a, size_t n) MUST_USE;
#define ARENA_NEW(a, type) ((type *)arena_alloc(a, sizeof(type)))

/* A copy of s, with a NUL behind it that is not counted.  False when the limit forbids. */
bool arena_keep(struct arena *a, str s, str *copy) MUST_USE;

/* The same where the arena has no limit, which is asserted. */
str arena_copy(struct arena *a, str s) MUST_USE;
str arena_printf(struct arena *a, const char *format, ...) PRINTF_LIKE(2, 3) MUST_USE;

/* Forget everything, keep the first page for the next round; or give all of it back. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#endif
