/*
 * flow/inbound_inside - what flow/inbound.c and flow/inbound_client.c share; nobody else looks here
 */
#ifndef FLOW_INBOUND_INSIDE_H
#define FLOW_INBOUND_INSIDE_H

#include "flow/inbound.h"
#include "flow/sign_in.h"
#include "flow/transaction.h"
#include "smtp/server.h"

struct inbound {
	struct list link; /* among the sessions of the flow */
	struct flow *flow;
	struct router *router; /* the configuration that this session began with */
	struct sock *sock;
	struct smtp_server *machine;
	struct smtp_server_setup setup;
	struct loop_timer timer;
	uint64_t id;
	struct ip client;
	struct ip through;  /* the proxy that says so; family 0: none */
	struct ip named_by; /* who speaks for the client by XCLIENT; family 0: nobody */
	bool unnamed;       /* who speaks for him has not said who he is: client is the proxy */
	bool heading;       /* its PROXY header has to come first */
	str listener;
	bool counted;          /* in the census */
	bool ours;             /* trusted: relay-for has the client */
	bool certified;        /* its certificate is one of relay-for-certificate */
	bool held;             /* the spool says enough: the body waits */
	bool closing;          /* the last reply is on its way */
	bool body_refused;     /* said once for a message */
	bool stepping;         /* next is being asked */
	struct tls_facts *tls; /* null: in clear */
	struct sign_in sign_in;
	struct transaction *transaction;
	str recipient; /* of the last RCPT, by mem_copy: its answer may come too late */
	uint32_t commit_ticket;
	unsigned accepted, refused;
	str end; /* why we hang up, by mem_copy; "" while nothing is known but QUIT */
};

/* --- flow/inbound.c */

void inbound_begin(struct inbound *in);         /* the client is known: greet him */
void inbound_free(struct inbound *in, str why); /* its sock is closed */
void inbound_ends_with(struct inbound *in, const struct fail *why); /* why we hang up */

/* --- flow/inbound_log.c */

void inbound_log_session(const struct inbound *in, str why); /* it is over */
/* recipient: "" for none.  421 says why we hang up, too. */
void inbound_log_refused(struct inbound *in, str recipient, const struct fail *why);

/* --- flow/inbound_client.c: who is it really? */

void inbound_client_know(struct inbound *in, const struct ip *client);
bool inbound_client_is_proxy(const struct inbound *in) MUST_USE;
void inbound_client_await(struct inbound *in); /* the PROXY header; then inbound_begin */
size_t inbound_client_header(struct inbound *in, str bytes) MUST_USE; /* as sock's received */
void inbound_client_late(struct inbound *in);                         /* it did not come */
void inbound_client_ask(struct inbound *in, const struct smtp_server_act *act); /* XCLIENT */
void inbound_client_forwarded(
	const struct inbound *in, const struct xclient *x); /* XFORWARD, for the log */

#endif
