#include "base/id.h"

#define COUNTER_BITS 12
#define NODE_BITS 10

void id_source_init(struct id_source *s, uint64_t random)
{
	*s = (struct id_source){ .node = random & ((1U << NODE_BITS) - 1) };
}

uint64_t id_next(struct id_source *s, int64_t wall_ms)
{
	uint64_t now = (uint64_t)wall_ms << COUNTER_BITS;
	uint64_t last = __atomic_load_n(&s->last, __ATOMIC_RELAXED);
	uint64_t next;

	do {
		next = now > last ? now : last + 1;
	} while (!__atomic_compare_exchange_n(
		&s->last, &last, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return next >> COUNTER_BITS << (NODE_BITS + COUNTER_BITS) | s->node << COUNTER_BITS |
	       (next & ((1U << COUNTER_BITS) - 1));
}
