/*
 * sender/srs_key - the secrets of the Sender Rewriting Scheme, and who computes with them
 *
 * A file of secrets is that of postsrsd: one in each line.  The first one signs, all are believed,
 * so a new one is put in front, and an old one goes when what it has signed is too old to come
 * back.  Where the file is somebody else's to read (the vault), a key asks him.
 */
#ifndef SENDER_SRS_KEY_H
#define SENDER_SRS_KEY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"

#define SRS_SECRETS_MAX 8
#define SRS_SECRET_OCTETS_MIN 16
#define SRS_SECRET_OCTETS_MAX 1024
#define SRS_MAC_OCTETS 32 /* HMAC-SHA256 */

/* One for each secret, in their order. */
struct srs_macs {
	uint8_t octets[SRS_SECRETS_MAX][SRS_MAC_OCTETS];
	size_t count;
};

/* Shared by threads, counted. */
struct srs_key {
	int references; /* atomic */
	/* It may take its time; that it fails is temporary: *why. */
	bool (*mac)(struct srs_key *k, str text, struct srs_macs *to, struct fail *why) MUST_USE;
	void (*free)(struct srs_key *k);
};
struct srs_key *srs_key_keep(struct srs_key *k); /* null is allowed */
void srs_key_drop(struct srs_key *k);            /* null is allowed */

/* The lines of a file of secrets. */
struct srs_secrets {
	str items[SRS_SECRETS_MAX]; /* in the text */
	size_t count;
};

/* Empty lines, and those that begin with #, mean nothing.  False: *why is "path:line:column: ...".
 */
bool srs_key_secrets(str path, str text, struct srs_secrets *to, struct fail *why) MUST_USE;
void srs_key_macs(const struct srs_secrets *s, str text, struct srs_macs *to);

/* A key of such a file: it keeps a copy, and wipes it at its end.  Null: as above. */
struct srs_key *srs_key_of(str path, str text, struct fail *why) MUST_USE;

#endif
