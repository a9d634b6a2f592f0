/*
 * world/hand - which messages a process has in hand, for those who look after it has died
 *
 * A page of memory that the parent shares with mail.  Each thread of mail writes into a place of
 * its own which message it is working on; a crash leaves that behind, and the parent counts it.
 * Only what ran when the process died is suspected, not all that was on its way.
 */
#ifndef WORLD_HAND_H
#define WORLD_HAND_H

#include "base/fail.h"
#include "base/str.h"

#define HAND_THREADS_MAX 256  /* what others have in hand is not known */
#define HAND_SUSPECTS_MAX 500 /* then the oldest is forgotten */

struct hand_suspect {
	uint64_t id;
	unsigned crashes; /* so often it was in hand at one */
};

/* The parent: a new page; its descriptor is for the other process.  -1: *why. */
int hand_make(struct fail *why) MUST_USE;

/* Use the page, once, before there are threads.  Who has none writes nowhere. */
void hand_of(int descriptor);

/* This thread works on the message from now on; 0: on none.  Returns what it had. */
uint64_t hand_take(uint64_t id);

/* The parent, after the process has died: by a crash, or in another way. */
void hand_died(bool crashed);

/* Those that were in hand at crashes; and: this one is not suspected any more. */
size_t hand_suspects(struct hand_suspect to[HAND_SUSPECTS_MAX]) MUST_USE;
void hand_clear(uint64_t id);

/* For tests: whoever takes this message dies; 0: nobody does. */
void hand_trap(uint64_t id);

#endif
