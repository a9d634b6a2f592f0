/*
 * login/scheme - how a password is kept: {SCHEME}text
 *
 * The names are Dovecot's.  {CRYPT}, {SHA512-CRYPT} and {BLF-CRYPT} are what crypt(5) writes, and
 * of that yescrypt, bcrypt and sha512crypt; {ARGON2ID}; {SCRAM-SHA-256}.  What can be broken in an
 * evening is refused, and so is what would keep us busy for seconds.
 *
 * Making and comparing compute for long, on purpose: they are for world/work.
 */
#ifndef LOGIN_SCHEME_H
#define LOGIN_SCHEME_H

#include "login/scram.h"

enum scheme_kind { SCHEME_CRYPT, SCHEME_ARGON2ID, SCHEME_SCRAM };

struct scheme_hash {
	enum scheme_kind kind;
	str text;                  /* behind the brace; borrowed */
	struct scram_secret scram; /* of SCHEME_SCRAM */
};

#define SCHEME_TEXT_MAX 512

/* A field of a table.  Where no scheme is written it is {CRYPT}.  False: *why, which names the
 * scheme and never shows the hash. */
bool scheme_parse(str field, struct scheme_hash *hash, struct fail *why) MUST_USE;

/* Is that the password?  It is prepared already. */
bool scheme_matches(const struct scheme_hash *hash, str password) MUST_USE;

/* Append a field for a prepared password.  name: one of scheme_names.  random: for the salt. */
#define SCHEME_RANDOM_OCTETS 16
bool scheme_make(str name, str password, const unsigned char random[SCHEME_RANDOM_OCTETS],
	struct buf *to, struct fail *why) MUST_USE;

#define SCHEME_DEFAULT "SCRAM-SHA-256"
extern const char scheme_names[]; /* for people: those that scheme_make knows */

#endif
