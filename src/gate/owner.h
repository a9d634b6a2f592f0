/*
 * gate/owner - may this login send as that address?
 *
 * A login owns the address of its name (with the default domain behind a name without one), with
 * every sub-address of it, and the aliases that lead to it, as the alias tables of hosted domains
 * say; send-as of the configuration adds more.  The null sender is everybody's: notices about mail
 * that was read, or was not, need it.
 */
#ifndef GATE_OWNER_H
#define GATE_OWNER_H

#include "route/route.h"

/* False: 553 5.7.1, with the first line of send-as for this login, or else of passwd-file or
 * dovecot; what a table that gave no answer costs; or, with waits, nothing is said yet. */
bool owner_may_send(const struct router *r, struct route_ask *ask, str login, str sender,
	struct fail *why) MUST_USE;

#endif
