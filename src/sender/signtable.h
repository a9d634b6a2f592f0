/*
 * sender/signtable - opendkim's SigningTable: which keys sign for whom       opendkim.conf(5)
 *
 * "PATTERN KEYNAME[:SIGNER]" a line.  KEYNAME is of a keytable ("%": named as the sender's domain);
 * SIGNER goes into i=, a "%" in it is the sender's domain, and it is left out where it is not in
 * the domain that signs.
 *
 * A plain table is asked for user@host, host, user@.domain and .domain (of all domains above the
 * host), user@* and *, in this order.  In a table of patterns ("refile:") "*" stands for any text,
 * and the rows are tried in their order.  Case makes no difference.
 */
#ifndef SENDER_SIGNTABLE_H
#define SENDER_SIGNTABLE_H

#include "base/fail.h"
#include "dns/record.h"
#include "sender/keytable.h"

#define SIGNTABLE_MATCHES_MAX 8 /* signatures of one message; more rows are not looked at */
#define SIGNTABLE_IDENTITY_MAX 320

struct signtable;

struct signtable_match {
	const struct keytable_key *key;
	unsigned line;                         /* of the row in the signing table */
	char domain[DNS_NAME_MAX + 1];         /* d=, ASCII */
	char sender[DNS_NAME_MAX + 1];         /* the sender's domain, for keytable_path */
	char identity[SIGNTABLE_IDENTITY_MAX]; /* i=, "" for none */
};

/* keys outlives the table; the others are copied.  A row whose key is unknown is refused.  Null:
 * *why is "file:line:column: ...". */
struct signtable *signtable_read(
	str file, str text, bool patterns, const struct keytable *keys, struct fail *why) MUST_USE;
void signtable_free(struct signtable *t); /* null is allowed */

str signtable_file(const struct signtable *t) MUST_USE;

/* The keys that sign for a From address: the first row that matches, or all of them
 * (MultipleSignatures), each key once.  Returns how many. */
size_t signtable_find(const struct signtable *t, str address, bool all,
	struct signtable_match matches[SIGNTABLE_MATCHES_MAX]) MUST_USE;

#endif
