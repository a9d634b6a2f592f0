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
		r->recipients = mem_zero(conf->domain_count * sizeof(struct alias_table *));
	}
	for (size_t i = 0; i < conf->domain_count; i++)
		index_add(&r->domains, conf->domains[i].name, &conf->domains[i]);
	for (size_t i = 0; i < conf->mailbox_count; i++)
		index_add(&r->mailboxes, conf->mailboxes[i].address, &conf->mailboxes[i]);
	for (size_t i = 0; i < conf->route_count; i++)
		index_add(&r->routes, conf->routes[i].pattern, &conf->routes[i]);
	for (size_t i = 0; i < conf->sender_route_count; i++)
		index_add(
			&r->sender_routes, conf->sender_routes[i].pattern, &conf->sender_routes[i]);
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

void router_take_recipients(struct router *r, size_t domain, struct alias_table *t)
{
	alias_table_free(r->recipients[domain]);
	r->recipients[domain] = t;
}

void router_take_keyring(struct router *r, struct keyring *k)
{
	keyring_drop(r->keyring);
	r->keyring = k;
}

struct keyring *router_keyring(const struct router *r)
{
	return r->keyring;
}

void router_take_srs_key(struct router *r, struct srs_key *k)
{
	srs_key_drop(r->srs_key);
	r->srs_key = k;
}

struct srs_key *router_srs_key(const struct router *r)
{
	return r->srs_key;
}

void router_take_lookups(struct router *r, struct lookup_set *s)
{
	lookup_set_drop(r->lookups);
	r->lookups = s;
}

const struct lookup_set *router_lookups(const struct router *r)
{
	return r->lookups;
}

struct router *router_again(const struct router *r)
{
	struct router *again = router_new(r->conf, r->tables);

	for (size_t i = 0; i < r->conf->domain_count; i++) {
		alias_table_keep(r->tables[i]);
		again->transports[i] = alias_table_keep(r->transports[i]);
		again->recipients[i] = alias_table_keep(r->recipients[i]);
	}
	again->keyring = keyring_keep(r->keyring);
	again->srs_key = srs_key_keep(r->srs_key);
	again->lookups = lookup_set_keep(r->lookups);
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
		alias_table_free(r->recipients[i]);
	}
	lookup_set_drop(r->lookups);
	mem_free(r->tables);
	mem_free(r->transports);
	mem_free(r->recipients);
	keyring_drop(r->keyring);
	srs_key_drop(r->srs_key);
	map_free(&r->domains);
	map_free(&r->mailboxes);
	map_free(&r->routes);
	map_free(&r->sender_routes);
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

/* The most telling pattern: of the address, of its domain, of the longest .subdomain.  Or null. */
static const struct conf_route *find_pattern(const struct map *patterns, str key)
{
	str domain = address_domain(key);
	const struct conf_route *route = map_get(patterns, key);

	if (!route)
		route = map_get(patterns, domain);
	for (size_t i = 1; !route && i < domain.n; i++)
		if (domain.p[i] == '.')
			route = map_get(patterns, str_skip(domain, i));
	return route;
}

static const struct conf_route *find_sender_route(const struct router *r, str sender)
{
	char to[ADDRESS_KEY_MAX];
	str key;

	if (r->conf->sender_route_count == 0)
		return NULL;
	if (sender.n == 0)
		return map_get(&r->sender_routes, S("<>"));
	return address_key(sender, to, &key) ? find_pattern(&r->sender_routes, key) : NULL;
}

static const struct conf_route *find_route(const struct router *r, str key, const str *sender)
{
	const struct conf_route *route = find_pattern(&r->routes, key);

	if (!route && sender)
		route = find_sender_route(r, *sender);
	return route ? route : r->star;
}

bool router_listed(const struct router *r, const struct conf_domain *d, str key)
{
	const struct alias_table *t = r->recipients[d - r->conf->domains];
	struct alias_targets found;
	char to[ADDRESS_KEY_MAX];
	str base;

	return t && (alias_table_find(t, key, &found) ||
			    (router_base(d, key, to, &base) && alias_table_find(t, base, &found)));
}

bool router_whole(const struct router *r, const struct conf_domain *d, str key)
{
	bool told = r->recipients[d - r->conf->domains] && d->tables.recipients.count == 0;

	return d->whole && (!told || router_listed(r, d, key));
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

/* The transport that a row names, or null. */
static const struct conf_transport *find_named(const struct router *r, str name)
{
	for (size_t i = 0; i < r->conf->transport_count; i++)
		if (str_eq(r->conf->transports[i].name, name))
			return &r->conf->transports[i];
	if (str_eq(name, S("error")))
		return &r->error;
	if (str_eq(name, S("discard")))
		return &r->discard;
	return name.n == 0 || str_eq(name, S("relay")) ? r->direct : NULL;
}

/* The same of a row that was checked when it was read. */
static const struct conf_transport *named(const struct router *r, str name)
{
	const struct conf_transport *t = find_named(r, name);

	return t ? t : r->direct;
}

bool router_named_way(const struct router *r, str row, struct route_way *way)
{
	str name;

	*way = (struct route_way){ .nexthop = row };
	str_cut(&way->nexthop, ':', &name);
	way->transport = find_named(r, name);
	if (way->transport)
		way->origin = way->transport->origin;
	return way->transport;
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
	if (!router_row(r, d, key, &row)) {
		if (router_whole(r, d, key)) {
			way->origin = d->whole_origin;
			way->transport = d->whole;
			return true;
		}
		if (!router_domain_row(r, d, &row))
			return false;
	}
	way->origin = row.at;
	way->transport = named(r, row.transport);
	way->nexthop = row.nexthop;
	return true;
}

/* The entry of an alias among whose targets is this one. */
static bool find_into(const struct router *r, const struct conf_domain *d, str key, str into,
	struct alias_target *target)
{
	const struct alias_table *t = router_table(r, d);
	struct alias_targets targets;
	char to[ADDRESS_KEY_MAX];
	str base;

	if (!t || (!alias_table_find(t, address_local(key), &targets) &&
			  (!router_base(d, key, to, &base) ||
				  !alias_table_find(t, address_local(base), &targets))))
		return false;
	while (alias_targets_next(&targets, target))
		if (str_eq(target->text, into))
			return true;
	return false;
}

/* What a .forward said of the mailbox: it itself, or what it is still allowed to lead into. */
static bool forward_way(const struct router *r, const struct conf_domain *d, str key, str into,
	struct route_way *way)
{
	const struct conf_transport *t;

	if (!hosted_way(r, d, key, way))
		return false;
	t = way->transport;
	if (into.n == ROUTE_MAILBOX.n)
		return true;
	way->nexthop = str_skip(into, ROUTE_MAILBOX.n);
	way->transport = str_starts(way->nexthop, S("|")) ? t->forward_programs : t->forward_files;
	return way->transport;
}

bool router_way_into(const struct router *r, str key, str into, struct route_way *way)
{
	const struct conf_domain *d = router_domain(r, key);
	const struct conf_alias_file *file;
	struct alias_target target;

	*way = (struct route_way){ 0 };
	/* where the transport is no more, what the configuration says of the address counts */
	if (str_starts(into, ROUTE_ROW))
		return router_named_way(r, str_skip(into, ROUTE_ROW.n), way) ||
		       router_way(r, key, NULL, way);
	if (!d)
		return false;
	if (str_starts(into, ROUTE_MAILBOX))
		return forward_way(r, d, key, into, way);
	way->origin = d->origin;
	if (!find_into(r, d, key, into, &target))
		return false;
	way->origin = (struct conf_origin){ target.file, target.line, target.column };
	way->nexthop = target.text;
	file = conf_ways_alias_file(&d->alias_files, target.file);
	if (file)
		way->transport = str_starts(into, S("|")) ? file->programs : file->files;
	return way->transport;
}

bool router_way(const struct router *r, str key, const str *sender, struct route_way *way)
{
	const struct conf_domain *d = router_domain(r, key);
	const struct conf_route *route;

	*way = (struct route_way){ 0 };
	if (d)
		return hosted_way(r, d, key, way);
	route = find_route(r, key, sender);
	way->transport = route ? route->transport : r->direct;
	way->origin = way->transport->origin;
	if (route)
		way->origin = route->origin;
	return true;
}
