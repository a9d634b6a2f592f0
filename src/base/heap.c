#include "base/heap.h"

#include "base/mem.h"

static void place(struct heap *h, struct heap_node *node, size_t slot)
{
	h->nodes[slot] = node;
	node->slot = slot;
}

static void sift(struct heap *h, struct heap_node *node, size_t slot)
{
	while (slot > 1 && h->nodes[slot / 2]->at > node->at) {
		place(h, h->nodes[slot / 2], slot);
		slot /= 2;
	}
	for (size_t child = slot * 2; child <= h->count; child = slot * 2) {
		if (child < h->count && h->nodes[child + 1]->at < h->nodes[child]->at)
			child++;
		if (h->nodes[child]->at >= node->at)
			break;
		place(h, h->nodes[child], slot);
		slot = child;
	}
	place(h, node, slot);
}

void heap_set(struct heap *h, struct heap_node *node, int64_t at)
{
	node->at = at;
	if (node->slot == 0) {
		h->count++;
		if (h->count >= h->size) {
			h->size = h->size ? h->size * 2 : 16;
			h->nodes = mem_grow(h->nodes, h->size * sizeof *h->nodes);
		}
		node->slot = h->count;
	}
	sift(h, node, node->slot);
}

void heap_remove(struct heap *h, struct heap_node *node)
{
	size_t slot = node->slot;
	struct heap_node *last;

	if (slot == 0)
		return;
	last = h->nodes[h->count--];
	node->slot = 0;
	if (last != node)
		sift(h, last, slot);
}

struct heap_node *heap_first(const struct heap *h)
{
	return h->count ? h->nodes[1] : NULL;
}

void heap_free(struct heap *h)
{
	mem_free(h->nodes);
	*h = (struct heap){ 0 };
}
