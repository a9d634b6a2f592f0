/*
 * admin/generation - the configuration that is in force, and those before it
 *
 * What stands in DIR/conf.d is the admin's draft.  A compile checks all of it and writes
 * DIR/generations/N: facteur.conf, the merged text with the origin of each line, and DOMAIN.cdb,
 * the alias table of each domain that has one, and DOMAIN:transports.cdb, the rows of its transport
 * files.  DIR/current is a symbolic link to the generation
 * that is in force; it is switched in one step, when everything is on stable storage.  Servers read
 * only what it leads to, so a half-edited file never reaches them.
 *
 * One compile or rollback at a time: DIR/generations/lock.  dir may be relative to where we are.
 */
#ifndef ADMIN_GENERATION_H
#define ADMIN_GENERATION_H

#include "base/buf.h"
#include "conf/conf.h"
#include "route/route.h"

#define GENERATION_KEPT 10 /* older ones are removed by the next compile */

struct generation_report {
	struct buf lines;    /* errors and warnings, one a line */
	struct fail why;     /* what kept us from the work itself; FAIL_NONE: nothing did */
	unsigned generation; /* in force afterwards; 0: none */
	bool changed;        /* it became so just now */
};

void generation_report_free(struct generation_report *r);

/* True: done, or nothing to do.  False: refused, for what the report says. */
bool generation_check(str dir, struct generation_report *r) MUST_USE; /* writes nothing */
bool generation_compile(str dir, struct generation_report *r) MUST_USE;
bool generation_rollback(str dir, struct generation_report *r) MUST_USE; /* to the one before */

/* The generation in force, for a server: its number is in its conf. */
struct router *generation_load(str dir, struct fail *why) MUST_USE;
struct conf *generation_conf(str dir, struct fail *why) MUST_USE; /* only what it says; conf_drop */
/* Only that and the alias tables, as they were compiled: nothing but the generation is read. */
struct router *generation_aliases(str dir, struct fail *why) MUST_USE;

/* Whether it is still the one in force. */
bool generation_is_current(str dir, const struct conf *c) MUST_USE;
/* What stands in conf.d now, compiled or not, for commands that work on a file that it names. */
struct conf *generation_draft(str dir, struct fail *why) MUST_USE;

/* The same from memory, for tests and the simulator: files are what the configuration names, by
 * their names as they are written there.  Nothing is read from the disk. */
struct router *generation_build_memory(str dir, const struct conf_source *sources, size_t count,
	const struct conf_source *files, size_t file_count, struct fail *why) MUST_USE;

#endif
