/*
 * base/id - numbers for sessions and messages, each given once
 *
 * 42 bits of milliseconds, 10 bits of a node, 12 bits of a counter: they sort by time, and two
 * nodes, or two lives of one node, do not give the same.  When more than 4,096 are wanted in a
 * millisecond, or the clock steps back, they run ahead of it.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/str.h"

struct id_source {
	uint64_t last; /* atomic: milliseconds and counter of the last one */
	uint64_t node; /* 0 to 1023 */
};

void id_source_init(struct id_source *s, uint64_t random);
uint64_t id_next(struct id_source *s, int64_t wall_ms); /* from any thread */

#endif
