#include "admin/generation.h"
#include "base/log.h"
#include "conf/mention.h"
#include "daemon/parent_inside.h"
#include "world/pass.h"
#include "world/process.h"
#include "world/sock.h"
#include "world/tls_client.h"

static struct parent_port *find_port(struct parent *p, const struct endpoint *at)
{
	for (size_t i = 0; i < p->port_count; i++)
		if (endpoint_eq(&p->ports[i].at, at))
			return &p->ports[i];
	return NULL;
}

void parent_answer_close(struct parent *p, struct parent_port *port)
{
	sock_unbind(port->descriptor);
	*port = p->ports[--p->port_count];
}

/* What is in force; null: *why. */
static const struct conf *in_force(struct parent *p, struct fail *why)
{
	if (p->conf && generation_is_current(p->dir, p->conf))
		return p->conf;
	signing_paths_free(p->signing);
	p->signing = NULL;
	conf_drop(p->conf);
	p->conf = generation_conf(p->dir, why);
	if (p->conf)
		p->signing = signing_paths_new(p->conf, why);
	if (p->signing)
		return p->conf;
	conf_drop(p->conf);
	p->conf = NULL;
	return NULL;
}

static bool named(const struct conf *c, const struct endpoint *at)
{
	for (size_t i = 0; i < c->listener_count; i++)
		for (size_t k = 0; k < c->listeners[i].on.count; k++)
			if (endpoint_eq(&c->listeners[i].on.items[k].at, at))
				return true;
	return false;
}

static bool may_bind(struct parent *p, const struct endpoint *at, struct fail *why)
{
	const struct conf *c = in_force(p, why);
	char text[ENDPOINT_TEXT_MAX];
	bool may = c && (named(c, at) || endpoint_eq(at, &p->control));

	if (c && !may)
		fail_with(why, FAIL_PERMANENT, "5.3.5", "no listener is on %s",
			endpoint_print(at, text));
	return may;
}

static struct parent_port *bind_port(struct parent *p, const struct endpoint *at, struct fail *why)
{
	struct parent_port *port = &p->ports[p->port_count];

	if (p->port_count == PARENT_PORTS_MAX) {
		fail_with(why, FAIL_PERMANENT, "5.3.5", "too many listening sockets");
		return NULL;
	}
	*port = (struct parent_port){ .at = *at, .descriptor = sock_bind(at, 0600, why) };
	if (port->descriptor < 0)
		return NULL;
	if (endpoint_eq(at, &p->control) && p->user.n > 0 &&
		!process_give(str_of(at->path), p->user, why)) {
		sock_unbind(port->descriptor);
		return NULL;
	}
	p->port_count++;
	return port;
}

static void on_bind(struct parent_member *m, const struct privilege_question *q,
	struct privilege_answer *a, int *descriptor)
{
	struct parent_port *port = find_port(m->parent, &q->at);

	if (!port && may_bind(m->parent, &q->at, &a->why))
		port = bind_port(m->parent, &q->at, &a->why);
	if (!port)
		return;
	port->asked = true;
	*descriptor = port->descriptor;
}

static void on_release(struct parent_member *m, const struct privilege_question *q,
	struct privilege_answer *a, int *descriptor)
{
	struct parent_port *port = find_port(m->parent, &q->at);

	(void)a;
	(void)descriptor;
	if (port)
		parent_answer_close(m->parent, port);
}

/* With the rights of the user that mail has become, for it is his question: who may write to a
 * folder of a table must not lead us to what only root may read.  But certificates and keys are
 * where only root may look, and the administrator alone says where; keys are for the vault, and
 * mail sees only when they change.  Those of DKIM are named by the table that was compiled; mail
 * does not even watch them.  The walls around both would not let them open anything. */
static int open_for(
	const struct parent_member *m, const struct conf *c, const char *path, struct fail *why)
{
	bool vault = m == &m->parent->members[PARENT_VAULT];

	if (!vault && str_eq(str_of(path), str_of(tls_client_authorities())))
		return process_open_as(path, m->parent->user, why);
	if (vault && signing_paths_have(m->parent->signing, str_of(path)))
		return process_open_as(path, S(""), why);
	switch (conf_mention_file(c, str_of(path))) {
	case CONF_MENTION_SECRET:
		return vault ? process_open_as(path, S(""), why) : process_open_facts(path, why);
	case CONF_MENTION_CERTIFICATE:
		if (!vault)
			return process_open_as(path, S(""), why);
		break;
	case CONF_MENTION_FILE:
		if (!vault)
			return process_open_as(path, m->parent->user, why);
		break;
	case CONF_MENTION_NONE:
		break;
	}
	fail_with(why, FAIL_PERMANENT, "5.3.5", "%s: the configuration does not name it for %s",
		path, m->role->name);
	return -1;
}

static void on_open(struct parent_member *m, const struct privilege_question *q,
	struct privilege_answer *a, int *descriptor)
{
	const struct conf *c = in_force(m->parent, &a->why);

	if (c)
		*descriptor = open_for(m, c, q->text, &a->why);
}

static void on_addresses(struct parent_member *m, const struct privilege_question *q,
	struct privilege_answer *a, int *descriptor)
{
	struct arena arena;
	const struct ip *all;

	(void)m;
	(void)q;
	(void)descriptor;
	arena_init(&arena, ARENA_UNLIMITED);
	all = process_addresses(&arena, &a->count);
	if (a->count > PRIVILEGE_ADDRESSES_MAX)
		a->count = PRIVILEGE_ADDRESSES_MAX;
	for (size_t i = 0; i < a->count; i++)
		a->addresses[i] = all[i];
	arena_free(&arena);
}

static void describe(
	struct status_process *to, const char *name, uint32_t id, const struct parent_member *m)
{
	*to = (struct status_process){ .id = id };
	str_to_c(str_of(name), to->name, sizeof to->name);
	if (!m)
		return;
	to->since_ms = m->since_ms;
	to->restarts = m->restarts;
	str_to_c(str_of(m->walls), to->walls, sizeof to->walls);
}

static void on_processes(struct parent_member *m, const struct privilege_question *q,
	struct privilege_answer *a, int *descriptor)
{
	const struct parent_member *all = m->parent->members;

	(void)q;
	(void)descriptor;
	describe(&a->processes[a->count++], "parent", process_id(), NULL);
	for (size_t i = 0; i < PARENT_MEMBERS; i++)
		describe(&a->processes[a->count++], all[i].role->name,
			all[i].child ? child_id(all[i].child) : 0, &all[i]);
}

static void on_ready(struct parent_member *m, const struct privilege_question *q,
	struct privilege_answer *a, int *descriptor)
{
	struct parent *p = m->parent;

	(void)a;
	(void)descriptor;
	m->ready = m->was_ready = true;
	str_to_c(str_of(q->text), m->walls, sizeof m->walls);
	if (m != &p->members[PARENT_MAIL])
		return;
	for (size_t i = p->port_count; i-- > 0;) /* what a former life of it had asked for */
		if (!p->ports[i].asked)
			parent_answer_close(p, &p->ports[i]);
	if (p->stopping)
		child_order(m->child, CHILD_STOP);
	else
		process_notify("READY=1");
}

static void (*const answers[])(struct parent_member *m, const struct privilege_question *q,
	struct privilege_answer *a, int *descriptor) = {
	[PRIVILEGE_BIND] = on_bind,
	[PRIVILEGE_RELEASE] = on_release,
	[PRIVILEGE_OPEN] = on_open,
	[PRIVILEGE_ADDRESSES] = on_addresses,
	[PRIVILEGE_PROCESSES] = on_processes,
	[PRIVILEGE_READY] = on_ready,
};
_Static_assert(LENGTH(answers) == PRIVILEGE_WORDS, "every question has an answer");

void parent_answer(struct parent_member *m, str bytes)
{
	struct privilege_question q;
	struct privilege_answer a = { 0 };
	int descriptor = -1;

	if (!privilege_read(bytes, &q) || !(m->role->may & 1U << q.word)) {
		log_line(LOG_ERROR, "not-understood", "%s asks what it may not", m->role->name);
		child_order(m->child, CHILD_KILL);
		return;
	}
	a.number = q.number;
	answers[q.word](m, &q, &a, &descriptor);
	a.why.limit = NULL; /* it would lead nowhere there */
	if (q.word != PRIVILEGE_READY)
		(void)!pass_send(m->socket, str_from((const char *)&a, sizeof a), descriptor, 0);
	if (q.word == PRIVILEGE_OPEN)
		pass_close(descriptor);
}
