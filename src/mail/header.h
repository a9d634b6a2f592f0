/*
 * mail/header - the facts of a message that only its bytes can tell, as a machine  RFC 5322, 2045
 *
 * The bytes of a message stream through it once, in any cut.  It remembers a few facts and finds the
 * end of the header, where missing fields may be added; it keeps no copy.
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

/* Plain data; header_scan_init makes it ready. */
struct header_scan {
	bool over;	       /* the header has ended: an empty line, or a line that is no field */
	bool malformed;	       /* it ended at a line that is no field: an empty line must be put there */
	unsigned fields;       /* HEADER_... seen */
	unsigned received;     /* how many Received fields */
	unsigned delivered_to; /* how many Delivered-To fields */
	uint64_t octets;       /* of the header so far */
	bool header_high;      /* bytes above 127 in the header */
	bool body_high;	       /* bytes above 127 behind it */
	bool is_signed;	       /* DKIM-Signature, ARC-Seal, or multipart/signed, or PKCS#7 content */
	/* its own: */
	unsigned state;
	unsigned word_n;
	char word[64];
	char type[96];
	unsigned type_n;
};

void header_scan_init(struct header_scan *h);

/* Take bytes; returns how many of them belong to the header (the empty line that ends it does
 * not).  Once over is true, that is 0, and the bytes are the body's. */
size_t header_scan_feed(struct header_scan *h, str bytes);

/* The message has ended: a header without a body is over. */
void header_scan_end(struct header_scan *h);

#endif
