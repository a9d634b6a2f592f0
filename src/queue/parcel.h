/*
 * queue/parcel - a message with its envelope, as one text that needs nothing else   doc/parcel.md
 *
 * What queue export writes and queue import reads: lines of "word value", the octets of the
 * message, and the SHA-256 of both.  Reading is a machine: bytes go in, steps come out.
 */
#ifndef QUEUE_PARCEL_H
#define QUEUE_PARCEL_H

#include "queue/promise.h"

#define PARCEL_HEADER_OCTETS_MAX (64 << 20) /* ENVELOPE_RECIPIENTS_MAX long addresses */
#define PARCEL_LINE_MAX 2000
#define PARCEL_OCTETS_MAX (1LL << 32) /* of a message */

/* --- writing ---------------------------------------------------------------------------------- */

struct parcel_sum; /* of all that has been written, or read, of one message */
struct parcel_sum *parcel_sum_new(void) MUST_USE;
void parcel_sum_free(struct parcel_sum *s); /* null is allowed */

void parcel_begin(struct buf *to);

/* The envelope, with the recipients that are wanted; then the octets; then the sum.  unreadable:
 * they are not those of the message, only as many. */
void parcel_write(
	struct parcel_sum *s, const struct promise *m, const bool *wanted, struct buf *to);
void parcel_write_octets(struct parcel_sum *s, str bytes, struct buf *to);
void parcel_write_sum(struct parcel_sum *s, bool unreadable, struct buf *to);
void parcel_end(size_t messages, struct buf *to);

/* --- reading ---------------------------------------------------------------------------------- */

struct parcel; /* opaque */
struct parcel *parcel_new(void) MUST_USE;
void parcel_free(struct parcel *p); /* null is allowed */

enum parcel_step {
	PARCEL_MORE,       /* the input is used up */
	PARCEL_ENVELOPE,   /* a message begins: parcel_envelope */
	PARCEL_OCTETS,     /* *bytes of it */
	PARCEL_MESSAGE,    /* it is whole, and right */
	PARCEL_UNREADABLE, /* where it was written, it could not be read: there is nothing to take
			    */
	PARCEL_END,        /* that was all */
	PARCEL_BAD,        /* *why; nothing follows */
};
enum parcel_step parcel_next(struct parcel *p, str *input, str *bytes, struct fail *why) MUST_USE;

/* Valid until the next message begins; its id is that which it had. */
const struct envelope *parcel_envelope(const struct parcel *p);

/* How each recipient waited. */
struct parcel_rcpt {
	bool held;
	unsigned attempts;
};
const struct parcel_rcpt *parcel_rcpts(const struct parcel *p);

#endif
