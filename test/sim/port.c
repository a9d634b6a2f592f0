#include "test/sim/port.h"

#include <assert.h>

#include "base/mem.h"
#include "test/sim/trace.h"

#define PORTS_MAX 64
#define DESCRIPTOR_FIRST 1000

static struct port ports[PORTS_MAX];
static uint16_t port_last;

void port_open(void)
{
	memset(ports, 0, sizeof ports);
	port_last = 40000;
}

void port_node_gone(struct node *n)
{
	for (size_t i = 0; i < PORTS_MAX; i++)
		if (ports[i].node == n)
			ports[i].node = NULL;
}

static bool takes(const struct port *p, const struct endpoint *at)
{
	if (!p->node)
		return false;
	if (endpoint_eq(&p->at, at))
		return true;
	return at->ip.family && p->at.port == at->port && ip_unspecified(&p->at.ip) &&
	       p->at.ip.family == at->ip.family && ip_eq(&p->node->ip, &at->ip);
}

struct port *port_find(const struct endpoint *at)
{
	for (size_t i = 0; i < PORTS_MAX; i++)
		if (takes(&ports[i], at))
			return &ports[i];
	return NULL;
}

struct node *port_node(const struct endpoint *at)
{
	for (unsigned i = 0; i < sim.node_count; i++)
		if (ip_eq(&sim.nodes[i]->ip, &at->ip))
			return sim.nodes[i];
	return NULL;
}

struct sock_listener *port_listener(struct port *p)
{
	int64_t count = 0;

	LIST_EACH (link, &p->listeners) {
		(void)link;
		count++;
	}
	if (count == 0)
		return NULL;
	count = sim_between(0, count - 1);
	LIST_EACH (link, &p->listeners) {
		if (count-- == 0)
			return AROUND(link, struct sock_listener, link);
	}
	return NULL;
}

int sock_bind(const struct endpoint *at, unsigned mode, struct fail *why)
{
	struct endpoint wanted = *at;
	char text[ENDPOINT_TEXT_MAX];

	(void)mode;
	if (at->ip.family && at->port == 0)
		wanted.port = ++port_last;
	for (int i = 0; i < PORTS_MAX; i++) {
		if (port_find(&wanted))
			break;
		if (ports[i].node)
			continue;
		ports[i].at = wanted;
		ports[i].node = sim.here_node;
		list_init(&ports[i].listeners);
		return DESCRIPTOR_FIRST + i;
	}
	fail_with(why, FAIL_TEMPORARY, "4.3.0", "%s: Address already in use",
		endpoint_print(at, text));
	return -1;
}

static struct port *port_of(int descriptor)
{
	struct port *p = &ports[descriptor - DESCRIPTOR_FIRST];

	assert(descriptor >= DESCRIPTOR_FIRST && descriptor < DESCRIPTOR_FIRST + PORTS_MAX);
	assert(p->node == sim.here_node);
	return p;
}

void sock_unbind(int descriptor)
{
	struct port *p = port_of(descriptor);

	assert(list_empty(&p->listeners));
	p->node = NULL;
}

void sock_bound(int descriptor, struct endpoint *at)
{
	*at = port_of(descriptor)->at;
}

struct sock_listener *sock_listen(
	struct loop *l, int descriptor, sock_accepted *accepted, void *owner)
{
	struct sock_listener *listener = MEM_NEW(struct sock_listener);

	listener->loop = l;
	listener->accepted = accepted;
	listener->owner = owner;
	list_append(&port_of(descriptor)->listeners, &listener->link);
	return listener;
}

void sock_listener_free(struct sock_listener *listener)
{
	list_remove(&listener->link);
	mem_free(listener);
}
