/*
 * sender/spf_record - one SPF record as terms                     RFC 7208 sections 4.5, 4.6, 5, 6
 *
 * A record is checked whole before the first of its terms counts: a fault anywhere is a permerror.
 * Then its terms are taken one by one off the text, so that a long record costs no memory.
 */
#ifndef SENDER_SPF_RECORD_H
#define SENDER_SPF_RECORD_H

#include "base/fail.h"
#include "base/ip.h"

#define SPF_RECORD_MAX 8192 /* octets; section 3.4 advises 450 */

enum spf_mechanism {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS,
};

struct spf_term {
	str text;       /* as written, with its qualifier */
	char qualifier; /* + - ~ ? */
	enum spf_mechanism mechanism;
	str domain;           /* the domain-spec; "" where there is none */
	struct ip ip;         /* of ip4 and ip6 */
	uint8_t bits4, bits6; /* prefix lengths */
};

struct spf_record {
	str terms;         /* for spf_record_next */
	str redirect, exp; /* domain-specs; "" where there is none */
};

/* Does this TXT record claim to be one? */
bool spf_record_is(str text) MUST_USE;

/* text: one that is.  False: a syntax error, *why is permanent and names the term. */
bool spf_record_read(str text, struct spf_record *record, struct fail *why) MUST_USE;

/* The next mechanism of a record that was read; false at its end. */
bool spf_record_next(str *terms, struct spf_term *term) MUST_USE;

#endif
