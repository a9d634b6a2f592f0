/*
 * base/buf - bytes that grow at the end and are taken from the front
 *
 * A zeroed buf with a limit is ready and costs nothing until the first byte.  Appending never makes
 * it larger than its limit: it fails, and what was there stays.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
	char *p;
	size_t start, end, size; /* living bytes are p[start..end) of size */
	size_t limit_octets;     /* 0: no limit, for our own data only */
};

str buf_str(const struct buf *b) MUST_USE; /* what is in it; valid until the next call */
bool buf_add(struct buf *b, str s) MUST_USE;
bool buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3) MUST_USE;

/* The same where the buf has no limit, which is asserted. */
void buf_put(struct buf *b, str s);
void buf_put_char(struct buf *b, char c);
void buf_putf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

void buf_take(
	struct buf *b, size_t n); /* drop n bytes from the front; gives memory back when empty */
void buf_clear(struct buf *b);    /* drop all, keep the memory */
void buf_free(struct buf *b);     /* drop all, give the memory back; ready again */

#endif
