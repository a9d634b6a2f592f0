/*
 * admin/verify_source - who answers the look-ups of a command: a zone file, a resolver that is
 * named, or what the configuration in force says (the system's resolv.conf where there is none)
 */
#ifndef ADMIN_VERIFY_SOURCE_H
#define ADMIN_VERIFY_SOURCE_H

#include "base/arena.h"
#include "route/router.h"
#include "world/resolve.h"

/* As written; "" where not said. */
struct verify_source {
	str zone, server, anchor;
};

/* One of --zone, --resolver, --anchor.  False: it is another option. */
bool verify_source_option(struct verify_source *from, str name, str value) MUST_USE;
bool verify_source_right(
	const struct verify_source *from) MUST_USE; /* they do not exclude each other */

/* The configuration in force; null, and true, where there is none, or the options say who answers.
 */
bool verify_source_load(struct arena *a, const struct verify_source *from, str dir,
	struct router **router, struct fail *why) MUST_USE;

/* What the options say goes before what the configuration says.  Null: *why; permanent if the
 * options are wrong. */
struct resolver *verify_source_open(struct arena *a, const struct verify_source *from,
	const struct router *router, struct fail *why) MUST_USE;

#endif
