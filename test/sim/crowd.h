/*
 * test/sim/crowd - one address that opens more sessions than it may (P8)
 *
 * All at once, each silent behind its greeting.  So many must hear 220 and no more, the others 421;
 * when those who were let in have left, the next one is welcome again.
 */
#ifndef TEST_SIM_CROWD_H
#define TEST_SIM_CROWD_H

#include "world/loop.h"

/* Come at that moment.  Called as the clients' node; counted in client_open_count. */
void crowd_plan(struct loop *l, unsigned sessions_max, int64_t at_ns);

#endif
