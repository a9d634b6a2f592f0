/*
 * login/dovecot - asking Dovecot whether somebody is who he says, as a machine
 *
 * Dovecot's authentication protocol, the side of the client, version 1 (Dovecot's documentation,
 * "Dovecot Authentication Protocol"): one connection carries many requests, each with a number of
 * its own.  PLAIN is checked there; SCRAM is passed through, message by message.
 *
 * Sans-IO: bytes and time go in, acts come out.  One machine is one connection: when it says
 * DOVECOT_BROKEN, it is over, and so is every request that was open.  Numbers are the caller's: not
 * used twice, not 0, and an answer to a number that is not open any more is his to drop.
 */
#ifndef LOGIN_DOVECOT_H
#define LOGIN_DOVECOT_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/ip.h"

#define DOVECOT_LINE_MAX 16384     /* of Dovecot's own AUTH_CLIENT_MAX_LINE_LENGTH */
#define DOVECOT_HANDSHAKE_MS 10000 /* from the connection to DONE */
#define DOVECOT_MESSAGE_MAX 9216   /* of SASL */

struct dovecot; /* opaque */

struct dovecot_request {
	uint32_t number;
	const char *mechanism;
	struct ip local, remote;
	str response; /* the initial one */
};

struct dovecot_act {
	enum {
		DOVECOT_IDLE,
		DOVECOT_SEND,      /* bytes */
		DOVECOT_READY,     /* the handshake is over: requests may be made */
		DOVECOT_CHALLENGE, /* of request number: bytes are for the client */
		DOVECOT_YES,       /* bytes: the name that Dovecot gives him */
		DOVECOT_NO,        /* *why: permanent, the password or the name is wrong; or
				      temporary */
		DOVECOT_BROKEN,    /* *why */
	} kind;
	uint32_t number;
	str bytes; /* until the next call */
	const struct fail *why;
};

/* client_id: a number that no other client of Dovecot has. */
struct dovecot *dovecot_new(uint32_t client_id, int64_t now_ms) MUST_USE;
void dovecot_free(struct dovecot *d); /* null is allowed */

void dovecot_feed(struct dovecot *d, str bytes);
void dovecot_tick(struct dovecot *d, int64_t now_ms);
struct dovecot_act dovecot_next(struct dovecot *d) MUST_USE; /* until IDLE or BROKEN */
int64_t dovecot_deadline_ms(const struct dovecot *d) MUST_USE;

bool dovecot_has(const struct dovecot *d, const char *mechanism) MUST_USE;

/* Only when it is ready.  False: the response is too long. */
bool dovecot_ask(struct dovecot *d, const struct dovecot_request *request) MUST_USE;
bool dovecot_continue(struct dovecot *d, uint32_t number, str response) MUST_USE;
void dovecot_cancel(struct dovecot *d, uint32_t number);

#endif
