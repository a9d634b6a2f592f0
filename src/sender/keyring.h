/*
 * sender/keyring - whose mail is ours to sign, and with which keys
 *
 * opendkim's three files and the private keys that they name, read once and shared by all threads:
 * nothing changes after it was made, but what the DNS shows of each key (keyring_show).  A key
 * whose path has a "%" is read for each of our domains. Counted references.
 */
#ifndef SENDER_KEYRING_H
#define SENDER_KEYRING_H

#include "base/ip.h"
#include "sender/dkim_sign.h"
#include "sender/signtable.h"

struct keyring;

/* A file's name, for errors, and what is in it. */
struct keyring_text {
	str name, text;
};

struct keyring_files {
	struct keyring_text keytable, signingtable;
	bool patterns;  /* of the signing table: "refile:" */
	bool has_hosts; /* else ours are the hosts that opendkim takes for internal */
	struct keyring_text hosts;
	const str *domains; /* of ours, ASCII, for "%" */
	size_t domain_count;
	/* The text of a private key. */
	bool (*read)(void *owner, struct arena *a, str path, str *text, struct fail *why);
	/* Instead of read, where it is set: what signs with the key of a file that somebody else
	 * holds; null: *why.  The ring gives it back by release. */
	struct dkim_signer *(*hold)(void *owner, str path, struct fail *why);
	void (*release)(struct dkim_signer *s);
	void *owner;
};

/* Everything is copied.  Null: *why is "file:line:column: ...". */
struct keyring *keyring_new(const struct keyring_files *files, struct fail *why) MUST_USE;
struct keyring *keyring_keep(struct keyring *k);
void keyring_drop(struct keyring *k); /* null is allowed */

/* Is mail of this client ours to sign, by the list of hosts?  *line: the entry that decided; 0: it
 * is not, or by the default.  name: as hostlist_has. */
bool keyring_host(
	const struct keyring *k, const struct ip *client, str name, unsigned *line) MUST_USE;

/* What signs for an author. */
struct keyring_match {
	struct signtable_match rows[SIGNTABLE_MATCHES_MAX]; /* as keys */
	struct dkim_sign_key keys[SIGNTABLE_MATCHES_MAX];   /* they point into rows, and the ring */
	size_t count;
};

/* What is known of the record of a key, the better the higher. */
enum keyring_shown {
	KEYRING_RETIRED, /* it was replaced long ago */
	KEYRING_MISSING, /* there is none, or another key's */
	KEYRING_UNKNOWN, /* nobody has looked */
	KEYRING_SETTLES, /* it is there, not yet for long */
	KEYRING_SHOWN,
};

/* A key of the table that has a domain of its own. */
struct keyring_key {
	str domain, selector;
	str record; /* the name in the DNS */
	const struct dkim_signer *signer;
	uint8_t proof[DKIM_FIELD_SIGNATURE_MAX]; /* of a digest that is all zero, made when the
						    ring was */
	size_t proof_n;                          /* 0: it did not sign */
};
size_t keyring_count(const struct keyring *k) MUST_USE;
const struct keyring_key *keyring_at(const struct keyring *k, size_t i) MUST_USE;
enum keyring_shown keyring_shown(const struct keyring *k, size_t i) MUST_USE;
void keyring_show(struct keyring *k, size_t i, enum keyring_shown shown); /* by any thread */

/* all: one key of each domain and each kind whose rows match; else the first of them, of the domain
 * of the first row.  Of several keys the first one that is shown signs, then the last that settles;
 * where none does, the last one: the new one's row stands before the old one's.  A kind
 * whose records are all missing signs only where no other does.  A row whose key could not be read
 * for this domain is left out. */
void keyring_find(const struct keyring *k, str author, bool all, struct keyring_match *match);

/* The key of this name in the table, which has a domain of its own.  False: there is none. */
bool keyring_key(const struct keyring *k, str name, struct dkim_sign_key *key) MUST_USE;

/* "FILE:LINE" of a row. */
#define KEYRING_ORIGIN_MAX FAIL_ORIGIN_MAX
char *keyring_origin(const struct keyring *k, unsigned line, char to[KEYRING_ORIGIN_MAX]);

#endif
