/*
 * bench/in - an inbound session that says yes to everything: smtp/server on a socket
 */
#ifndef BENCH_IN_H
#define BENCH_IN_H

#include "base/buf.h"
#include "smtp/server.h"
#include "world/sock.h"

struct in;

/* What the owner hears of; all may be null but over. */
struct in_calls {
	void (*mail)(struct in *in, const struct smtp_mail *mail);
	void (*rcpt)(struct in *in, const struct smtp_rcpt *rcpt);
	void (*body)(struct in *in, str bytes);
	void (*commit)(struct in *in); /* it is answered with yes */
	void (*reset)(struct in *in);
	void (*over)(struct in *in); /* the session is gone: free what is around it */
};

/* Part of the owner's structure. */
struct in {
	struct loop *loop;
	struct sock *sock;
	struct smtp_server *machine;
	struct buf rest; /* the beginning of a command line */
	const struct in_calls *calls;
};

void in_open(struct in *in, struct loop *loop, struct sock *sock, const struct in_calls *calls);

/* Listen at an address, print "listening ADDRESS:PORT", and have each session accepted. */
void in_listen(struct loop *loop, const struct endpoint *at, sock_accepted *accepted, void *owner);

#endif
