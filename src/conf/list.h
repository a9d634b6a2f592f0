/*
 * conf/list - arrays that grow in an arena
 *
 * An array of count items has room for the next power of two of them; what it outgrew stays behind
 * in the arena, which is never more than it holds itself.
 */
#ifndef CONF_LIST_H
#define CONF_LIST_H

#include "base/arena.h"

/* Append a copy of one item to { items, count }.  The arena has no limit. */
#define CONF_LIST_ADD(arena, list_items, list_count, item)                                      \
	do {                                                                                    \
		__typeof__(*(list_items)) conf_list_item = (item);                              \
		(list_items) = conf_list_add(                                                   \
			arena, list_items, list_count, &conf_list_item, sizeof conf_list_item); \
		(list_count)++;                                                                 \
	} while (0)

void *conf_list_add(struct arena *a, const void *items, size_t count, const void *item,
	size_t item_octets) MUST_USE;

#endif
