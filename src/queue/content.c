#include "queue/content.h"

#include <xxhash.h>

#include "base/mem.h"

struct content_budget {
	int references;  /* atomic */
	uint64_t octets; /* atomic: used now */
	uint64_t octets_max;
};

struct content_budget *content_budget_new(uint64_t octets_max)
{
	struct content_budget *b = MEM_NEW(struct content_budget);

	b->references = 1;
	b->octets_max = octets_max;
	return b;
}

void content_budget_drop(struct content_budget *b)
{
	if (__atomic_sub_fetch(&b->references, 1, __ATOMIC_ACQ_REL) == 0)
		mem_free(b);
}

uint64_t content_budget_used(const struct content_budget *b)
{
	return __atomic_load_n(&b->octets, __ATOMIC_RELAXED);
}

bool content_budget_over(const struct content_budget *b)
{
	return content_budget_used(b) > b->octets_max;
}

char *content_bytes_grow(struct content_budget *b, char *bytes, size_t from, size_t to)
{
	__atomic_add_fetch(&b->octets, to - from, __ATOMIC_RELAXED);
	return mem_grow(bytes, to);
}

void content_bytes_free(struct content_budget *b, char *bytes, size_t octets)
{
	if (!bytes)
		return;
	__atomic_sub_fetch(&b->octets, octets, __ATOMIC_RELAXED);
	mem_free(bytes);
}

struct content *content_new(struct content_budget *b, size_t block_count)
{
	struct content *c = mem_zero(sizeof *c + block_count * sizeof c->blocks[0]);

	__atomic_add_fetch(&b->references, 1, __ATOMIC_RELAXED);
	c->budget = b;
	c->references = 1;
	c->block_count = (uint32_t)block_count;
	return c;
}

struct content *content_keep(struct content *c)
{
	__atomic_add_fetch(&c->references, 1, __ATOMIC_RELAXED);
	return c;
}

void content_forget(struct content *c)
{
	for (size_t i = 0; i < c->block_count; i++) {
		struct content_block *block = &c->blocks[i];

		content_bytes_free(c->budget, block->bytes, block->place.octets);
		block->bytes = NULL;
	}
}

void content_drop(struct content *c)
{
	if (!c || __atomic_sub_fetch(&c->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	content_forget(c);
	content_budget_drop(c->budget);
	mem_free(c);
}

uint64_t content_checksum(str bytes)
{
	return XXH3_64bits(bytes.n ? bytes.p : "", bytes.n);
}
