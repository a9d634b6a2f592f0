/*
 * queue/content - the bytes of one message, in portions, in memory or in the log
 *
 * A content is a list of blocks.  Each block has a place in the log; its bytes may be in memory too,
 * for the first attempt.  Contents are counted references and may be read by several threads.
 * Memory of all blocks together is bounded (content_budget): beyond it, blocks that are in the log
 * are forgotten and read again when wanted.
 */
#ifndef QUEUE_CONTENT_H
#define QUEUE_CONTENT_H

#include "base/str.h"

#define CONTENT_BLOCK_OCTETS 65536

/* Where a block's bytes are in the log. */
struct content_place {
	uint32_t segment;
	uint32_t octets;
	uint64_t offset; /* of the bytes themselves, in the segment */
	uint64_t checksum; /* XXH3 of the bytes */
};

struct content_block {
	struct content_place place;
	char *bytes; /* place.octets of them, or null: in the log only */
};

struct content {
	int references; /* atomic */
	uint64_t octets;
	size_t block_count;
	struct content_block blocks[];
};

struct content *content_keep(struct content *c);
void content_drop(struct content *c);

#endif
