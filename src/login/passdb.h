/*
 * login/passdb - the embedded login table: Dovecot's passwd-file, in memory
 *
 * A line is NAME:{SCHEME}HASH, and what Dovecot allows behind it (uid, gid, gecos, home, shell,
 * extra fields), which is skipped, but for extra fields that would make a login weaker or another
 * one than the line says: these are refused, and so are two lines of one name, a weak scheme, a
 * name that is none.  Empty lines and lines that begin with # say nothing.
 *
 * A table never changes after it was read, may be asked by several threads, and goes with its last
 * reference.
 */
#ifndef LOGIN_PASSDB_H
#define LOGIN_PASSDB_H

#include "login/scheme.h"

#define PASSDB_NAMES_MAX 200000
#define PASSDB_LINE_MAX 4096

struct passdb;

struct passdb_entry {
	str name; /* in table form (saslprep_name) */
	struct scheme_hash hash;
	unsigned line;
};

/* Null: *why is "FILE:LINE:COLUMN: what is wrong". */
struct passdb *passdb_read(str file, str text, struct fail *why) MUST_USE;
struct passdb *passdb_keep(struct passdb *t);
void passdb_drop(struct passdb *t); /* null is allowed */

size_t passdb_count(const struct passdb *t) MUST_USE;
bool passdb_has_scram(const struct passdb *t) MUST_USE; /* somebody could log in by it */
const struct passdb_entry *passdb_at(
	const struct passdb *t, size_t i) MUST_USE; /* by their lines */

/* The entry of a name in table form, or null. */
const struct passdb_entry *passdb_find(const struct passdb *t, str name) MUST_USE;

/* For a name that nobody has: an entry whose hash may be computed in its place, so that it takes
 * as long as for one that somebody has; always the same one for a name.  scram: one that has such
 * a secret.  Null: there is none.  secret: a number that nobody knows. */
const struct passdb_entry *passdb_decoy(
	const struct passdb *t, str name, bool scram, uint64_t secret) MUST_USE;

#endif
