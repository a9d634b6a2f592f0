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

/* Listen, as the node that runs.  Without eightbit it is an old host that takes 7 bits only.  With
 * a delay a second connection, or a mail sooner than so long after the last one, is wrong. */
void sink_listen(
	struct loop *l, const struct endpoint *at, bool lmtp, bool eightbit, int64_t delay_ms);

#endif
