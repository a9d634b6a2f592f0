#include "base/tally.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/mem.h"

static struct tally_row *row_of(struct heap_node *heap_node)
{
	return AROUND(heap_node, struct tally_row, node);
}

void tally_init(struct tally *t)
{
	*t = (struct tally){ .exact = true };
}

static void drop(struct tally *t, struct tally_row *row)
{
	heap_remove(&t->by_count, &row->node);
	(void)map_remove(&t->rows, row->key);
	mem_free((char *)row->key.p);
	mem_free(row);
}

void tally_free(struct tally *t)
{
	struct heap_node *node;

	while ((node = heap_first(&t->by_count)))
		drop(t, row_of(node));
	heap_free(&t->by_count);
	map_free(&t->rows);
}

struct tally_row *tally_add(struct tally *t, str key, int64_t by)
{
	struct tally_row *row;
	int64_t before = 0;

	key = str_first(key, TALLY_KEY_OCTETS_MAX);
	row = map_get(&t->rows, key);
	if (!row) {
		if (t->rows.count == TALLY_KEYS_MAX) {
			struct heap_node *rarest = heap_first(&t->by_count);

			before = rarest->at;
			t->exact = false;
			drop(t, row_of(rarest));
		}
		row = MEM_NEW(struct tally_row);
		row->key = mem_copy(key);
		row->error = before;
		map_set(&t->rows, row->key, row);
		heap_set(&t->by_count, &row->node, before);
	}
	heap_set(&t->by_count, &row->node, row->node.at + by);
	return row;
}

static bool goes_before(const struct tally_row *a, const struct tally_row *b)
{
	return a->node.at != b->node.at ? a->node.at > b->node.at : str_compare(a->key, b->key) < 0;
}

size_t tally_top(const struct tally *t, const struct tally_row **to, size_t max)
{
	size_t count = 0;

	for (size_t i = 1; i <= t->by_count.count; i++) {
		const struct tally_row *row = row_of(t->by_count.nodes[i]);
		size_t at = count < max ? count++ : max;

		for (; at > 0 && goes_before(row, to[at - 1]); at--)
			if (at < max)
				to[at] = to[at - 1];
		if (at < max)
			to[at] = row;
	}
	return count;
}
