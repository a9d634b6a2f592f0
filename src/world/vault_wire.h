/*
 * world/vault_wire - how mail and the vault speak to each other
 *
 * A message is one packet: word, mode, digest (one byte each), status (one byte, of answers), a
 * ticket (four bytes, the high one first), and three fields, each with its length in two bytes in
 * front.
 *
 * VAULT_KEY: path; the answer has in key what is public of the key in that file
 * (SubjectPublicKeyInfo).
 *
 * VAULT_SIGN: path, in key SHA-256 of what is public of it, data; the answer has the signature.
 *
 * VAULT_SECRETS: path; the file of secrets for SRS is read, as it is now.  VAULT_MAC: path, data;
 * the answer has in data what sender/srs_key computes, one after the other.
 *
 * VAULT_LOGIN: in path the number of a talk, in key a question of flow/authority, in data what the
 * client said; VAULT_RESPOND: path and data of the same talk.  The answer has in path what came of
 * it, in key the login, in data bytes for the client or why it was refused.  VAULT_LEAVE ends a
 * talk, and has no answer.
 *
 * VAULT_INTRODUCE: path of a file of credentials, in data a question of login/introduction, whose
 * answer is in the data of the answer.
 *
 * VAULT_OFFER: the answer has in data what logins may be offered; VAULT_RELOAD: there is another
 * generation.
 *
 * An answer has the word and the ticket of its question; status VAULT_REFUSED: data says why.
 */
#ifndef WORLD_VAULT_WIRE_H
#define WORLD_VAULT_WIRE_H

#include "base/buf.h"

#define VAULT_MESSAGE_MAX 16384
#define VAULT_PATH_MAX 4096

enum vault_word {
	VAULT_KEY = 1,
	VAULT_SIGN,
	VAULT_SECRETS,
	VAULT_MAC,
	VAULT_LOGIN,
	VAULT_RESPOND,
	VAULT_LEAVE,
	VAULT_OFFER,
	VAULT_RELOAD,
	VAULT_INTRODUCE,
	VAULT_WORDS
};

/* How a signature is made; data is the digest, but for VAULT_WHOLE the message itself. */
enum vault_mode {
	VAULT_PLAIN, /* not a signature */
	VAULT_PKCS1, /* RSA, RFC 8017 section 8.2 */
	VAULT_PSS,   /* RSA, RFC 8017 section 8.1, the salt as long as the digest */
	VAULT_ECDSA,
	VAULT_WHOLE, /* Ed25519 */
	VAULT_MODES,
};

enum vault_digest {
	VAULT_NONE,
	VAULT_SHA256,
	VAULT_SHA384,
	VAULT_SHA512,
	VAULT_SHA1,
	VAULT_DIGESTS
};

enum vault_status { VAULT_ASKED, VAULT_DONE, VAULT_REFUSED, VAULT_STATES };

struct vault_message {
	enum vault_word word;
	enum vault_mode mode;
	enum vault_digest digest;
	enum vault_status status;
	uint32_t ticket;
	str path, key, data; /* in the bytes that were read */
};

bool vault_wire_write(const struct vault_message *m, struct buf *to) MUST_USE; /* false: too long */
bool vault_wire_read(str bytes, struct vault_message *m) MUST_USE;

#endif
