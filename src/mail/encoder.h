/*
 * mail/encoder - bytes into quoted-printable or base64, as a machine     RFC 2045 sections 6.7, 6.8
 *
 * It writes into a buffer, or counts only.  What it writes is 7-bit, in lines of at most 76, and no
 * line of it can be taken for a MIME boundary.
 */
#ifndef MAIL_ENCODER_H
#define MAIL_ENCODER_H

#include "base/buf.h"

struct encoder {
	bool base64;
	struct buf *to;  /* null: count only */
	uint64_t octets; /* written, or counted */
	size_t column;
	char held[57]; /* base64: of a line; else a space or tab that may be the last one of its
			  line */
	size_t held_n;
};

void encoder_init(struct encoder *e, bool base64, struct buf *to);
void encoder_text(struct encoder *e, str text); /* without line ends */
void encoder_line_end(struct encoder *e);       /* a CRLF */
void encoder_end(struct encoder *e);

#endif
