/*
 * admin/alias - facteur alias ADDRESS: what an address expands to, step by step
 *
 * What rewrite makes of a recipient comes first, as it does at RCPT.
 * Every step says the file and line that gave it; at the end stand the addresses that remain, how
 * each leaves and which line decided that.
 */
#ifndef ADMIN_ALIAS_H
#define ADMIN_ALIAS_H

#include "base/buf.h"
#include "route/route.h"

/* Returns the exit code: 0, or 1 when mail to the address would be refused (and *out says why). */
int admin_alias(const struct router *r, str address, bool json, struct buf *out);

#endif
