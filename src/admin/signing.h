/*
 * admin/signing - the files of the block sign: from the folder into a generation, and into a
 * keyring
 *
 * A generation has copies of the tables, so that what stands half-edited signs nothing.  The
 * private keys are not copied: they are used where they are.  Commands of the administrator read
 * them; the server has the vault hold them, but for keys that stand in the table itself.
 */
#ifndef ADMIN_SIGNING_H
#define ADMIN_SIGNING_H

#include "conf/conf.h"
#include "route/route.h"

#define SIGNING_FILES 3 /* keytable, signingtable, hosts */

struct signing {
	str texts[SIGNING_FILES]; /* "" where the configuration names none */
};

/* The texts of the files, as the configuration names them; false: *why, *at is the word. */
bool signing_read(const struct conf *c, struct arena *a, alias_include *read, void *owner,
	struct signing *s, const struct conf_origin **at, struct fail *why) MUST_USE;

/* What signs with them; read gives the keys.  Null: *why is "file:line:column: ...". */
struct keyring *signing_keyring(const struct conf *c, const struct signing *s, alias_include *read,
	void *owner, struct fail *why) MUST_USE;

/* Into the folder of a generation. */
bool signing_write(
	const struct conf *c, const struct signing *s, str folder, struct fail *why) MUST_USE;

/* The private keys that the tables of a generation in force name, by their absolute paths, for who
 * opens them. */
struct signing_paths;
struct signing_paths *signing_paths_new(const struct conf *c, struct fail *why) MUST_USE;
void signing_paths_free(struct signing_paths *p); /* null is allowed */
bool signing_paths_have(const struct signing_paths *p, str path) MUST_USE;

/* Out of it: the router of that generation gets what signs, the tables as they were compiled, the
 * keys as they are now.  Nothing, where nothing is to be signed. */
bool signing_open(struct arena *a, str folder, struct router *r, struct fail *why) MUST_USE;

#endif
