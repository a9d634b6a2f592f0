/*
 * admin/logins - the embedded login table, for compile and for "facteur user"
 *
 * The file is written whole, under a lock (FILE.lock), and renamed into place: the daemon, which
 * watches it, and whoever else reads it, see the old or the new.  Its owner, group and mode stay;
 * a new one is readable by its owner only, who is the user of the daemon.
 */
#ifndef ADMIN_LOGINS_H
#define ADMIN_LOGINS_H

#include "base/buf.h"
#include "conf/conf.h"

/* Can the table, and the files of credentials of transports, be read, and is everything in them as
 * it should be?  False: each error is a line of the report. */
bool logins_check(const struct conf *c, struct buf *report) MUST_USE;

/* set NAME [--scheme SCHEME] | delete NAME | list.  Returns the exit code; out is the answer, or
 * says what is wrong. */
int logins_command(str dir, const str *words, size_t count, bool json, struct buf *out,
	bool *answered) MUST_USE;

#endif
