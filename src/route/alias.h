/*
 * route/alias - alias tables: who is it for?        aliases(5), virtual(5)
 *
 * One table a hosted domain, from its alias files.  Keys are local parts (aliases) or addresses,
 * "@domain" the catch-all (virtual); values are targets in the order of the file, each with its
 * file and line.  A table is read-only; it is in memory (built from text) or in a cdb file of a
 * generation, and answers alike.
 */
#ifndef ROUTE_ALIAS_H
#define ROUTE_ALIAS_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"

struct alias_table; /* opaque */

struct alias_target {
	str text; /* as in the file, unquoted: address, local part, "/dev/null", ":include:/path" is
		     expanded already when the table is built */
	str file; /* where it stands */
	uint32_t line;
};

struct alias_targets {
	const struct alias_target *items;
	size_t count;
};

/* Reads an included file: false with *why when it cannot.  The text lives in the arena. */
typedef bool alias_include(void *owner, struct arena *a, str path, str *text, struct fail *why);

/* Builds a table: add files in order, then finish.  A key given twice is refused, with both
 * places, unless another file (or format) gave it.  Errors are "file:line:column: ...".  |commands
 * and /files are refused: a later work allows them. */
struct alias_builder;
struct alias_builder *alias_builder_new(str domain, alias_include *include, void *owner) MUST_USE;
bool alias_builder_aliases(struct alias_builder *b, str file, str text, struct fail *why) MUST_USE;
bool alias_builder_virtual(struct alias_builder *b, str file, str text, struct fail *why) MUST_USE;
struct alias_table *alias_builder_finish(struct alias_builder *b) MUST_USE; /* frees the builder */
void alias_builder_free(struct alias_builder *b);

bool alias_table_write(const struct alias_table *t, const char *path, struct fail *why) MUST_USE; /* cdb */
struct alias_table *alias_table_open(const char *path, struct fail *why) MUST_USE;
void alias_table_free(struct alias_table *t); /* null is allowed */

/* key: in table form (local part, or address, or "@domain").  False: no such key. */
bool alias_table_find(const struct alias_table *t, struct arena *a, str key,
	struct alias_targets *targets) MUST_USE;

/* Walk all keys of an in-memory table, for the checks of a compile. */
bool alias_table_key(const struct alias_table *t, size_t index, str *key) MUST_USE;

#endif
