/*
 * queue/content - the bytes of one message, in portions, in memory or in the log
 *
 * A content is a list of blocks.  Each block has a place in the log; its bytes may be in memory
 * too, for the first attempt.  Contents are counted references and may be read by several threads:
 * what they see never changes, but for where in the log a block is, which is the spool's business.
 *
 * Memory of all blocks together is bounded by a budget: a message that comes when it is used up has
 * its bytes in the log only, and is read again when wanted (spool_read).
 */
#ifndef QUEUE_CONTENT_H
#define QUEUE_CONTENT_H

#include "base/str.h"

#define CONTENT_BLOCK_OCTETS 65536

/* Where a block's bytes are in the log. */
struct content_place {
	uint64_t at;       /* atomic, for it may move: segment << 32 | offset of the bytes in it */
	uint64_t checksum; /* XXH3 of the bytes */
	uint32_t octets;
};

struct content_block {
	struct content_place place;
	char *bytes; /* place.octets of them, or null: in the log only */
};

struct content {
	int references; /* atomic */
	uint32_t block_count;
	uint64_t octets;
	struct content_budget *budget;
	struct content_block blocks[];
};

struct content *content_keep(struct content *c);
void content_drop(struct content *c); /* null is allowed */

/* Give the memory of the bytes back; from now on they are read from the log.  Only for who knows
 * that nobody reads them now: the schedule, after a first attempt that failed. */
void content_forget(struct content *c);

/* --- the spool's part ------------------------------------------------------------------------- */

/* How much memory blocks may take, all together; counted references, any thread. */
struct content_budget;

struct content_budget *content_budget_new(uint64_t octets_max) MUST_USE;
void content_budget_drop(struct content_budget *b);
uint64_t content_budget_used(const struct content_budget *b) MUST_USE;
bool content_budget_over(const struct content_budget *b) MUST_USE;

/* Bytes of a block: every piece of memory for them comes from here. */
char *content_bytes_grow(struct content_budget *b, char *bytes, size_t from, size_t to) MUST_USE;
void content_bytes_free(struct content_budget *b, char *bytes, size_t octets); /* null is allowed */

/* A content of so many blocks, zeroed, with one reference. */
struct content *content_new(struct content_budget *b, size_t block_count) MUST_USE;

uint64_t content_checksum(str bytes) MUST_USE;

/* Where the bytes of a block are now; places of contents that are shared change only so. */
static inline uint64_t content_at(uint32_t segment, uint32_t offset)
{
	return (uint64_t)segment << 32 | offset;
}

static inline uint64_t content_where(const struct content_place *place)
{
	return __atomic_load_n(&place->at, __ATOMIC_RELAXED);
}

static inline void content_moved(struct content_place *place, uint64_t at)
{
	__atomic_store_n(&place->at, at, __ATOMIC_RELAXED);
}

#endif
