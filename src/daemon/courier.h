/*
 * daemon/courier - the process that delivers as other users
 *
 * It keeps the rights of the parent, and ends with its socket.
 */
#ifndef DAEMON_COURIER_H
#define DAEMON_COURIER_H

#include "base/str.h"

/* user: whom mail has become, or "": his mail and nobody's is delivered as he. */
int courier_serve(str dir, str user);

#endif
