/*
 * base/heap - the earliest of many moments, threaded through the structures that wait
 *
 * Each structure holds a heap_node; a zeroed node is in no heap.  Nothing is owned but the array of
 * pointers.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include "base/str.h"

struct heap_node {
	int64_t at;  /* the key; change it only through heap_set */
	size_t slot; /* place in the array, from 1; 0: in no heap */
};

struct heap {
	struct heap_node **nodes; /* nodes[1] is the earliest */
	size_t count, size;
};

void heap_set(struct heap *h, struct heap_node *node, int64_t at); /* insert or move */
void heap_remove(struct heap *h, struct heap_node *node);          /* one in no heap is allowed */
struct heap_node *heap_first(const struct heap *h) MUST_USE;       /* null when empty */
void heap_free(struct heap *h);

#endif
