#include "daemon/worker.h"

#include <stdio.h>

#include "base/mem.h"
#include "flow/inbound.h"
#include "flow/callout.h"
#include "flow/outbound.h"
#include "world/clock.h"

struct port {
	struct list link;
	struct worker *worker;
	struct sock_listener *listener;
	struct worker_port of;
	bool wanted; /* in the new generation, too */
};

struct worker {
	struct flow flow;
	struct loop_task stop;
	void (*deaf)(void *owner);
	void *owner;
	struct list ports;
};

static void on_accept(
	void *owner, struct sock *s, const struct endpoint *peer, const struct endpoint *local)
{
	struct port *port = owner;

	(void)local;
	inbound_accept(&port->worker->flow, s, peer, port->of.name);
}

struct worker *worker_new(const struct flow *parts)
{
	struct worker *w = MEM_NEW(struct worker);
	char name[16];

	w->flow = *parts;
	snprintf(name, sizeof name, "worker%u", parts->index);
	w->flow.loop = loop_new(name);
	w->flow.router = router_keep(parts->router);
	identities_keep(parts->identities);
	list_init(&w->flow.sessions);
	list_init(&w->flow.outbounds);
	list_init(&w->ports);
	prng_seed(&w->flow.prng, clock_random());
	return w;
}

void worker_start(struct worker *w)
{
	loop_start(w->flow.loop);
}

struct flow *worker_flow(struct worker *w)
{
	return &w->flow;
}

/* --- where to listen ---------------------------------------------------------------------------
 */

static void port_close(struct port *port)
{
	sock_listener_free(port->listener);
	list_remove(&port->link);
	mem_free(port);
}

static void port_want(struct worker *w, const struct worker_port *of)
{
	struct port *port;

	LIST_EACH (link, &w->ports) {
		port = AROUND(link, struct port, link);
		if (port->of.descriptor == of->descriptor) {
			port->of = *of;
			port->wanted = true;
			return;
		}
	}
	port = MEM_NEW(struct port);
	port->worker = w;
	port->of = *of;
	port->wanted = true;
	port->listener = sock_listen(w->flow.loop, of->descriptor, on_accept, port);
	list_append(&w->ports, &port->link);
}

static void listen_on(struct worker *w, const struct worker_port *ports, size_t count)
{
	LIST_EACH (link, &w->ports)
		AROUND(link, struct port, link)->wanted = false;
	for (size_t i = 0; i < count; i++)
		port_want(w, &ports[i]);
	LIST_EACH_SAFE (link, &w->ports)
		if (!AROUND(link, struct port, link)->wanted)
			port_close(AROUND(link, struct port, link));
}

struct change {
	struct loop_task task;
	struct worker *worker;
	struct router *router;
	struct identities *identities;
	struct hop_self self;
	void (*changed)(void *owner);
	void *owner;
	size_t port_count;
	struct worker_port ports[];
};

static void change_now(struct loop_task *task)
{
	struct change *c = AROUND(task, struct change, task);
	struct worker *w = c->worker;

	router_drop(w->flow.router);
	w->flow.router = c->router;
	identities_drop(w->flow.identities);
	w->flow.identities = c->identities;
	w->flow.self = c->self;
	if (!w->flow.stopping)
		listen_on(w, c->ports, c->port_count);
	if (c->changed)
		c->changed(c->owner);
	mem_free(c);
}

void worker_change(struct worker *w, struct router *router, struct identities *identities,
	const struct hop_self *self, const struct worker_port *ports, size_t port_count,
	void (*changed)(void *owner), void *owner)
{
	struct change *c = mem_zero(sizeof *c + port_count * sizeof c->ports[0]);

	c->worker = w;
	c->router = router_keep(router);
	c->identities = identities_keep(identities);
	c->self = *self;
	c->changed = changed;
	c->owner = owner;
	c->port_count = port_count;
	for (size_t i = 0; i < port_count; i++)
		c->ports[i] = ports[i];
	c->task.run = change_now;
	loop_post(w->flow.loop, &c->task);
}

/* --- the end -----------------------------------------------------------------------------------
 */

static void stop_now(struct loop_task *task)
{
	struct worker *w = AROUND(task, struct worker, stop);
	bool empty = list_empty(&w->flow.sessions);

	listen_on(w, NULL, 0);
	w->deaf(w->owner);
	inbound_shutdown(&w->flow);
	if (empty)
		w->flow.drained(w->flow.owner, &w->flow);
}

void worker_stop(struct worker *w, void (*deaf)(void *owner), void *owner)
{
	w->deaf = deaf;
	w->owner = owner;
	w->stop.run = stop_now;
	loop_post(w->flow.loop, &w->stop);
}

struct leave {
	struct loop_task task;
	struct worker *worker;
};

static void abandon(struct loop_task *task)
{
	struct flow *f = &AROUND(task, struct leave, task)->worker->flow;

	outbound_abandon_all(f);
	callout_end(f);
}

void worker_end(struct worker *w)
{
	struct leave leave = { .task.run = abandon, .worker = w };

	loop_post(w->flow.loop, &leave.task);
	loop_stop(w->flow.loop);
	loop_join(w->flow.loop);
}

void worker_free(struct worker *w)
{
	router_drop(w->flow.router);
	identities_drop(w->flow.identities);
	loop_free(w->flow.loop);
	mem_free(w);
}
