/*
 * sender/keytable - opendkim's KeyTable: names of keys                       opendkim.conf(5)
 *
 * "NAME DOMAIN:SELECTOR:KEY" a line.  DOMAIN goes into d=, SELECTOR into s=; a DOMAIN of "%" is the
 * domain of who sends.  A KEY that begins with "/", "./" or "../" is the path of a file, in which a
 * "%" is that domain, too; every other one is the key itself, in base64.  Nothing is opened here.
 */
#ifndef SENDER_KEYTABLE_H
#define SENDER_KEYTABLE_H

#include "base/arena.h"
#include "base/fail.h"

struct keytable;

struct keytable_key {
	struct keytable_key *next; /* in the order of the file */
	str name;
	str domain; /* in its ASCII form, or "%" */
	str selector;
	str secret; /* a path as written, or base64 */
	bool is_path;
	unsigned line;
};

/* file: its name, for errors; both are copied.  Null: *why is "file:line:column: ...". */
struct keytable *keytable_read(str file, str text, struct fail *why) MUST_USE;
void keytable_free(struct keytable *t); /* null is allowed */

str keytable_file(const struct keytable *t) MUST_USE;
const struct keytable_key *keytable_first(const struct keytable *t) MUST_USE; /* null: none */
const struct keytable_key *keytable_find(const struct keytable *t, str name) MUST_USE;

/* The path of a key for the domain of a sender, in ASCII form.  The arena has no limit. */
str keytable_path(struct arena *a, const struct keytable_key *k, str domain) MUST_USE;

#endif
