/*
 * admin/rewritten - what the tables of rewrite make of a recipient, for who waits for it
 */
#ifndef ADMIN_REWRITTEN_H
#define ADMIN_REWRITTEN_H

#include "route/canonical.h"

/* Asks databases and directories too, in a loop that is run for it.  The address of the result is
 * in the arena; never WAIT. */
enum canonical_end rewritten_recipient(const struct router *r, struct arena *a, str address,
	struct canonical_result *result) MUST_USE;

#endif
