/*
 * world/table - a compiled table: keys and values in one file that never changes      cdb(5)
 *
 * The file is Bernstein's constant database, made and read by tinycdb, with two records of ours:
 * its format, so that a table of another kind or version is refused, and a checksum over the whole
 * file, so that a rotten, cut or foreign one is.  A table that was opened is mapped, and may be
 * asked by several threads.
 */
#ifndef WORLD_TABLE_H
#define WORLD_TABLE_H

#include "base/fail.h"
#include "base/str.h"

struct table;

/* format: what it must be made as.  Null: *why begins with the path. */
struct table *table_open(str path, str format, struct fail *why) MUST_USE;
void table_close(struct table *t); /* null is allowed */

/* *value is valid until table_close.  False: no such key. */
bool table_find(const struct table *t, str key, str *value) MUST_USE;

/* Make one: give each key once, then write it, which frees the maker.  No key may begin with a NUL
 * byte.  Readers of path see the former file or the new one, whole; a false return leaves the
 * former one. */
struct table_maker;
struct table_maker *table_maker_new(str format) MUST_USE;
void table_maker_add(struct table_maker *m, str key, str value);
bool table_maker_write(struct table_maker *m, str path, struct fail *why) MUST_USE;

#endif
