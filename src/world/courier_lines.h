/*
 * world/courier_lines - CRLF becomes LF, in whatever cuts the bytes come
 *
 * What people's programs and folders expect.  A CR that ends no line stays.
 */
#ifndef WORLD_COURIER_LINES_H
#define WORLD_COURIER_LINES_H

#include "base/buf.h"

/* Zeroed, it is ready. */
struct courier_lines {
	bool cr; /* the last byte was a CR: is it a line's end? */
};

void courier_lines_put(struct courier_lines *l, str bytes, struct buf *to);
void courier_lines_end(struct courier_lines *l, struct buf *to); /* nothing follows */

#endif
