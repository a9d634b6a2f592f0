/*
 * queue/shelf - a message that waits, packed
 *
 * Most of a long queue is waiting and nobody looks at it.  So it is kept as the bytes of its
 * envelope and a few for each recipient, about 120 octets for an ordinary message, and made a
 * promise again when it is wanted.  The words of last attempts are shared by all who heard them.
 */
#ifndef QUEUE_SHELF_H
#define QUEUE_SHELF_H

#include "base/intern.h"
#include "queue/promise.h"

struct shelf; /* one piece of memory */

/* All of the promise but its content.  scratch: any, for the time of the call. */
struct shelf *shelf_pack(
	const struct promise *m, struct intern *words, struct buf *scratch) MUST_USE;
struct promise *shelf_open(const struct shelf *s, struct content *content) MUST_USE;
void shelf_free(struct shelf *s, struct intern *words);

/* Is the text somewhere in the envelope, ASCII letters in any case? */
bool shelf_mentions(const struct shelf *s, str text) MUST_USE;

int64_t shelf_received_ms(const struct shelf *s) MUST_USE;

#endif
