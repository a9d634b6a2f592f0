/*
 * login/scram - SCRAM-SHA-256: what is kept of a password, and how it is proven
 *
 * RFC 5802, 7677.  The conversation itself is in login/sasl; here are its numbers and its messages.
 */
#ifndef LOGIN_SCRAM_H
#define LOGIN_SCRAM_H

#include "base/buf.h"
#include "base/fail.h"

#define SCRAM_KEY_OCTETS 32 /* of SHA-256 */
#define SCRAM_SALT_MAX 64
#define SCRAM_ITERATIONS_MIN 4096 /* RFC 7677 section 4 */
#define SCRAM_ITERATIONS_MAX 10000000

/* What a table holds: enough to check a proof and to prove ourselves, not the password. */
struct scram_secret {
	unsigned iterations;
	unsigned char salt[SCRAM_SALT_MAX];
	size_t salt_octets;
	unsigned char stored_key[SCRAM_KEY_OCTETS], server_key[SCRAM_KEY_OCTETS];
};

/* "ITERATIONS,SALT,STOREDKEY,SERVERKEY" in base64, as Dovecot writes it. */
bool scram_secret_parse(str text, struct scram_secret *secret, struct fail *why) MUST_USE;
void scram_secret_print(const struct scram_secret *secret, struct buf *to);

/* Fill in the keys for a prepared password, from salt and iterations.  It computes for long. */
void scram_secret_derive(struct scram_secret *secret, str password);

/* Is that the password?  It computes for long. */
bool scram_secret_matches(const struct scram_secret *secret, str password) MUST_USE;

/* client-first-message. */
struct scram_first {
	char binding;     /* 'n', 'y' or 'p' */
	str binding_name; /* behind 'p' */
	str gs2_header;   /* all of it, with its last comma */
	str authzid;      /* as written, "" is none */
	str bare;         /* what the signature covers */
	str name;         /* as written: =2C and =3D are not decoded yet */
	str nonce;
};
bool scram_first_parse(str message, struct scram_first *first) MUST_USE;

/* Append a name with its =2C and =3D decoded.  False: another '='. */
bool scram_name_decode(str text, struct buf *to) MUST_USE;

/* client-final-message. */
struct scram_final {
	str binding; /* base64 */
	str nonce;
	str without_proof; /* what the signature covers */
	unsigned char proof[SCRAM_KEY_OCTETS];
};
bool scram_final_parse(str message, struct scram_final *final) MUST_USE;

/* Does the proof fit what was said?  Then signature is ours, to be sent back. */
bool scram_proof_matches(const struct scram_secret *secret, str auth_message,
	const unsigned char proof[SCRAM_KEY_OCTETS],
	unsigned char signature[SCRAM_KEY_OCTETS]) MUST_USE;

/* server-first-message. */
struct scram_challenge {
	str nonce;
	struct scram_secret secret; /* iterations and salt; the keys are not known */
};
bool scram_challenge_parse(str message, struct scram_challenge *c) MUST_USE;

/* The client's side: the proof that somebody knows the prepared password, and the signature that
 * the server has to answer with.  It computes for long. */
void scram_prove(const struct scram_secret *secret, str password, str auth_message,
	unsigned char proof[SCRAM_KEY_OCTETS], unsigned char signature[SCRAM_KEY_OCTETS]);

#endif
