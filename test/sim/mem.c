#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/list.h"
#include "test/sim/sim.h"

/* What stands before every piece: whose it is, so that a power cut frees all of a machine's memory
 * and P8 can be checked.  Each piece is malloc's own, so AddressSanitizer sees every overflow. */
struct block {
	struct list link;
	struct node *node; /* null: the world's own */
	size_t n;
};

_Static_assert(sizeof(struct block) % _Alignof(max_align_t) == 0, "keeps what follows aligned");

static struct node *owner; /* of what is allocated now */
static struct list world = { &world, &world };

struct node *mem_as(struct node *n)
{
	struct node *before = owner;

	owner = n;
	return before;
}

static void attach(struct block *b, struct node *node, size_t n)
{
	b->node = node;
	b->n = n;
	list_append(node ? &node->memory : &world, &b->link);
	if (!node)
		return;
	node->held_octets += n;
	if (node->held_octets > node->held_octets_max)
		node->held_octets_max = node->held_octets;
	if (node->limit_octets && node->held_octets > node->limit_octets)
		sim_fail("P8: %s holds %zu octets of memory, more than %zu", node->name,
			node->held_octets, node->limit_octets);
}

static void detach(struct block *b)
{
	if (b->node)
		b->node->held_octets -= b->n;
	list_remove(&b->link);
}

static void *block_new(size_t n, bool zero)
{
	struct block *b = zero ? calloc(1, sizeof *b + n) : malloc(sizeof *b + n);

	if (!b)
		abort();
	attach(b, owner, n);
	return b + 1;
}

void *mem_alloc(size_t n)
{
	return block_new(n, false);
}

void *mem_zero(size_t n)
{
	return block_new(n, true);
}

void *mem_grow(void *p, size_t n)
{
	struct block *b;
	struct node *node;

	if (!p)
		return mem_alloc(n);
	b = (struct block *)p - 1;
	node = b->node;
	detach(b);
	b = realloc(b, sizeof *b + n);
	if (!b)
		abort();
	attach(b, node, n);
	return b + 1;
}

void mem_free(void *p)
{
	struct block *b;

	if (!p)
		return;
	b = (struct block *)p - 1;
	detach(b);
	free(b);
}

void mem_node_free(struct node *n)
{
	LIST_EACH_SAFE (link, n ? &n->memory : &world) {
		struct block *b = AROUND(link, struct block, link);

		detach(b);
		free(b);
	}
}
