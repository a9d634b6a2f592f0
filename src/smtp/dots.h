/*
 * smtp/dots - content on its way out: checked, and dots doubled     RFC 5321 section 4.5.2
 *
 * Portions in any cut.  What is passed on has CRLF at the end of every line and no other CR or LF,
 * so that no next hop can see an end of data where there is none; a line of NULs before a dot is
 * refused too, because some take NULs out before they look.  A CR is passed on only together with
 * its LF.
 */
#ifndef SMTP_DOTS_H
#define SMTP_DOTS_H

#include "base/buf.h"
#include "base/str.h"

struct smtp_dots {
	bool doubled;   /* for DATA; with BDAT dots stay as they are */
	bool in_line;   /* something but NUL was seen since the last CRLF */
	bool after_nul; /* the line begins with NUL */
	bool cr;        /* a CR is held back until its LF comes */
};

void smtp_dots_init(struct smtp_dots *d, bool doubled);

/* False: this must not be passed on, and nothing may follow it. */
bool smtp_dots_add(struct smtp_dots *d, str bytes, struct buf *to) MUST_USE;

/* All was given: did it end where a line ends? */
bool smtp_dots_whole(const struct smtp_dots *d) MUST_USE;

#endif
