#include "test/sim/net.h"

#include <assert.h>

#include "base/mem.h"
#include "test/sim/port.h"
#include "test/sim/sock.h"
#include "test/sim/trace.h"

#define CUT_BYTES_OCTETS 400 /* so far NET_CUT_BYTES and NET_CUT_SMALL go: they are dear */
#define SEGMENT_OCTETS 1460
#define WHOLE_OCTETS 65536

struct net_faults net_faults;

bool net_silent(const struct ip *ip)
{
	return ip->family == 4 && ip->bytes[0] == 203 && ip->bytes[1] == 0 && ip->bytes[2] == 113;
}

void net_open(void)
{
	net_faults = (struct net_faults){ .latency_ns_max = 40 * SIM_MS };
	port_open();
}

struct net_conn *net_conn_new(void)
{
	static const size_t windows[] = { 2048, 8192, 65536, 262144 };
	struct net_conn *c = sim_alloc(sizeof *c);

	list_init(&c->flows[0].watches);
	list_init(&c->flows[1].watches);
	c->cut = (enum net_cut)sim_between(0, NET_CUTS - 1);
	c->window = windows[sim_between(0, LENGTH(windows) - 1)];
	c->latency_ns = sim_between(10000, net_faults.latency_ns_max);
	c->reset_per_myriad = net_faults.reset_per_myriad;
	return c;
}

/* --- events --- */

static void net_drop(struct sim_event *e)
{
	mem_free(AROUND(e, struct net_event, event));
}

static void net_run(struct sim_event *e)
{
	struct net_event *n = AROUND(e, struct net_event, event);

	sock_happens(n);
	net_drop(e);
}

void net_push(
	struct net_conn *c, int side, enum net_what what, struct loop *l, int64_t at_ns, str bytes)
{
	struct net_event *n = sim_alloc(sizeof *n + bytes.n);

	n->event = (struct sim_event){ .run = net_run, .drop = net_drop };
	n->conn = c;
	n->side = side;
	n->what = what;
	n->loop = l;
	n->n = bytes.n;
	if (bytes.n > 0)
		memcpy(n->bytes, bytes.p, bytes.n);
	sim_push(l, &n->event, at_ns);
}

/* In order, to the other end of the flow. */
void net_tell(struct net_conn *c, int from, enum net_what what, str bytes)
{
	struct net_flow *flow = &c->flows[from];
	struct sock *to = c->ends[!from];
	int64_t at_ns = sim_here_ns() + c->latency_ns + sim_between(0, c->latency_ns / 2);

	if (!to || flow->lost)
		return;
	if (at_ns <= flow->last_ns)
		at_ns = flow->last_ns + 1;
	flow->last_ns = at_ns;
	net_push(c, !from, what, to->loop, at_ns, bytes);
}

/* --- sending --- */

static size_t cut(const struct net_conn *c, const struct net_flow *flow, size_t n)
{
	size_t most = WHOLE_OCTETS;

	if (c->cut == NET_CUT_SEGMENTS)
		most = SEGMENT_OCTETS;
	else if (c->cut == NET_CUT_SMALL)
		most = flow->sent < CUT_BYTES_OCTETS * 10 ? (size_t)sim_between(1, 300) : 4096;
	else if (c->cut == NET_CUT_BYTES)
		most = flow->sent < CUT_BYTES_OCTETS ? 1 : SEGMENT_OCTETS * 4;
	else
		most = WHOLE_OCTETS;
	return n < most ? n : most;
}

/* The line breaks: both hear of it, what is under way is lost. */
static void break_line(struct net_conn *c)
{
	trace("a line breaks");
	for (int side = 0; side < 2; side++) {
		struct sock *s = c->ends[side];

		if (s)
			net_push(c, side, NET_RESET, s->loop, sim_here_ns() + c->latency_ns, S(""));
	}
	c->flows[0].lost = c->flows[1].lost = true;
}

void net_flush(struct sock *s)
{
	struct net_conn *c = s->conn;
	struct net_flow *flow = &c->flows[s->side];

	if (!s->connected || s->out.start == s->out.end)
		return;
	if (!c->ends[!s->side]) { /* nobody is there any more */
		buf_clear(&s->out);
		net_push(c, s->side, NET_RESET, s->loop, sim_here_ns() + 2 * c->latency_ns, S(""));
		return;
	}
	while (s->out.start < s->out.end && flow->in_flight < c->window) {
		str waiting = str_first(buf_str(&s->out), c->window - flow->in_flight);
		size_t n = cut(c, flow, waiting.n);

		if (c->reset_per_myriad > 0 && sim_between(1, 10000) <= c->reset_per_myriad)
			break_line(c);
		net_tell(c, s->side, NET_DATA, str_first(waiting, n));
		flow->sent += n;
		flow->in_flight += n;
		buf_take(&s->out, n);
	}
	if (s->out.start == s->out.end && !s->finishing)
		net_push(c, s->side, NET_DRAINED, s->loop, sim_here_ns() + 1, S(""));
}

void net_end_of_round(struct loop *l)
{
	struct list *first;

	while ((first = list_first(&l->dirty))) {
		struct sock *s = AROUND(first, struct sock, dirty);

		list_remove(first);
		net_flush(s);
		sock_flushed(s);
	}
}

/* n bytes were taken by who reads the flow from that side: there is room again. */
void net_taken(struct net_conn *c, int from, size_t n)
{
	struct net_flow *flow = &c->flows[from];
	struct sock *s = c->ends[from];

	flow->taken += n;
	flow->in_flight -= n;
	LIST_EACH (link, &flow->watches) {
		struct net_watch *w = AROUND(link, struct net_watch, link);

		if (w->taken_ns == 0 && w->at <= flow->taken)
			w->taken_ns = sim_here_ns();
	}
	if (!s || flow->window_told || s->out.start == s->out.end)
		return;
	flow->window_told = true;
	net_push(c, from, NET_WINDOW, s->loop, sim_here_ns() + c->latency_ns, S(""));
}

void net_watch(struct sock *s, struct net_watch *w)
{
	struct net_flow *flow = &s->conn->flows[s->side];

	w->at = flow->queued;
	list_append(&flow->watches, &w->link);
}

struct net_conn *net_conn_of(struct sock *s)
{
	return s->conn;
}

void net_node_gone(struct node *n, enum sim_end how)
{
	bool silent = how == SIM_POWER_CUT && sim_chance(500);
	bool lossy = how == SIM_POWER_CUT && sim_chance(500);

	port_node_gone(n);
	LIST_EACH_SAFE (link, &n->socks) {
		struct sock *s = AROUND(link, struct sock, link);
		struct net_conn *c = s->conn;

		c->ends[s->side] = NULL;
		if (lossy)
			c->flows[s->side].lost = true;
		if (!silent && c->ends[!s->side])
			net_push(c, !s->side, NET_RESET, c->ends[!s->side]->loop,
				sim_here_ns() + sim_between(SIM_MS, SIM_S), S(""));
	}
	list_init(&n->socks);
}
