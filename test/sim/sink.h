/*
 * test/sim/sink - the next hops: they take messages, refuse, stall, and break
 *
 * Independent of the daemon's own machines.  A local part that begins with "bad" is refused for
 * good at RCPT, "tired" always for now, "grey" for now until some time has passed since the first
 * try; mail for final.test is refused for good at its end.  While the world is not calm, a session
 * may have a quirk.  Whatever the pivot says that no strict peer would take is entered as wrong.
 */
#ifndef TEST_SIM_SINK_H
#define TEST_SIM_SINK_H

#include "test/sim/sim.h"
#include "world/loop.h"

extern bool sink_calm;   /* no quirks any more */
extern bool sink_quirky; /* there are quirks in this world */

void sink_open(void); /* forget all */

struct sink_kind {
	bool lmtp;
	bool eightbit;    /* else an old host that takes 7 bits only */
	bool login;       /* a smarthost: mail before a login, or a login in clear, is wrong */
	bool filter;      /* rules send here what they choose, and nothing else comes */
	int64_t delay_ms; /* a second connection, or a mail sooner after the last one, is wrong */
};

/* Listen, as the node that runs. */
void sink_listen(struct loop *l, const struct endpoint *at, const struct sink_kind *kind);

#endif
