/*
 * daemon/run - the daemon, from its start to its end
 *
 * Reads top to bottom: the generation, the folders, the sockets, the user, the loops; then it
 * serves until a signal or an order ends it.
 */
#ifndef DAEMON_RUN_H
#define DAEMON_RUN_H

#include "base/str.h"

/* Serve the current generation of the configuration folder, in the foreground.  Returns the exit
 * code; errors are on standard error. */
int run_daemon(str dir);

#endif
