/*
 * admin/expanded - who an address stands for, for who waits for it
 */
#ifndef ADMIN_EXPANDED_H
#define ADMIN_EXPANDED_H

#include "route/route.h"

/* As route_expand, and asks databases and directories too, in a loop that is run for it.  Steps are
 * told once. */
bool expanded_address(const struct router *r, struct arena *a, str address,
	struct route_targets *targets, struct fail *why, route_step *step, void *owner) MUST_USE;

#endif
