#include "conf/check.h"

#include "base/list.h"
#include "base/number.h"
#include "conf/login_block.h"
#include "conf/nearest.h"
#include "conf/schema.h"
#include "conf/table.h"
#include "conf/tls_block.h"
#include "conf/sender_block.h"

static void check_names(struct conf_builder *b)
{
	static const struct conf_origin nowhere = { .file = STR_INIT("conf.d"), 1, 1 };
	struct conf *c = b->conf;

	if (c->hostname.text.n == 0)
		conf_builder_error(b, &nowhere, "no file says 'hostname', the name of this server");
	else if (c->postmaster.text.n == 0)
		c->postmaster.text =
			arena_printf(b->arena, "postmaster@%.*s", STR(c->hostname.text));
}

/* The transport that a way leads to, or null. */
static const struct conf_transport *resolve(
	struct conf_builder *b, const struct conf_transport *draft)
{
	struct conf_way *way = AROUND(draft, struct conf_way, own);
	struct conf_nearest nearest = { .word = way->named.text };
	const struct conf *c = b->conf;

	if (way->named.text.n == 0)
		return draft;
	for (size_t i = 0; i < c->transport_count; i++) {
		if (str_eq(c->transports[i].name, way->named.text))
			return &c->transports[i];
		conf_nearest_offer(&nearest, c->transports[i].name);
	}
	conf_builder_error(b, &way->named.origin,
		"unknown transport '%.*s'; the nearest known one is '%.*s'", STR(way->named.text),
		STR(nearest.best));
	return NULL;
}

static void resolve_transports(struct conf_builder *b)
{
	struct conf_route *routes = (struct conf_route *)b->conf->routes;
	struct conf_mailbox *mailboxes = (struct conf_mailbox *)b->conf->mailboxes;
	struct conf_route *senders = (struct conf_route *)b->conf->sender_routes;
	struct conf_domain *domains = (struct conf_domain *)b->conf->domains;
	const struct conf_transport *draft = NULL, *found = NULL;

	for (size_t i = 0; i < b->conf->route_count; i++) {
		if (routes[i].transport != draft) { /* patterns of one route share it */
			draft = routes[i].transport;
			found = resolve(b, draft);
		}
		routes[i].transport = found;
	}
	for (size_t i = 0; i < b->conf->mailbox_count; i++)
		mailboxes[i].transport = resolve(b, mailboxes[i].transport);
	for (size_t i = 0; i < b->conf->sender_route_count; i++)
		senders[i].transport = resolve(b, senders[i].transport);
	for (size_t i = 0; i < b->conf->domain_count; i++)
		if (domains[i].whole)
			domains[i].whole = resolve(b, domains[i].whole);
}

static bool overlap(const struct endpoint *a, const struct endpoint *b)
{
	return a->ip.family == b->ip.family && a->port == b->port &&
	       (ip_eq(&a->ip, &b->ip) || ip_unspecified(&a->ip) || ip_unspecified(&b->ip));
}

/* An address where two listen would fail only at the start. */
static void check_endpoint(struct conf_builder *b, const struct conf_endpoint *e)
{
	char place[CONF_PLACE_TEXT_MAX], text[ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < b->conf->listener_count; i++) {
		const struct conf_endpoints *on = &b->conf->listeners[i].on;

		for (size_t j = 0; j < on->count; j++) {
			if (&on->items[j] == e)
				return; /* those behind it look back at this one */
			if (!overlap(&on->items[j].at, &e->at))
				continue;
			conf_builder_error(b, &e->origin, "%s is listened on already, at %s",
				endpoint_print(&e->at, text),
				conf_builder_place(&on->items[j].origin, place));
			return;
		}
	}
}

static void check_listeners(struct conf_builder *b)
{
	for (size_t i = 0; i < b->conf->listener_count; i++)
		for (size_t j = 0; j < b->conf->listeners[i].on.count; j++)
			check_endpoint(b, &b->conf->listeners[i].on.items[j]);
}

/* Before a proxy has said for whom it speaks, and where it cannot, a client is the proxy. */
static void check_proxies(struct conf_builder *b, const struct conf_nets *proxies, const char *word)
{
	char place[CONF_PLACE_TEXT_MAX], text[IP_TEXT_MAX], trusted[IP_TEXT_MAX];

	for (size_t i = 0; i < proxies->count; i++) {
		const struct conf_net *proxy = &proxies->items[i];
		const struct conf_net *net = conf_nets_meet(&b->conf->relay_for, &proxy->net);

		if (net)
			conf_builder_error(b, &proxy->origin,
				"'%s %s' is in a trusted network ('relay-for %s', %s), where "
				"whoever "
				"comes through it could relay: 'relay-for !%s' in front takes it "
				"out",
				word, ip_net_print(&proxy->net, text),
				ip_net_print(&net->net, trusted),
				conf_builder_place(&net->origin, place), text);
	}
}

/* A rule that can never apply is an error of who wrote it. */
static void check_queue(struct conf_builder *b)
{
	const struct conf_queue *q = &b->conf->queue;
	const struct conf_origin *warn =
		conf_schema_seen(b, conf_schema_find(CONF_IN_QUEUE, S("warn")));
	const struct conf_origin *lifetime =
		conf_schema_seen(b, conf_schema_find(CONF_IN_QUEUE, S("lifetime")));
	char place[CONF_PLACE_TEXT_MAX], text[NUMBER_TEXT_MAX];

	if (q->warn_ms > 0 && q->warn_ms >= q->lifetime_ms)
		conf_builder_error(b, warn,
			"this can never apply: the lifetime of mail (%s, %s) is over before",
			number_print_time(q->lifetime_ms, text),
			conf_builder_place(lifetime, place));
}

static void check_resolver(struct conf_builder *b)
{
	const struct conf_resolver *r = &b->conf->resolver;

	if (r->zone_file.n > 0 && r->anchor_file.n > 0)
		conf_builder_error(b,
			conf_schema_seen(b, conf_schema_find(CONF_IN_RESOLVER, S("anchor"))),
			"'anchor' means nothing where 'zone' answers");
}

void conf_check(struct conf_builder *b)
{
	check_names(b);
	resolve_transports(b);
	conf_table_resolve(b);
	check_listeners(b);
	check_proxies(b, &b->conf->xclient, "xclient-hosts");
	for (size_t i = 0; i < b->conf->listener_count; i++)
		check_proxies(b, &b->conf->listeners[i].proxies, "proxy-protocol");
	conf_login_block_check(b);
	check_queue(b);
	check_resolver(b);
	conf_tls_block_check(b);
	conf_sender_block_check(b);
}
