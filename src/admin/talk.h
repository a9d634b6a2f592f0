/*
 * admin/talk - a long answer on the control socket, portion by portion
 *
 * Whoever answers takes the talk (talk_take), says something, waits until the client has read most
 * of it, and says more: so the daemon never holds more than a few portions, however long the
 * answer.  All in the main loop.
 */
#ifndef ADMIN_TALK_H
#define ADMIN_TALK_H

#include "base/str.h"

#define TALK_BACKLOG_OCTETS 262144 /* so much waits to be read: say no more */

struct talk;

struct talk_taker {
	/* What was said has been read: say more.  Never called from inside a call. */
	void (*drained)(void *owner);
	/* The client has hung up: the talk is dead. */
	void (*gone)(void *owner);
	/* The client says something, in portions like ours; how much of it is taken.  Null: he has
	 * nothing to say. */
	size_t (*heard)(void *owner, str bytes);
	void (*heard_all)(void *owner);
};

void talk_take(struct talk *t, const struct talk_taker *taker, void *owner);
void talk_say(struct talk *t, str bytes);
bool talk_full(const struct talk *t) MUST_USE; /* wait for drained */
void talk_listen(struct talk *t);              /* offer again what was not taken */
void talk_end(struct talk *t, int code);       /* the talk is dead */

#endif
