/*
 * login/sasl - one exchange of SASL, seen from the server, as a machine
 *
 * PLAIN (RFC 4616), LOGIN (as everybody does it; there is no RFC), SCRAM-SHA-256 and
 * SCRAM-SHA-256-PLUS (RFC 5802, 7677) with channel bindings tls-exporter (RFC 9266) and
 * tls-server-end-point (RFC 5929).
 *
 * Sans-IO: each input gives one act, and that act says which input may follow it.  The machine
 * knows no table: it asks for the secret of a name, or whether a password is right.  Names and
 * passwords are prepared (login/saslprep).  An authorization identity must be the one that has
 * proven itself.
 */
#ifndef LOGIN_SASL_H
#define LOGIN_SASL_H

#include "base/buf.h"
#include "login/scram.h"

enum sasl_mechanism {
	SASL_PLAIN = 1,
	SASL_LOGIN = 2,
	SASL_SCRAM = 4,
	SASL_SCRAM_PLUS = 8,
};

/* The mechanism of a name as it stands behind AUTH; 0: unknown. */
enum sasl_mechanism sasl_mechanism_find(str name) MUST_USE;
const char *sasl_mechanism_name(enum sasl_mechanism m);

/* What binds the exchange to the TLS channel below it; n 0: the channel cannot say it. */
struct sasl_binding {
	unsigned char exporter[32], end_point[64];
	size_t exporter_octets, end_point_octets;
};

#define SASL_NONCE_OCTETS 18
#define SASL_MESSAGE_MAX 9216 /* a response; 12288 in base64 (RFC 4954 section 4) */

struct sasl_setup {
	enum sasl_mechanism mechanism;
	bool plus_offered; /* then who says that we lack channel binding was lied to */
	struct sasl_binding binding;
	unsigned char nonce[SASL_NONCE_OCTETS]; /* random */
};

struct sasl; /* opaque */

struct sasl_act {
	enum {
		SASL_CHALLENGE, /* send bytes; sasl_respond */
		SASL_CHECK,     /* is password that of name? sasl_checked */
		SASL_SECRET,    /* what is kept of name's password? sasl_secret */
		SASL_DONE,      /* it is name; the end */
		SASL_REFUSED,   /* for the log: *why; the end */
	} kind;
	str bytes, name, password; /* live until the next input; name is in table form */
	const char *why;
};

struct sasl *sasl_new(const struct sasl_setup *setup) MUST_USE;
void sasl_free(struct sasl *x); /* null is allowed; wipes what was secret */

/* The exchange begins, with the initial response of the client, or without one. */
struct sasl_act sasl_begin(struct sasl *x, bool initial, str response) MUST_USE;
struct sasl_act sasl_respond(struct sasl *x, str response) MUST_USE;
struct sasl_act sasl_checked(struct sasl *x, bool right) MUST_USE;

/* real false: there is no such login, and the secret was made up, so that nobody learns it. */
struct sasl_act sasl_secret(struct sasl *x, const struct scram_secret *secret, bool real) MUST_USE;

#endif
