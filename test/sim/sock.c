#include "world/sock.h"

#include <assert.h>

#include "base/mem.h"
#include "test/sim/sock.h"
#include "test/sim/trace.h"

#define ACCEPT_TRIES_MAX 50
#define ACCEPT_AGAIN_NS (20 * SIM_MS)
#define OFFER_NS 10000
#define TLS_HELLO_OCTETS 16 /* what the simulated handshake says, each way */
#define TLS_KEY 0x55        /* what its cipher is: enough to see what was sent in clear */

static const char hellos[2][TLS_HELLO_OCTETS + 1] = { "simulated client", "simulated server" };

static struct sock *sock_new(struct loop *l, struct net_conn *c, int side)
{
	struct sock *s = MEM_NEW(struct sock);

	s->conn = c;
	s->side = side;
	s->loop = l;
	list_init(&s->dirty);
	list_append(&l->node->socks, &s->link);
	c->ends[side] = s;
	return s;
}

static void sock_free(struct sock *s)
{
	list_remove(&s->link);
	list_remove(&s->dirty);
	buf_free(&s->in);
	buf_free(&s->out);
	mem_free(s);
}

void sock_own(struct sock *s, const struct sock_handler *handler, void *owner)
{
	s->handler = handler;
	s->owner = owner;
}

struct sock *sock_connect(struct loop *l, const struct endpoint *to, const struct ip *from,
	const struct sock_handler *handler, void *owner)
{
	struct net_conn *c = net_conn_new();
	struct sock *s = sock_new(l, c, 0);
	struct port *port = port_find(to);
	struct node *node = port_node(to);
	struct sock_listener *listener = port ? port_listener(port) : NULL;
	int64_t at_ns = sim_here_ns() + c->latency_ns;

	sock_own(s, handler, owner);
	c->addresses[0].ip = from && from->family ? *from : l->node->ip;
	c->addresses[0].port = (uint16_t)sim_between(10000, 60000);
	c->addresses[1] = *to;
	c->flows[0].last_ns = at_ns;
	if (listener)
		net_push(c, 1, NET_ACCEPT, listener->loop, at_ns, S(""));
	else if (!net_silent(&to->ip) && (!node || node->alive || sim_chance(500)))
		net_push(c, 0, NET_REFUSED, l, at_ns + c->latency_ns, S(""));
	return s;
}

/* --- reading --- */

static void tell_closed(struct sock *s)
{
	struct fail why = { 0 };
	char text[ENDPOINT_TEXT_MAX];

	if (s->told || s->finishing)
		return;
	s->told = true;
	if (s->broken && s->connected)
		fail_with(&why, FAIL_TEMPORARY, "4.4.2", "connection with %s: Connection reset",
			endpoint_print(&s->conn->addresses[!s->side], text));
	else if (s->broken)
		fail_with(&why, FAIL_TEMPORARY, "4.4.1", "connect to %s: Connection refused",
			endpoint_print(&s->conn->addresses[!s->side], text));
	s->handler->closed(s->owner, s->broken ? &why : NULL);
}

static void cipher(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] ^= TLS_KEY;
}

static void say_hello(struct sock *s)
{
	sock_send(s, (str){ hellos[s->side], TLS_HELLO_OCTETS });
}

/* False: more bytes are needed, or the stream is over. */
static bool shake_hands(struct sock *s)
{
	static const struct tls_facts facts = { "TLSv1.3", "SIMULATED", 256,
		.problem = "simulated" };
	str want = { hellos[!s->side], TLS_HELLO_OCTETS };
	str in = buf_str(&s->in);

	if (in.n < TLS_HELLO_OCTETS)
		return false;
	if (!str_eq(str_first(in, TLS_HELLO_OCTETS), want)) {
		s->broken = true;
		tell_closed(s);
		return false;
	}
	buf_take(&s->in, TLS_HELLO_OCTETS);
	net_taken(s->conn, !s->side, TLS_HELLO_OCTETS);
	if (s->tls == SOCK_TLS_SERVER)
		say_hello(s);
	s->tls = SOCK_TLS;
	cipher(s->in.p + s->in.start, s->in.end - s->in.start);
	s->handler->secured(s->owner, &facts);
	return true;
}

static void offer_later(struct sock *s)
{
	net_push(s->conn, s->side, NET_OFFER, s->loop, sim_here_ns() + OFFER_NS, S(""));
}

/* Offer a copy that dies after the call, so that nobody keeps what he may only borrow. */
static size_t offer_once(struct sock *s, size_t n)
{
	char *copy = mem_alloc(n);
	size_t taken;

	memcpy(copy, buf_str(&s->in).p, n);
	s->offering = true;
	s->resumed = false;
	taken = s->handler->received(s->owner, (str){ copy, n });
	assert(taken <= n);
	mem_free(copy);
	return taken;
}

/* What was not taken is offered again as it is, before anything newer. */
static size_t offer_octets(const struct sock *s)
{
	size_t n = s->in.end - s->in.start;

	if (s->kept > 0)
		return s->kept;
	if (n > SOCK_READ_MAX)
		n = SOCK_READ_MAX;
	if (s->peeks) /* who only looks sees all that has come */
		return n;
	return n > 0 && sim_chance(100) ? (size_t)sim_between(1, (int64_t)n) : n;
}

static void offer(struct sock *s)
{
	struct net_conn *c = s->conn;
	int side = s->side;

	while (!s->paused && !s->stalled && !s->told && !s->finishing) {
		enum sock_tls tls = s->tls;
		size_t n, taken;

		if (s->tls == SOCK_TLS_CLIENT || s->tls == SOCK_TLS_SERVER) {
			if (!shake_hands(s) || c->ends[side] != s)
				return;
			continue;
		}
		n = offer_octets(s);
		if (n == 0)
			break;
		taken = offer_once(s, n);
		if (c->ends[side] != s)
			return; /* it was closed */
		s->offering = false;
		if (s->dropped) { /* TLS begins: what else came in clear is void */
			s->dropped = false;
			continue;
		}
		buf_take(&s->in, taken);
		net_taken(c, !side, taken);
		if (s->peeks && taken == 0)
			break; /* until more has come */
		s->kept = s->peeks || s->tls != tls ? 0 : n - taken;
		if (s->kept > 0) {
			s->stalled = !s->resumed;
			if (s->resumed)
				offer_later(s);
			return;
		}
	}
	if (s->eof && !s->paused && !s->stalled)
		tell_closed(s);
}

static void data_came(struct sock *s, str bytes)
{
	if (s->finishing || s->told) {
		net_taken(s->conn, !s->side, bytes.n);
		return;
	}
	buf_put(&s->in, bytes);
	if (s->tls == SOCK_TLS)
		cipher(s->in.p + s->in.end - bytes.n, bytes.n);
	offer(s);
}

void sock_resume(struct sock *s)
{
	s->paused = false;
	s->stalled = false;
	s->resumed = true;
	if (!s->offering)
		offer_later(s);
}

void sock_peek(struct sock *s)
{
	s->peeks = true;
}

void sock_peek_end(struct sock *s)
{
	s->peeks = false;
}

void sock_pause(struct sock *s)
{
	s->paused = true;
}

/* --- writing and ending --- */

void sock_send(struct sock *s, str bytes)
{
	assert(!s->finishing);
	if (s->told || bytes.n == 0)
		return;
	buf_put(&s->out, bytes);
	if (s->tls == SOCK_TLS)
		cipher(s->out.p + s->out.end - bytes.n, bytes.n);
	s->conn->flows[s->side].queued += bytes.n;
	list_remove(&s->dirty);
	list_append(&s->loop->dirty, &s->dirty);
}

size_t sock_backlog(const struct sock *s)
{
	return s->out.end - s->out.start;
}

static void leave(struct sock *s, enum net_what how)
{
	struct net_conn *c = s->conn;

	net_tell(c, s->side, how, S(""));
	c->ends[s->side] = NULL;
	sock_free(s);
}

void sock_close(struct sock *s)
{
	leave(s, s->in.start < s->in.end ? NET_RESET : NET_FIN);
}

void sock_finish(struct sock *s)
{
	s->finishing = true;
	if (s->told || !s->connected) {
		leave(s, NET_FIN);
		return;
	}
	list_remove(&s->dirty);
	list_append(&s->loop->dirty, &s->dirty);
}

void sock_flushed(struct sock *s)
{
	if (s->finishing && s->out.start == s->out.end)
		leave(s, NET_FIN);
}

static void start_tls(struct sock *s, enum sock_tls role)
{
	assert(s->tls == SOCK_CLEAR);
	if (!s->peeks) {
		net_taken(s->conn, !s->side, s->in.end - s->in.start);
		buf_clear(&s->in);
		s->dropped = s->offering;
	}
	s->peeks = s->stalled = false;
	s->kept = 0;
	s->tls = role;
	if (role == SOCK_TLS_CLIENT)
		say_hello(s); /* the server waits for it */
}

void sock_tls_connect(struct sock *s, struct tls_context *context, const struct tls_expected *peer)
{
	(void)context;
	(void)peer;
	assert(s->side == 0);
	start_tls(s, SOCK_TLS_CLIENT);
}

void sock_tls_accept(struct sock *s, struct tls_server *server)
{
	(void)server;
	assert(s->side == 1);
	start_tls(s, SOCK_TLS_SERVER);
}

/* --- what happens --- */

static void somebody_connects(struct net_event *n)
{
	struct net_conn *c = n->conn;
	struct port *port = port_find(&c->addresses[1]);
	struct sock_listener *listener = NULL;
	struct sock *s;

	if (!c->ends[0])
		return; /* he has given up */
	if (port)
		LIST_EACH (link, &port->listeners) {
			if (AROUND(link, struct sock_listener, link)->loop == n->loop)
				listener = AROUND(link, struct sock_listener, link);
		}
	if (!listener) {
		net_push(c, 0, NET_REFUSED, c->ends[0]->loop, sim_here_ns() + c->latency_ns, S(""));
		return;
	}
	s = sock_new(n->loop, c, 1);
	s->connected = true;
	net_tell(c, 1, NET_CONNECTED, S(""));
	listener->accepted(listener->owner, s, &c->addresses[0], &c->addresses[1]);
	assert(c->ends[1] != s || s->handler || s->finishing);
}

static void broke(struct sock *s)
{
	s->eof = s->broken = true;
	buf_clear(&s->out);
	if (s->finishing)
		leave(s, NET_FIN);
	else
		offer(s);
}

void sock_happens(struct net_event *n)
{
	struct net_conn *c = n->conn;
	struct sock *s = c->ends[n->side];

	if (n->what == NET_ACCEPT) {
		somebody_connects(n);
		return;
	}
	if (!s) {
		if (n->what == NET_DATA)
			net_tell(c, n->side, NET_RESET, S(""));
		return;
	}
	switch (n->what) {
	case NET_ACCEPT:
		break;
	case NET_CONNECTED:
		s->connected = true;
		if (s->handler->connected)
			s->handler->connected(s->owner);
		break;
	case NET_REFUSED:
	case NET_RESET:
		broke(s);
		break;
	case NET_DATA:
		if (!c->flows[!n->side].lost)
			data_came(s, (str){ n->bytes, n->n });
		break;
	case NET_FIN:
		s->eof = true;
		offer(s);
		break;
	case NET_WINDOW:
		c->flows[n->side].window_told = false;
		net_flush(s);
		sock_flushed(s);
		break;
	case NET_DRAINED:
		if (s->handler && s->handler->drained && s->out.start == s->out.end && !s->told)
			s->handler->drained(s->owner);
		break;
	case NET_OFFER:
		offer(s);
		break;
	}
}

/* No channel has one here: SCRAM with channel binding is for the real world. */
void sock_tls_binding(const struct sock *s, struct tls_binding *binding)
{
	(void)s;
	*binding = (struct tls_binding){ 0 };
}
