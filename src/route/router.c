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
	return r;
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
	for (size_t i = 0; i < r->conf->domain_count; i++)
		alias_table_free(r->tables[i]);
	mem_free(r->tables);
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

const struct conf_transport *router_transport(
	const struct router *r, str key, struct conf_origin *decided)
{
	const struct conf_domain *d = router_domain(r, key);
	const struct conf_mailbox *mailbox = d ? router_mailbox(r, d, key) : NULL;
	const struct conf_route *route = d ? NULL : find_route(r, key);

	if (mailbox)
		*decided = mailbox->origin;
	else if (route)
		*decided = route->origin;
	else
		*decided = d ? d->origin : r->direct->origin;
	if (d)
		return mailbox ? mailbox->transport : NULL;
	return route ? route->transport : r->direct;
}
