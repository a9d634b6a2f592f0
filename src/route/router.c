#include "route/router.h"

#include <assert.h>

#include "base/mem.h"

/* conf_build refuses two of one name. */
static void index_add(struct map *m, str key, const void *value)
{
	void *former = map_set(m, key, (void *)value);

	assert(!former);
}

struct router *router_new(struct conf *conf, struct alias_table **tables)
{
	struct router *r = MEM_NEW(struct router);

	r->references = 1;
	r->conf = conf_keep(conf);
	if (conf->domain_count > 0) {
		r->tables = mem_alloc(conf->domain_count * sizeof(struct alias_table *));
		memcpy(r->tables, tables, conf->domain_count * sizeof(struct alias_table *));
		r->transports = mem_zero(conf->domain_count * sizeof(struct alias_table *));
	}
	for (size_t i = 0; i < conf->domain_count; i++)
		index_add(&r->domains, conf->domains[i].name, &conf->domains[i]);
	for (size_t i = 0; i < conf->mailbox_count; i++)
		index_add(&r->mailboxes, conf->mailboxes[i].address, &conf->mailboxes[i]);
	for (size_t i = 0; i < conf->route_count; i++)
		index_add(&r->routes, conf->routes[i].pattern, &conf->routes[i]);
	r->star = map_get(&r->routes, S("*"));
	for (size_t i = 0; i < conf->transport_count; i++)
		if (str_eq(conf->transports[i].name, S("smtp")))
			r->direct = &conf->transports[i];
	assert(r->direct); /* conf_build puts it there */
	r->error = *r->direct;
	r->error.name = S("error");
	r->error.kind = CONF_ERROR;
	r->discard = *r->direct;
	r->discard.name = S("discard");
	r->discard.kind = CONF_DISCARD;
	return r;
}

void router_take_transports(struct router *r, size_t domain, struct alias_table *t)
{
	alias_table_free(r->transports[domain]);
	r->transports[domain] = t;
}

struct router *router_again(const struct router *r)
{
	struct router *again = router_new(r->conf, r->tables);

	for (size_t i = 0; i < r->conf->domain_count; i++) {
		alias_table_keep(r->tables[i]);
		again->transports[i] = alias_table_keep(r->transports[i]);
	}
	return again;
}

struct router *router_keep(struct router *r)
{
	__atomic_add_fetch(&r->references, 1, __ATOMIC_RELAXED);
	return r;
}

void router_drop(struct router *r)
{
	if (!r || __atomic_sub_fetch(&r->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < r->conf->domain_count; i++) {
		alias_table_free(r->tables[i]);
		alias_table_free(r->transports[i]);
	}
	mem_free(r->tables);
	mem_free(r->transports);
	map_free(&r->domains);
	map_free(&r->mailboxes);
	map_free(&r->routes);
	conf_drop(r->conf);
	mem_free(r);
}

const struct conf *router_conf(const struct router *r)
{
	return r->conf;
}

const struct conf_domain *router_domain(const struct router *r, str key)
{
	return map_get(&r->domains, address_domain(key));
}

const struct alias_table *router_table(const struct router *r, const struct conf_domain *d)
{
	return r->tables[d - r->conf->domains];
}

/* The first of the characters counts, and not as the first of the name, as in Postfix. */
bool router_base(const struct conf_domain *d, str key, char to[ADDRESS_KEY_MAX], str *base)
{
	str local = address_local(key), rest = str_skip(key, local.n);

	if (str_starts(local, S("\"")))
		return false; /* quotes may hold anything */
	for (size_t i = 1; i < local.n; i++) {
		if (!str_has(d->sub_address, local.p[i]))
			continue;
		memcpy(to, local.p, i);
		memcpy(to + i, rest.p, rest.n);
		*base = str_from(to, i + rest.n);
		return true;
	}
	return false;
}

const struct conf_mailbox *router_mailbox(
	const struct router *r, const struct conf_domain *d, str key)
{
	const struct conf_mailbox *mailbox = map_get(&r->mailboxes, key);
	char to[ADDRESS_KEY_MAX];
	str base;

	if (mailbox || !router_base(d, key, to, &base))
		return mailbox;
	return map_get(&r->mailboxes, base);
}

/* The most telling route: of the address, of its domain, of the longest .subdomain, then the one
 * for all. */
static const struct conf_route *find_route(const struct router *r, str key)
{
	str domain = address_domain(key);
	const struct conf_route *route = map_get(&r->routes, key);

	if (!route)
		route = map_get(&r->routes, domain);
	for (size_t i = 1; !route && i < domain.n; i++)
		if (domain.p[i] == '.')
			route = map_get(&r->routes, str_skip(domain, i));
	return route ? route : r->star;
}

bool router_row(
	const struct router *r, const struct conf_domain *d, str key, struct transports_row *row)
{
	const struct alias_table *t = r->transports[d - r->conf->domains];
	char to[ADDRESS_KEY_MAX];
	str base;

	return t && (transports_find(t, key, row) ||
			    (router_base(d, key, to, &base) && transports_find(t, base, row)));
}

bool router_domain_row(
	const struct router *r, const struct conf_domain *d, struct transports_row *row)
{
	const struct alias_table *t = r->transports[d - r->conf->domains];

	return t && transports_find(t, d->name, row);
}

/* The transport that a row names: one of the configuration, or of those that need no block there;
 * relay, and none, is direct. */
static const struct conf_transport *named(const struct router *r, str name)
{
	for (size_t i = 0; i < r->conf->transport_count; i++)
		if (str_eq(r->conf->transports[i].name, name))
			return &r->conf->transports[i];
	if (str_eq(name, S("error")))
		return &r->error;
	return str_eq(name, S("discard")) ? &r->discard : r->direct;
}

static bool hosted_way(
	const struct router *r, const struct conf_domain *d, str key, struct route_way *way)
{
	const struct conf_mailbox *mailbox = router_mailbox(r, d, key);
	struct transports_row row;

	way->origin = d->origin;
	if (mailbox) {
		way->origin = mailbox->origin;
		way->transport = mailbox->transport;
		return true;
	}
	if (!router_row(r, d, key, &row) && !router_domain_row(r, d, &row))
		return false;
	way->origin = row.at;
	way->transport = named(r, row.transport);
	way->nexthop = row.nexthop;
	return true;
}

bool router_way(const struct router *r, str key, struct route_way *way)
{
	const struct conf_domain *d = router_domain(r, key);
	const struct conf_route *route;

	*way = (struct route_way){ 0 };
	if (d)
		return hosted_way(r, d, key, way);
	route = find_route(r, key);
	way->transport = route ? route->transport : r->direct;
	way->origin = way->transport->origin;
	if (route)
		way->origin = route->origin;
	return true;
}
