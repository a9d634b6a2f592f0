/*
 * mail/header - the facts of a message that only its bytes can tell, as a machine  RFC 5322, 2045
 *
 * The bytes of a message stream through it once, in any cut.  It remembers a few facts and finds
 * the end of the header, where missing fields may be added; it keeps no copy of what it reads.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include "base/str.h"

enum {
	HEADER_DATE = 1,
	HEADER_FROM = 2,
	HEADER_MESSAGE_ID = 4,
	HEADER_SENDER = 8,
	HEADER_RETURN_PATH = 16,
	HEADER_DKIM_SIGNATURE = 32,
	HEADER_MIME_VERSION = 64,
	HEADER_TO = 128,
	HEADER_CC = 256,
	HEADER_SUBJECT = 512,
};

#define HEADER_NAME_MAX 256 /* of a field, with its colon; a longer one is no field */
#define HEADER_TYPE_MAX 40
#define HEADER_ID_MAX 250 /* so much of Message-ID is remembered */

/* Plain data; header_scan_init makes it ready. */
struct header_scan {
	bool over;        /* the header has ended: an empty line, or a line that is no field */
	bool malformed;   /* it ended at a line that is no field: an empty line must be put there */
	bool header_high; /* bytes above 127 in the header */
	bool body_high;   /* bytes above 127 behind it */
	bool is_signed;   /* DKIM-Signature, ARC-*, or multipart/signed, or PKCS#7 content */
	unsigned fields;  /* HEADER_... seen */
	unsigned received;     /* how many Received fields */
	unsigned delivered_to; /* how many Delivered-To fields */
	uint64_t octets;       /* of the header so far */
	unsigned id_n;
	char id[HEADER_ID_MAX]; /* of the first Message-ID, as it stands, without white space */

	/* its own: */
	bool in_field, in_line; /* a field, a line of it, has begun */
	bool in_id;             /* the value of Message-ID is being read */
	bool in_type;           /* the value of Content-Type is being read, up to its parameters */
	unsigned comment_depth, type_n;
	char type[HEADER_TYPE_MAX]; /* in lower case, without comments and spaces */
};

void header_scan_init(struct header_scan *h);

/* Look at bytes; returns how many of them belong to the header (the empty line that ends it does
 * not).  When it is over, what stands behind those is the body, and has been looked at too.  While
 * it is not over, what stands behind those is the start of a line, fewer than HEADER_NAME_MAX
 * bytes, of which more must be seen: offer it again, with what follows. */
size_t header_scan_feed(struct header_scan *h, str bytes) MUST_USE;

/* The message has ended: a header without a body is over.  A message that ends in CRLF leaves
 * nothing that would have to be offered again. */
void header_scan_end(struct header_scan *h);

#endif
