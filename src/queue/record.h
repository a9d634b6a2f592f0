/*
 * queue/record - one record of the log
 *
 *	offset	octets
 *	0	4	magic
 *	4	1	type; three zeros follow
 *	8	4	octets of the head
 *	12	4	octets of the data
 *	16	8	id of the message; 0 where it has none
 *	24	8	sequence number
 *	32	4	gap: sequence number minus that of the record before it in the log
 *	36	4	doubt: sequence number minus that of the last record known durable at the
 *time 40	8	XXH3 of the head 48	8	XXH3 of the data 56	8	XXH3 of the
 *56 octets above, seeded by the spool's salt and the record's site
 *
 * Head and data follow, then zeros up to a multiple of 8.  The seed makes a record believable only
 * where it was written: not in another segment, not after the segment was used anew, and not in the
 * body of a message, whose author does not know the salt.  The header has its own checksum, so that
 * a header which is not ours costs nothing more, whatever it claims.
 */
#ifndef QUEUE_RECORD_H
#define QUEUE_RECORD_H

#include "base/str.h"

#define RECORD_HEADER_OCTETS 64
#define RECORD_ALIGN 8
#define RECORD_HEAD_MAX (16 << 20)
#define RECORD_DATA_MAX 65536

enum record_type {
	RECORD_BLOCK = 1,   /* data: some bytes of a message on its way in */
	RECORD_MESSAGE = 2, /* head: envelope, places of blocks, outcomes; data: its only block */
	RECORD_UPDATES = 3, /* head: what became of recipients */
};

struct record {
	enum record_type type;
	uint32_t head_octets, data_octets;
	uint64_t id, sequence;
	uint32_t gap, doubt;
	uint64_t head_sum, data_sum;
};

/* Where in the log a record is. */
struct record_site {
	uint64_t salt;
	uint32_t segment, offset;
};

uint64_t record_sum(str bytes) MUST_USE; /* of a head, or of data */
void record_write(
	const struct record *r, const struct record_site *site, char to[RECORD_HEADER_OCTETS]);

/* Is this a header that was written at this site?  bytes may be too few: no. */
bool record_read(str bytes, const struct record_site *site, struct record *r) MUST_USE;

/* All octets that such a record takes in the log, with its padding. */
static inline uint64_t record_octets(uint64_t head_octets, uint64_t data_octets)
{
	uint64_t n = RECORD_HEADER_OCTETS + head_octets + data_octets;

	return (n + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

/* --- a walk over the bytes of a segment ------------------------------------------------------- */

/* Finds all records in it that can be believed, in order.  Where something else stands, it goes on
 * at the next multiple of 8. */
struct record_walk {
	str bytes;               /* of the segment, from its start */
	struct record_site site; /* offset: where to go on */
	uint64_t sequence;       /* of the last record believed: older ones are left-overs */
	struct record record;    /* found: */
	uint32_t offset;
	str head, data;
	bool rotten;             /* its header is right, its head or its data is not */
	uint64_t strange_octets; /* that were neither zero nor a record, before it */
};

/* False: no more. */
bool record_walk_next(struct record_walk *w) MUST_USE;

#endif
