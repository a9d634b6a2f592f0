/*
 * flow/outbound_inside - what flow/outbound.c and flow/outbound_mail.c share; nobody else looks
 * here
 */
#ifndef FLOW_OUTBOUND_INSIDE_H
#define FLOW_OUTBOUND_INSIDE_H

#include "flow/body.h"
#include "flow/outbound.h"
#include "flow/reach.h"
#include "flow/sign_on.h"
#include "smtp/client.h"

struct outbound {
	struct list link; /* among the outbounds of the flow */
	struct flow *flow;
	struct router *router; /* that of the last delivery: hello and transport are its */
	const struct conf_transport *transport;
	struct delivery *d; /* in hand; null: the connection is idle, or quits */

	struct reach *reach; /* the addresses of the next hop */
	struct endpoint at;
	str host;            /* the reach's */
	struct fail trouble; /* with the last address */
	bool plain;          /* TLS was tried with this address and broke: without, this time */

	struct sock *sock; /* null: no connection */
	struct smtp_client_setup setup;
	struct smtp_client *machine; /* null: not connected yet */
	struct loop_timer timer;
	struct tls_context *context; /* a reference; null: TLS is not for this transport */
	struct tls_facts tls;        /* version "": none */
	bool in_handshake;
	struct sign_on sign_on; /* our login there */

	struct arena arena; /* of one mail */
	struct body *body;
	bool wants_body; /* the machine does, the backlog was large or the spool reads */
	bool measuring;  /* the body is read for its length */
	bool ready;      /* the machine waits for a mail */
	bool answered;   /* the results of the mail are known */
	int64_t quit_ms; /* hung up: by then it is closed; 0: it is not */
	void (*gone)(void *owner);
	void *owner;
};

/* --- flow/outbound.c */

void outbound_step(struct outbound *o); /* something has happened: do what the machine wants */

/* --- flow/outbound_mail.c */

/* The machine is ready for it: its results follow, at once (answered) if this peer cannot take it.
 */
void outbound_mail_begin(struct outbound *o);
bool outbound_mail_body(struct outbound *o) MUST_USE; /* give a block; false: there is none now */
void outbound_mail_results(struct outbound *o);       /* take them from the machine */
void outbound_mail_log(const struct outbound *o);
void outbound_mail_end(struct outbound *o); /* forget it */

#endif
