/*
 * world/courier_run - one message into one program, for a process that has become its user
 *
 * It stands between the daemon's stream and the program: hands on what comes, keeps the time, and
 * kills the program's group when the time is over, or when the daemon gives the message up.
 */
#ifndef WORLD_COURIER_RUN_H
#define WORLD_COURIER_RUN_H

#include "world/courier_child.h"

/* Serve the one order RUN that comes over the stream, if the law has nothing against it.  unfit:
 * why no program can be run, or null. */
_Noreturn void courier_run_serve(
	const struct courier_child *child, const struct courier_law *law, const struct fail *unfit);

#endif
