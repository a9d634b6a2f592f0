/*
 * queue/pack - numbers and strings as they stand in the spool's files
 *
 * Numbers are little-endian, of fixed width or (pack_number) of as many octets as they need, seven
 * bits in each; a string is its length and its bytes: each value has exactly one form.  Reading is
 * forgiving to the reader: what is broken reads as zero or empty, and broken stays true, so that it
 * is asked once, at the end.
 */
#ifndef QUEUE_PACK_H
#define QUEUE_PACK_H

#include "base/buf.h"
#include "base/str.h"

static inline void pack_set32(char *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (char)(v >> (8 * i));
}

static inline void pack_set64(char *at, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		at[i] = (char)(v >> (8 * i));
}

static inline uint32_t pack_get32(const char *at)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v |= (uint32_t)(unsigned char)at[i] << (8 * i);
	return v;
}

static inline uint64_t pack_get64(const char *at)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v |= (uint64_t)(unsigned char)at[i] << (8 * i);
	return v;
}

/* Append; to has no limit. */
void pack_u8(struct buf *to, unsigned v);
void pack_u32(struct buf *to, uint32_t v);
void pack_u64(struct buf *to, uint64_t v);
void pack_str(struct buf *to, str s);
void pack_number(struct buf *to, uint64_t v);
void pack_text(struct buf *to, str s); /* as pack_str, its length a pack_number */

struct pack_reader {
	str rest;
	bool broken; /* it ended too early, or a value was not allowed */
};

uint8_t pack_read_u8(struct pack_reader *u);
uint32_t pack_read_u32(struct pack_reader *u);
uint64_t pack_read_u64(struct pack_reader *u);
str pack_read_str(struct pack_reader *u);                       /* borrows the bytes */
uint64_t pack_read_number(struct pack_reader *u, uint64_t max); /* more is broken */
str pack_read_text(struct pack_reader *u);
str pack_read_bytes(struct pack_reader *u, size_t n);

#endif
