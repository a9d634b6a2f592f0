/*
 * flow/sign_on - our own login at a next hop: from the machine of smtp/client to the vault, and
 * back
 *
 * The vault alone reads the file of credentials, and answers what the peer has asked so far; so a
 * vault that dies in the middle costs nothing but time.
 */
#ifndef FLOW_SIGN_ON_H
#define FLOW_SIGN_ON_H

#include "base/buf.h"
#include "flow/flow.h"
#include "login/introduction.h"
#include "smtp/client.h"
#include "world/vault.h"

struct sign_on {
	/* set by the owner: of one connection */
	struct loop *loop;
	struct sock *sock;
	struct smtp_client *machine;
	const struct conf_transport *transport;
	str nexthop, host;
	uint16_t port;
	void (*answered)(void *owner); /* the machine has its answer: drive it on */
	void *owner;

	/* its own */
	char name[INTRODUCTION_OFFER_MAX + 1]; /* who we are there; "": nobody yet */
	unsigned char nonce[SASL_NONCE_OCTETS];
	struct sasl_binding binding;
	char offered[INTRODUCTION_OFFER_MAX + 1]; /* of what the peer offers, what we may take */
	struct buf challenges;
	bool waits, asks_vault;
	struct vault_question asked;
	struct loop_timer later; /* where the vault need not, or cannot be asked */
};

/* The machine asks; challenge: as its act says it.  answered is called later, never from inside. */
void sign_on_ask(struct sign_on *s, str challenge);

/* The connection is over: nothing is answered any more.  A zeroed one is allowed. */
void sign_on_leave(struct sign_on *s);

#endif
