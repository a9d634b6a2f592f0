/*
 * admin/rows - transport files and files of recipients, which a neighbour may rewrite at any time
 *
 * Sympa writes the rows of its lists into a file of its own, another server who has a mailbox
 * there. Such a file is read anew alone, with the configuration of the generation in force: what
 * stands half-edited in conf.d has no part in it.  An error in it, or a file that cannot be read,
 * leaves the former table where it is.
 */
#ifndef ADMIN_ROWS_H
#define ADMIN_ROWS_H

#include "conf/conf.h"
#include "route/route.h"

/* The rows of a domain, by its number in the configuration, as its files are now.  Null: *why. */
struct alias_table *rows_read(const struct conf *c, size_t domain, struct fail *why) MUST_USE;

/* The same of its files of recipients. */
struct alias_table *rows_read_recipients(
	const struct conf *c, size_t domain, struct fail *why) MUST_USE;

/* Watches the transport files and the files of recipients of a router's configuration. */
struct rows_watch;
struct rows_watch *rows_watch_new(const struct router *r) MUST_USE;
void rows_watch_free(struct rows_watch *w); /* null is allowed */

/* To be called once a second or so: it asks the file system only.  A file that has changed, and has
 * not changed again since the last call, is read: then another router that has the new rows, to be
 * served from now on, else null.  What is wrong is logged. */
struct router *rows_watch_look(struct rows_watch *w, const struct router *r) MUST_USE;

#endif
