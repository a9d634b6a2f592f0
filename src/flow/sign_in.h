/*
 * flow/sign_in - the logins of one session: from AUTH to the authority, and back
 *
 * The machine of smtp/server has the lines, the authority has the mechanisms and the passwords;
 * this carries messages between them, and logs how each try ended.
 */
#ifndef FLOW_SIGN_IN_H
#define FLOW_SIGN_IN_H

#include "flow/authority.h"
#include "flow/flow.h"
#include "smtp/server.h"

#define SIGN_IN_NAMES_MAX 64

struct sign_in {
	struct flow *flow;
	struct sock *sock;
	struct smtp_server *machine;
	uint64_t session_id;
	struct ip client;
	unsigned offered; /* bits of enum sasl_mechanism */
	char names[SIGN_IN_NAMES_MAX];
	struct authority_talk *talk; /* null: no exchange is open */
	uint32_t ticket;
	char mechanism[SMTP_AUTH_MECHANISM_MAX + 1];
	void (*answered)(void *owner);
	void *owner;
};

/* What the authority has now, as EHLO says it; valid until the next call. */
str sign_in_offer(struct sign_in *s);

/* The machine asks.  answered is called when it has its answer, later: drive it on. */
void sign_in_ask(struct sign_in *s, const struct smtp_server_act *act);

/* What binds a login to this channel. */
void sign_in_binding(const struct sock *sock, struct sasl_binding *to);

/* The client has ended the exchange, or the session ends. */
void sign_in_leave(struct sign_in *s);

#endif
