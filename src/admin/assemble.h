/*
 * admin/assemble - texts into a router: a configuration, its alias tables, and every check
 *
 * Where the texts come from is the caller's business: files of the configuration folder for a
 * compile, memory for tests and the simulator.
 */
#ifndef ADMIN_ASSEMBLE_H
#define ADMIN_ASSEMBLE_H

#include "admin/signing.h"
#include "base/buf.h"
#include "conf/conf.h"
#include "route/route.h"

struct assembly {
	struct router *router; /* the caller's */
	struct alias_table *
		*tables; /* the router's: one for each domain, null where it has no files */
	struct alias_table **transports; /* the same, of transport files */
	struct alias_table **recipients; /* the same, of files of recipients */
	struct signing signing;          /* in the arena of the configuration */
};

/* read gives the files that the configuration names, by their paths as they are written.  False:
 * refused.  report gets every error that was found, and warnings too, one a line. */
bool assemble(str dir, const struct conf_source *sources, size_t count, alias_include *read,
	void *owner, struct buf *report, struct assembly *made) MUST_USE;

#endif
