/*
 * route/alias - alias tables: who is it for?        aliases(5), virtual(5)
 *
 * One table a hosted domain, from its alias files.  Keys are local parts (of aliases files),
 * addresses (of virtual files, where a local part alone is one of the domain), and "@domain", the
 * catch-all (virtual).  Values are targets in the order of the file, each with its file and line.
 * A table is read-only, and may be asked by several threads; it is in memory (built from text) or
 * in a compiled file of a generation, and answers alike.
 */
#ifndef ROUTE_ALIAS_H
#define ROUTE_ALIAS_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"

struct alias_table; /* opaque */

struct alias_target {
	str text; /* an address: where the file has a local part alone, the table's domain was put
		     behind it; or "/dev/null", "/file", "|command" without blanks around it; or
		     "@domain" (virtual): the same local part there.
		     ":include:/path" is expanded already when the table is built */
	str file; /* where it stands */
	uint32_t line, column;
};

/* What a key stands for; it lives as long as the table. */
struct alias_targets {
	str file; /* where the key stands */
	uint32_t line;
	size_t count; /* at least 1 */
	str left;     /* for alias_targets_next */
};

/* Take the first target off.  False: there is none left. */
bool alias_targets_next(struct alias_targets *targets, struct alias_target *target) MUST_USE;

/* Reads an included file: false with *why when it cannot.  The text lives in the arena. */
typedef bool alias_include(void *owner, struct arena *a, str path, str *text, struct fail *why);

#define ALIAS_INCLUDE_DEPTH_MAX 8       /* files that include files */
#define ALIAS_INTO_MAX 1000             /* octets of a /file or a |command */
#define ALIAS_TABLE_TARGETS_MAX 1000000 /* of one table: files that include each other multiply */

/* Builds a table: add files in order, then finish.  A key given twice is refused, with both
 * places, unless another file (or format) gave it: then the first one counts.  Errors are
 * "file:line:column: ...".  |commands and /files are refused unless alias_builder_allow let them
 * stand in the files that are added next; in included files they always are.  A virtual
 * line whose pattern is the name of the domain says only that it is hosted, and is skipped. */
struct alias_builder;
struct alias_builder *alias_builder_new(str domain, alias_include *include, void *owner) MUST_USE;
void alias_builder_allow(struct alias_builder *b, bool programs, bool files);
bool alias_builder_aliases(struct alias_builder *b, str file, str text, struct fail *why) MUST_USE;
bool alias_builder_virtual(struct alias_builder *b, str file, str text, struct fail *why) MUST_USE;

/* The text of a user's .forward, as an entry of the key ALIAS_FORWARD_KEY, which is no local part;
 * one that says nothing makes no entry.  What is allowed is allowed here, too; it includes nothing.
 * A target may be "\\user@domain": his mailbox, whatever aliases and his own .forward say. */
#define ALIAS_FORWARD_KEY S(".forward")
bool alias_builder_forward(struct alias_builder *b, str file, str text, struct fail *why) MUST_USE;

/* The value that a table has for a key: targets as of a virtual line, without a program, a file or
 * an :include:, because who may write to a database may not run what he likes here.  It is an entry
 * of the same key; name is the file in what is said of it. */
bool alias_builder_value(struct alias_builder *b, str name, str value, struct fail *why) MUST_USE;
struct alias_table *alias_builder_finish(struct alias_builder *b) MUST_USE; /* frees the builder */
void alias_builder_free(struct alias_builder *b);

bool alias_table_write(
	const struct alias_table *t, const char *path, struct fail *why) MUST_USE; /* cdb */
struct alias_table *alias_table_open(const char *path, struct fail *why) MUST_USE;
struct alias_table *alias_table_keep(struct alias_table *t);
void alias_table_free(struct alias_table *t); /* the last reference ends it; null is allowed */

/* key: in table form (local part, or address, or "@domain").  False: no such key. */
bool alias_table_find(const struct alias_table *t, str key, struct alias_targets *targets) MUST_USE;

/* Walk all keys of an in-memory table, in the order of the files, for the checks of a compile. */
bool alias_table_key(const struct alias_table *t, size_t index, str *key) MUST_USE;

#endif
