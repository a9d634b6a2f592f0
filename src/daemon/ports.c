#include "daemon/ports.h"

#include "base/log.h"
#include "base/mem.h"
#include "daemon/privilege.h"
#include "world/sock.h"

#define PORTS_MAX 64 /* listening sockets */

struct open_port {
	struct endpoint asked, at; /* as in the configuration; as it is */
	int descriptor;
	str name; /* own copies of listener names, kept as long as we live: sessions show them */
	bool wanted;
	bool fresh; /* opened by the ports_want that is running */
};

struct ports {
	struct open_port open[PORTS_MAX];
	size_t count;
	struct worker_port wanted[PORTS_MAX];
	size_t wanted_count;
	struct arena names;
};

struct ports *ports_new(void)
{
	struct ports *p = MEM_NEW(struct ports);

	arena_init(&p->names, ARENA_UNLIMITED);
	return p;
}

static void close_at(struct ports *p, size_t i)
{
	sock_unbind(p->open[i].descriptor);
	privilege_release(&p->open[i].asked);
	p->open[i] = p->open[--p->count];
}

void ports_close_all(struct ports *p)
{
	while (p->count > 0)
		close_at(p, 0);
}

void ports_free(struct ports *p)
{
	ports_close_all(p);
	arena_free(&p->names);
	mem_free(p);
}

static struct open_port *find(struct ports *p, const struct endpoint *at)
{
	for (size_t i = 0; i < p->count; i++)
		if (endpoint_eq(&p->open[i].asked, at))
			return &p->open[i];
	return NULL;
}

static bool want(struct ports *p, const struct conf_listener *l, const struct conf_endpoint *on,
	struct fail *why)
{
	struct open_port *port = find(p, &on->at);
	char origin[CONF_ORIGIN_TEXT_MAX], at[ENDPOINT_TEXT_MAX];

	if (!port) {
		int descriptor;

		if (p->count == PORTS_MAX)
			return fail_with(why, FAIL_PERMANENT, "5.3.5",
				"more than %d listening sockets", PORTS_MAX);
		descriptor = privilege_bind(&on->at, why);
		if (descriptor < 0)
			return fail_while(why, " (%s)", conf_origin_print(&on->origin, origin));
		port = &p->open[p->count++];
		*port = (struct open_port){
			.asked = on->at, .descriptor = descriptor, .fresh = true
		};
		sock_bound(descriptor, &port->at);
		log_line(LOG_INFO, "listening", "%.*s on %s", STR(l->name),
			endpoint_print(&port->at, at));
	}
	if (!str_eq(port->name, l->name))
		port->name = arena_copy(&p->names, l->name);
	port->wanted = true;
	return true;
}

static void undo(struct ports *p, const bool *wanted_before)
{
	for (size_t i = p->count; i-- > 0;) {
		if (p->open[i].fresh)
			close_at(p, i);
		else
			p->open[i].wanted = wanted_before[i];
	}
}

bool ports_want(struct ports *p, const struct conf *conf, struct fail *why)
{
	bool before[PORTS_MAX];

	for (size_t i = 0; i < p->count; i++) {
		before[i] = p->open[i].wanted;
		p->open[i].wanted = p->open[i].fresh = false;
	}
	for (size_t i = 0; i < conf->listener_count; i++) {
		const struct conf_listener *l = &conf->listeners[i];

		for (size_t k = 0; k < l->on.count; k++) {
			if (want(p, l, &l->on.items[k], why))
				continue;
			undo(p, before);
			return false;
		}
	}
	p->wanted_count = 0;
	for (size_t i = 0; i < p->count; i++)
		if (p->open[i].wanted)
			p->wanted[p->wanted_count++] =
				(struct worker_port){ .descriptor = p->open[i].descriptor,
					.name = p->open[i].name };
	return true;
}

const struct worker_port *ports_wanted(const struct ports *p, size_t *count)
{
	*count = p->wanted_count;
	return p->wanted;
}

void ports_close_unwanted(struct ports *p)
{
	for (size_t i = p->count; i-- > 0;)
		if (!p->open[i].wanted)
			close_at(p, i);
}

struct endpoint *ports_reached(const struct ports *p, struct arena *a, size_t *count)
{
	size_t address_count, n = 0;
	struct ip *addresses = privilege_addresses(a, &address_count);
	struct endpoint *all = arena_alloc(a, p->count * (address_count + 1) * sizeof *all);

	for (size_t i = 0; i < p->count; i++) {
		const struct endpoint *at = &p->open[i].at;

		if (!ip_unspecified(&at->ip)) {
			all[n++] = *at;
			continue;
		}
		for (size_t k = 0; k < address_count; k++)
			if (addresses[k].family == at->ip.family)
				all[n++] =
					(struct endpoint){ .ip = addresses[k], .port = at->port };
	}
	*count = n;
	return all;
}
