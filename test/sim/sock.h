/*
 * test/sim/sock - one end of a simulated connection: what test/sim/net.c and sock.c share
 */
#ifndef TEST_SIM_SOCK_H
#define TEST_SIM_SOCK_H

#include "base/buf.h"
#include "test/sim/net.h"
#include "test/sim/port.h"

enum net_what {
	NET_ACCEPT,    /* somebody connects, at a port */
	NET_CONNECTED, /* he has been accepted */
	NET_REFUSED,
	NET_DATA,
	NET_FIN,
	NET_RESET,
	NET_WINDOW,  /* there is room to write */
	NET_DRAINED, /* all has been written */
	NET_OFFER,   /* offer what has arrived */
};

struct net_event {
	struct sim_event event;
	struct net_conn *conn;
	struct loop *loop;
	int side; /* whom it happens to */
	enum net_what what;
	unsigned tries; /* ACCEPT: nobody listened yet */
	size_t n;
	char bytes[];
};

enum sock_tls { SOCK_CLEAR, SOCK_TLS_CLIENT, SOCK_TLS_SERVER, SOCK_TLS };

struct sock {
	struct list link;  /* of its node */
	struct list dirty; /* of its loop */
	struct net_conn *conn;
	int side;
	struct loop *loop;
	const struct sock_handler *handler;
	void *owner;
	struct buf in, out;
	size_t kept; /* of in: offered and not taken */
	enum sock_tls tls;
	bool connected, paused, stalled, resumed, offering, dropped, eof, broken, told, finishing,
		peeks;
};

struct net_conn *net_conn_new(void);
void net_push(
	struct net_conn *c, int side, enum net_what what, struct loop *l, int64_t at_ns, str bytes);
void net_tell(struct net_conn *c, int from, enum net_what what, str bytes);
void net_flush(struct sock *s);
void net_taken(struct net_conn *c, int from, size_t n);

void sock_happens(struct net_event *n);
void sock_flushed(struct sock *s);

#endif
