/*
 * test/sim/mailer - a plain client and a plain next hop, for stories that are about something else
 *
 * The client brings one message, and comes again after a while when it hears 4xx or is cut off, as
 * a server would.  The next hop takes everything for everybody.
 */
#ifndef TEST_SIM_MAILER_H
#define TEST_SIM_MAILER_H

#include "base/buf.h"
#include "test/sim/sim.h"
#include "world/sock.h"

#define MAILER_AGAIN_MS 20000
#define MAILER_PATIENCE_MS 400000 /* with a server that may have died */

/* One message on its way to a server.  What is pointed to is the caller's. */
struct mailer {
	struct ip client;
	str sender, recipient, content; /* CRLF, no line begins with a dot */
	bool once;                      /* a temporary refusal of the message is an answer, too */
	/* The answer, a 2xx, a 5xx or what once says: told is called when it has come. */
	void (*told)(struct mailer *m);
	int code;
	char text[256];
	int64_t begun_ns; /* the first try */
	/* its own: */
	struct loop *loop;
	struct endpoint to;
	struct loop_timer timer;
	struct sock *sock;
	struct buf in;
	unsigned step;
};

void mailer_send(struct mailer *m, struct loop *l, const struct endpoint *to, int64_t at_ns);

typedef void mailer_arrived(str sender, str recipient, str content);

void mailer_listen(struct loop *l, const struct endpoint *at, mailer_arrived *arrived);

#endif
