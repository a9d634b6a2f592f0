/*
 * route/alias_table - what an alias table is made of, for its builder and its compiled form
 *
 * What a table holds for a key is bytes, the same in memory and in a compiled file, so that one
 * reader serves both.
 */
#ifndef ROUTE_ALIAS_TABLE_H
#define ROUTE_ALIAS_TABLE_H

#include "base/buf.h"
#include "base/map.h"
#include "route/alias.h"

/* Where a compiled table looks up; null in one that is in memory. */
struct alias_store {
	bool (*find)(void *opened, str key, str *value);
	void (*close)(void *opened);
};

struct alias_entry {
	str key, value;
	unsigned source; /* the how manieth file gave it */
};

struct alias_table {
	int references; /* atomic: routers share what has not changed */
	const struct alias_store *store;
	void *opened; /* the store's */

	struct arena arena;           /* of a table in memory, like all that follows */
	struct map map;               /* key to struct alias_entry */
	struct alias_entry **entries; /* in the order of the files */
	size_t count, size;
};

struct alias_table *alias_table_new(void) MUST_USE; /* empty, in memory */

/* Add a value; key and value are copied.  */
void alias_table_add(struct alias_table *t, str key, str value, unsigned source);

/* Add a key with one target.  Another source that gave the key before wins, and nothing happens.
 * False: this one did; *former is what it said. */
bool alias_table_put(struct alias_table *t, str key, const struct alias_target *target,
	unsigned source, struct alias_targets *former) MUST_USE;

/* A value is a head, then its targets. */
void alias_entry_head(struct buf *to, str file, uint32_t line, size_t count);
void alias_entry_target(struct buf *to, const struct alias_target *target);
void alias_entry_read(str value, struct alias_targets *targets);

#endif
