/*
 * test/sim/client - those who write to the pivot: the polite and the rude
 *
 * A client knows the whole dialogue before it begins: a list of steps, each with the reply that it
 * must get.  It says them in turn, or in one breath where PIPELINING allows it, cut and slowed as
 * its character wants, and enters in the ledger what it was told.  What is wrong is found at once:
 * a wrong reply, one too many, silence, being hung up on while an answer is owed.
 */
#ifndef TEST_SIM_CLIENT_H
#define TEST_SIM_CLIENT_H

#include "test/sim/ledger.h"
#include "test/sim/sim.h"

enum client_character {
	CLIENT_POLITE,
	CLIENT_SLOW,   /* dribbles */
	CLIENT_DYING,  /* hangs up anywhere, mostly in the middle */
	CLIENT_SILENT, /* says nothing more after a while */
	CLIENT_NOISY,  /* talks nonsense until it is shown the door */
	CLIENT_CHARACTERS,
};

/* What all of them know of the pivot that they write to. */
struct client_pivot {
	struct node *node;
	struct endpoint at;
	size_t message_octets_max;
	unsigned recipients_max, errors_max;
	bool faulty;    /* temporary refusals are to be expected */
	bool rude_hops; /* of recipients whose next hop is asked, at least */
};

extern struct client_pivot client_pivot;
extern unsigned client_open_count; /* dialogues that are not over */

/* Begin a dialogue at that moment, with so many letters.  Called as the clients' node. */
void client_plan(struct loop *l, enum client_character character, bool trusted, unsigned letters,
	int64_t at_ns);

#endif
