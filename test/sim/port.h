/*
 * test/sim/port - where somebody listens
 */
#ifndef TEST_SIM_PORT_H
#define TEST_SIM_PORT_H

#include "base/list.h"
#include "test/sim/sim.h"
#include "world/sock.h"

struct port {
	struct endpoint at;
	struct node *node; /* null: closed */
	struct list listeners;
};

struct sock_listener {
	struct list link;
	struct loop *loop;
	sock_accepted *accepted;
	void *owner;
};

void port_open(void);
void port_node_gone(struct node *n);
struct port *port_find(const struct endpoint *at);   /* null: nobody is there */
struct sock_listener *port_listener(struct port *p); /* any of them; null: none now */
struct node *port_node(const struct endpoint *at);   /* whose address it is; null: nobody's */

#endif
