/*
 * sender/arc_verify - is the chain of forwarders whole? as a machine             RFC 8617
 * section 5.2
 *
 * Sans-IO, and driven as sender/dkim_verify is: the message streams by once, in any cut, and keys
 * are asked for with tickets once the header is over, ARC_OPEN_MAX at a time.  A chain passes if
 * the signature of the last forwarder over the message is right, and all seals are.  Whether to
 * believe those who sealed is the caller's to judge.
 */
#ifndef SENDER_ARC_VERIFY_H
#define SENDER_ARC_VERIFY_H

#include "sender/arc_set.h"
#include "sender/dkim_verify.h"

#define ARC_OPEN_MAX 8
#define ARC_RECORDS_MAX 2 /* of one name, that are tried: a chain has up to 51 signatures */

struct arc_verify;

struct arc_verify_act {
	enum {
		ARC_VERIFY_WAIT, /* for bytes, the end, or answers that were asked for */
		ARC_VERIFY_ASK,  /* look up the TXT records of name, then arc_verify_answer(ticket)
				  */
		ARC_VERIFY_DONE, /* arc_verify_result */
	} kind;
	str name; /* lives as long as the machine */
	uint32_t ticket;
};

struct arc_verify_result {
	enum arc_cv cv;
	unsigned count;    /* sets that were found */
	bool temporary;    /* it failed because a key could not be looked up now */
	unsigned instance; /* whose fault it is; 0: of the whole */
	const char *why;   /* "" unless it failed */
	char domain[DNS_NAME_MAX +
		    1]; /* of the last seal; "" where there is none that can be read */
	str results;    /* of the last set; borrows the machine */
};

struct arc_verify *arc_verify_new(int64_t now_s) MUST_USE;
void arc_verify_free(struct arc_verify *v); /* null is allowed */

void arc_verify_feed(struct arc_verify *v, str bytes);
void arc_verify_end(struct arc_verify *v);

/* records: borrowed for this call, null unless DKIM_FOUND.  A ticket that is not open is dropped.
 */
void arc_verify_answer(struct arc_verify *v, uint32_t ticket, enum dkim_answer answer,
	const struct dns_records *records);
struct arc_verify_act arc_verify_next(struct arc_verify *v) MUST_USE;

const struct arc_verify_result *arc_verify_result(const struct arc_verify *v) MUST_USE;

#endif
