/*
 * daemon/worker - a loop with sessions and deliveries of its own
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "flow/flow.h"

struct worker;

/* A listening descriptor that all workers accept from. */
struct worker_port {
	int descriptor;
	str name; /* of the listener; lives as long as the daemon */
};

/* parts: everything but loop, router and lists is taken as it is.  It listens nowhere yet. */
struct worker *worker_new(const struct flow *parts) MUST_USE;
void worker_start(struct worker *w); /* in a thread of its own */
struct flow *worker_flow(struct worker *w);

/* From the main loop: a new generation, what listeners show, who we are (its endpoints live as long
 * as the daemon, its name as long as the router), and where to listen from now on.  Ports that stay
 * keep their queue of connections.  changed is called in the worker's thread: descriptors that are
 * no longer wanted are not looked at any more. */
void worker_change(struct worker *w, struct router *router, struct identities *identities,
	const struct hop_self *self, const struct worker_port *ports, size_t port_count,
	void (*changed)(void *owner), void *owner);

/* No new sessions; drained of the flow follows.  deaf is called in the worker's thread: it looks at
 * no listening descriptor any more. */
void worker_stop(struct worker *w, void (*deaf)(void *owner), void *owner);
void worker_end(struct worker *w);  /* after it is drained: its thread has ended on return */
void worker_free(struct worker *w); /* when nobody can post to its loop any more */

#endif
