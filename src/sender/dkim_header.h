/*
 * sender/dkim_header - the header of a message, kept until it is hashed   RFC 6376 section 3.7, 5.4
 *
 * A signature names the fields that it covers; of fields with one name the lowest comes first, and
 * a name more often than there are fields stands for nothing (so nobody can add one).  The header
 * ends where mail/header says so.  Hashing is OpenSSL's, which is no I/O.
 */
#ifndef SENDER_DKIM_HEADER_H
#define SENDER_DKIM_HEADER_H

#include "mail/header.h"
#include "sender/dkim_field.h"

#define DKIM_HEADER_OCTETS_MAX (256 << 10) /* a larger header is neither signed nor verified */
#define DKIM_HEADER_FIELDS_MAX 1000

struct dkim_header_field {
	str name;
	str text; /* all of it, without its last CRLF */
	bool taken;
};

/* Zeroed, it is ready. */
struct dkim_header {
	bool over;      /* fields and count are set; what is fed next is body */
	bool too_large; /* over one of the limits; there are no fields then */
	struct dkim_header_field *fields;
	size_t count;

	struct header_scan scan; /* its own: */
	struct buf bytes;
	size_t octets;
};

/* Take the header's bytes off *bytes. */
void dkim_header_feed(struct dkim_header *h, str *bytes);
void dkim_header_end(struct dkim_header *h); /* the message has ended */
void dkim_header_free(struct dkim_header *h);

/* The header has just got over: the bytes of the body that it had to see to know. */
str dkim_header_rest(const struct dkim_header *h) MUST_USE;

/* How many fields have this name? */
size_t dkim_header_count(const struct dkim_header *h, str name) MUST_USE;

/* The digest that a signature signs: of the fields of names (as in h=), then of the signature field
 * itself, given as before and behind the value of its b=, without a last CRLF.  own: that field
 * where it is one of h, which it does not sign twice; else null. */
void dkim_header_digest(struct dkim_header *h, enum dkim_canon how, str names,
	const struct dkim_header_field *own, str before, str behind,
	uint8_t digest[DKIM_FIELD_DIGEST]);

#endif
