/*
 * sender/dkim_canon - the one form of a header and a body that is hashed   RFC 6376 section 3.4
 *
 * "simple" tolerates nothing but empty lines at the end; "relaxed" also forgets how white space is
 * written.  The body streams through once, in any cut, and nothing grows with it: empty lines that
 * may be the last ones are counted, not kept.  A bare CR or LF is a byte like any other.
 */
#ifndef SENDER_DKIM_CANON_H
#define SENDER_DKIM_CANON_H

#include "base/buf.h"

enum dkim_canon { DKIM_CANON_SIMPLE, DKIM_CANON_RELAXED };

#define DKIM_CANON_PIECE_MAX 2048

/* A body on its way; zeroed but for how, it is ready. */
struct dkim_canon_body {
	enum dkim_canon how;
	uint64_t ends_held; /* CRLFs that count only if something follows */
	bool cr, space;     /* held, too */
	bool any, ended;    /* something but empty lines was seen; the last CRLF was given */
	char piece[DKIM_CANON_PIECE_MAX];
};

/* Take bytes off the front of *bytes, and return what they come to, valid until the next call; to
 * be called until *bytes is empty. */
str dkim_canon_take(struct dkim_canon_body *b, str *bytes) MUST_USE;

/* The body has ended: the rest of its form, to be called until it is empty. */
str dkim_canon_end(struct dkim_canon_body *b) MUST_USE;

/* Append the form of one field, "Name: value" with its folding and without its last CRLF, which is
 * left out of the form, too.  to has no limit. */
void dkim_canon_field(enum dkim_canon how, str field, struct buf *to);

/* "relaxed/simple" of a signature's c=; a missing second half means simple.  False: another word.
 */
bool dkim_canon_parse(str s, enum dkim_canon *header, enum dkim_canon *body) MUST_USE;
const char *dkim_canon_name(enum dkim_canon how);

#endif
