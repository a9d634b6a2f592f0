/*
 * smtp/data - the bytes of a message as they come in, by DATA or by BDAT
 *
 * RFC 5321 sections 2.3.8, 4.1.1.4, 4.5.2 (transparency), 4.5.3.1; RFC 3030 (no transparency
 * there).
 *
 * Only CRLF ends a line and only CRLF.CRLF ends DATA (P6).  A message with a bare CR or LF, a NUL,
 * a line that is too long or too many octets is at fault: from there on nothing of it is passed on,
 * but its end is still looked for, and found nowhere else.
 *
 * Repair, for old appliances of one's own: a bare LF inside the message is passed on as CRLF, and
 * what follows is a new line, whose leading dot is removed like any other's.  The end remains
 * CRLF.CRLF.  A line that is a dot alone with a bare LF in front or behind could be an end for
 * somebody else, so it is no line and no end: it puts the message at fault.  A bare CR is never
 * repaired.
 *
 * What is passed on does not depend on where the bytes were cut.
 */
#ifndef SMTP_DATA_H
#define SMTP_DATA_H

#include "base/fail.h"
#include "base/str.h"

enum smtp_data_fault {
	SMTP_DATA_SOUND,
	SMTP_DATA_BARE,     /* a bare CR or LF: 550 5.6.0 */
	SMTP_DATA_NUL,      /* 550 5.6.0 */
	SMTP_DATA_LONG,     /* a line longer than line_octets_max: 552 5.6.0 */
	SMTP_DATA_TOO_MUCH, /* more than message_octets_max: 552 5.3.4 */
	SMTP_DATA_OPEN,     /* BDAT: the last line does not end: 550 5.6.0 */
};

/* Plain data; smtp_data_init makes it ready. */
struct smtp_data {
	size_t line_octets_max; /* of a line with its CRLF, its added dot not counted */
	uint64_t message_octets_max;
	bool dots;   /* DATA: a leading dot is removed, a dot alone is the end */
	bool repair; /* bare LF becomes CRLF */
	enum smtp_data_fault fault;
	uint64_t octets; /* passed on so far */
	/* its own: */
	size_t line_octets; /* text of the current line so far */
	bool after_crlf;    /* the line before ended in CRLF, or there was none */
	enum smtp_data_at {
		SMTP_DATA_AT_LINE, /* at the start of a line */
		SMTP_DATA_IN_LINE,
		SMTP_DATA_AT_CR,  /* behind a CR, which is held back */
		SMTP_DATA_AT_DOT, /* behind a dot that began a line, held back */
		SMTP_DATA_AT_DOT_CR,
	} at;
};

/* The fields above fault are set, all others zero. */
void smtp_data_init(struct smtp_data *d);

/* Take bytes off the front of *input; *piece is what of them is passed on, if anything: it is a
 * part of the input, or lives forever.  SCAN_MORE: call again while there is input.  SCAN_DONE: the
 * end of DATA has been taken (never without dots).  Never SCAN_BAD. */
enum scan smtp_data_take(struct smtp_data *d, str *input, str *piece) MUST_USE;

/* The last octet of the last chunk has been taken. */
void smtp_data_end(struct smtp_data *d);

/* False: at fault, *why is the reply. */
bool smtp_data_sound(const struct smtp_data *d, struct fail *why) MUST_USE;

#endif
