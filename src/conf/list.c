#include "conf/list.h"

#include <assert.h>

void *conf_list_add(
	struct arena *a, const void *items, size_t count, const void *item, size_t item_octets)
{
	bool full = (count & (count - 1)) == 0; /* 0, 1, 2, 4, 8, ... */
	char *room = (char *)items;

	if (full) {
		room = arena_alloc(a, (count ? count * 2 : 1) * item_octets);
		assert(room);
		if (count > 0)
			memcpy(room, items, count * item_octets);
	}
	memcpy(room + count * item_octets, item, item_octets);
	return room;
}
