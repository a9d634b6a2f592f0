/*
 * daemon/parent - the first process: it binds the ports, starts the others and watches over them
 *
 * It keeps the rights that it was started with, and reads no byte from the network.  A process that
 * dies is started again, later each time; the listening sockets stay open meanwhile, so that
 * clients wait and are not turned away.  mail that ends well ends the server.
 */
#ifndef DAEMON_PARENT_H
#define DAEMON_PARENT_H

#include "base/str.h"

/* Until a process that died is started again; doubled each time. */
#define PARENT_AGAIN_MS_MIN 100
#define PARENT_AGAIN_MS_MAX 30000
#define PARENT_STEADY_MS 60000 /* one that lived so long begins with the first of these again */

/* Serve the current generation of the configuration folder, in the foreground.  Returns the exit
 * code; errors are on standard error. */
int parent_run(str dir);

#endif
