/*
 * admin/lookup - facteur lookup: what does a table say of a key?
 */
#ifndef ADMIN_LOOKUP_H
#define ADMIN_LOOKUP_H

#include "base/buf.h"
#include "route/route.h"

/* Asks the one key, as it is: no parent domain, no other form.  Returns the exit code; *answered:
 * out is what was asked for, else it says what is wrong. */
int lookup_command(const struct router *r, str table, str key, bool json, struct buf *out,
	bool *answered) MUST_USE;

#endif
