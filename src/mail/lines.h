/*
 * mail/lines - a stream of bytes, in any cut, as lines whose first bytes come together
 *
 * Only CRLF ends a line.  Of a line that is longer than LINES_START_MAX the rest comes in pieces,
 * as it streams by: nothing grows with a line.
 */
#ifndef MAIL_LINES_H
#define MAIL_LINES_H

#include "base/str.h"

#define LINES_START_MAX 256

struct lines {
	char start[LINES_START_MAX];
	size_t start_n;
	bool in_rest; /* the start was given */
	bool cr;      /* it waits for its LF */
};

struct lines_piece {
	str text;    /* without the CRLF; valid until the next call */
	bool begins; /* a line: all of it, or LINES_START_MAX bytes */
	bool ends;   /* the CRLF was behind it */
};

/* Take the next piece off *bytes.  MORE: they are all taken.  BAD: a bare CR or LF. */
enum scan lines_take(struct lines *l, str *bytes, struct lines_piece *piece) MUST_USE;

bool lines_between(const struct lines *l) MUST_USE; /* the last line that began has ended */

#endif
