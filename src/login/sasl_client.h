/*
 * login/sasl_client - one exchange of SASL, seen from the client, as a machine
 *
 * PLAIN (RFC 4616), LOGIN, SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677) with the channel
 * bindings of login/sasl.
 *
 * Sans-IO: each challenge gives one act.  With SCRAM the password itself never leaves, and the
 * server has to prove that it knows it, too: before that, a yes of his is none.  With PLUS nobody
 * can stand between the two, who has another channel to each; and a server whose offer of PLUS was
 * taken away on its way here hears of it (RFC 5802 section 6).
 */
#ifndef LOGIN_SASL_CLIENT_H
#define LOGIN_SASL_CLIENT_H

#include "login/sasl.h"

/* A server that wants more computing than this from us gets none. */
#define SASL_CLIENT_ITERATIONS_MAX 1000000

struct sasl_client_setup {
	enum sasl_mechanism mechanism;
	struct sasl_binding
		binding;    /* of the channel; the exporter's is said, else the end point's */
	str name, password; /* borrowed */
	unsigned char nonce[SASL_NONCE_OCTETS]; /* random */
};

struct sasl_client; /* opaque */

struct sasl_client_act {
	enum {
		SASL_CLIENT_SILENT,  /* name the mechanism, and wait for a challenge */
		SASL_CLIENT_SAY,     /* send bytes, and wait for a challenge */
		SASL_CLIENT_LAST,    /* send bytes; only now is a yes of the server one */
		SASL_CLIENT_REFUSED, /* *why; the end */
	} kind;
	str bytes; /* live until the next input */
	const char *why;
};

/* The strongest of these names, with blanks between them, that we can do over this channel; 0:
 * none.
 */
enum sasl_mechanism sasl_client_choose(str offered, const struct sasl_binding *binding) MUST_USE;

struct sasl_client *sasl_client_new(const struct sasl_client_setup *setup) MUST_USE;
void sasl_client_free(struct sasl_client *x); /* null is allowed; wipes what was secret */

struct sasl_client_act sasl_client_begin(struct sasl_client *x) MUST_USE;
struct sasl_client_act sasl_client_respond(struct sasl_client *x, str challenge) MUST_USE;

#endif
