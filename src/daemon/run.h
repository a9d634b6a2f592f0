/*
 * daemon/run - the process that serves, from its start to its end
 *
 * It speaks to strangers, holds the spool, and has no rights: the parent has bound its ports, the
 * courier delivers for it as other users.  Reads top to bottom: the generation, the sockets, the
 * walls, the loops; then it serves until a signal or an order ends it.
 */
#ifndef DAEMON_RUN_H
#define DAEMON_RUN_H

#include "base/str.h"
#include "world/child.h"

/* The descriptors that it is born with. */
#define RUN_PARENT CHILD_DESCRIPTOR
#define RUN_COURIER (CHILD_DESCRIPTOR + 1)
#define RUN_VAULT (CHILD_DESCRIPTOR + 2)
#define RUN_HAND (CHILD_DESCRIPTOR + 3)

/* Serve the current generation of the configuration folder; user: whom to become, or "".  Returns
 * the exit code: 0 means that it was told to stop. */
int run_mail(str dir, str user);

#endif
