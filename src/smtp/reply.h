/*
 * smtp/reply - what a peer answers, line by line        RFC 5321 section 4.2, RFC 2034
 *
 * A reply is one or more lines with the same code; all but the last have a hyphen behind it.  Only
 * CRLF ends a line.  An enhanced status at the start of a text is split off where its class fits
 * the code; a missing text is tolerated.  Of the texts as much as fits is kept, joined and cleaned.
 * A peer that sends endless lines, or replies of endless lines, is refused.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include "base/fail.h"
#include "base/str.h"

#define SMTP_REPLY_LINE_MAX 2048 /* with its CRLF; 4.5.3.1.5 says 512, real peers say more */
#define SMTP_REPLY_LINES_MAX 100 /* of one reply */

/* Plain data; zeroed, it waits for the first line. */
struct smtp_reply {
	int code; /* 200 to 599, once a line was taken */
	unsigned lines;
	bool whole;      /* its last line was taken */
	char status[12]; /* "5.1.1", of the first line that has one; "" when none has */
	char text[FAIL_TEXT_MAX];
};

/* Take one line off *input and add it to the reply, which is not whole yet.  DONE: *text is what
 * stood behind the code, as it came, and borrows the input.  MORE: the line is not all there, and
 * input stays as it is.  BAD: *why, temporary, says what is wrong with the peer. */
enum scan smtp_reply_take(struct smtp_reply *r, str *input, str *text, struct fail *why) MUST_USE;

/* A whole reply as a fail: 2xx and 3xx are FAIL_NONE, 4xx temporary, 5xx permanent.  A peer that
 * named no status gets x.0.0. */
void smtp_reply_fail(const struct smtp_reply *r, struct fail *to);

#endif
