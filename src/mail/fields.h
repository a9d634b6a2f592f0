/*
 * mail/fields - the fields of a header, one after the other, while it streams by   RFC 5322
 *
 * For who must see whole fields, and may leave some out.  The bytes are those that mail/header has
 * found to be header.  A field is held until the next one begins; one that is larger than
 * FIELDS_OCTETS_MAX comes in pieces.
 */
#ifndef MAIL_FIELDS_H
#define MAIL_FIELDS_H

#include "base/buf.h"

#define FIELDS_OCTETS_MAX (64 << 10)

/* Zeroed, it is ready. */
struct fields {
	struct buf held;
	bool line_over, given, within;
};

struct fields_piece {
	str bytes;         /* with the line ends; valid until the next call */
	bool begins, ends; /* both: a whole field */
};

/* Take bytes off the front of *bytes.  False: more is needed for the next piece. */
bool fields_next(struct fields *f, str *bytes, struct fields_piece *piece) MUST_USE;

/* The header is over: the last piece, if there is one. */
bool fields_end(struct fields *f, struct fields_piece *piece) MUST_USE;
void fields_free(struct fields *f);

/* Name and value of a whole field, or of the first piece; the value keeps its folding, and what
 * ends it. */
void fields_split(str field, str *name, str *value);

#define FIELDS_LINE_MAX 998 /* octets of a line without its end, RFC 5322 section 2.1.1 */

/* Writes a field that was changed, folded or not, with or without the end of its last line.  Lines
 * that are too long are folded before a blank, or where there is none, in the middle of a word. */
void fields_put(str field, struct buf *to);

#endif
