/*
 * queue/letter - the head of a message's record: its envelope, where its blocks are, and what had
 *		   become of its recipients when it was written
 */
#ifndef QUEUE_LETTER_H
#define QUEUE_LETTER_H

#include "queue/content.h"
#include "queue/envelope.h"
#include "queue/pack.h"

/* Write, in this order; index_pack or a zero count follows. */
void letter_pack_envelope(const struct envelope *e, struct buf *to);
/* The content begins with the block first, and goes round. */
void letter_pack_places(
	const struct content_block *blocks, size_t count, size_t first, struct buf *to);

struct letter {
	uint32_t rcpt_count;
	str envelope;         /* for envelope_read */
	str before_places;    /* all up to here, to copy it */
	uint32_t place_count; /* 0: the content is the data of the record */
	str places;
	struct pack_reader outcomes; /* for index_unpack; it has to be all of the rest */
};

/* False: it is no such head.  Everything borrows the bytes. */
bool letter_read(str head, struct letter *m) MUST_USE;

/* A content with the places, without bytes.  record_at: where the data of the record begins. */
struct content *letter_content(const struct letter *m, struct content_budget *b, uint64_t data_at,
	uint32_t data_octets, uint64_t data_sum) MUST_USE;

#endif
