#include "conf/tls.h"

#include "conf/conf.h"

str conf_tls_key(struct arena *a, const struct conf_tls_peer *peer)
{
	str key = arena_printf(a, "%d %u %.*s\n%.*s\n%.*s\n%.*s", (int)peer->wrapper,
		peer->mechanisms, STR(peer->login.path), STR(peer->trust.path),
		STR(peer->pair.certificate.path), STR(peer->pair.key.path));

	for (size_t i = 0; i < peer->digest_count; i++)
		for (size_t k = 0; k < CONF_DIGEST_OCTETS; k++)
			key = arena_printf(a, "%.*s%s%02x", STR(key), k == 0 ? "\n" : "",
				peer->digests[i].octets[k]);
	for (size_t i = 0; i < peer->name_count; i++)
		key = arena_printf(a, "%.*s\n%.*s", STR(key), STR(peer->names[i]));
	return key;
}

const struct conf_transport *conf_tls_transport(const struct conf *c, size_t i)
{
	if (i < c->transport_count)
		return &c->transports[i];
	i -= c->transport_count;
	if (i < c->route_count)
		return c->routes[i].transport;
	i -= c->route_count;
	if (i < c->mailbox_count)
		return c->mailboxes[i].transport;
	i -= c->mailbox_count;
	if (i < c->sender_route_count)
		return c->sender_routes[i].transport;
	i -= c->sender_route_count;
	for (size_t k = 0; k < c->domain_count; k++)
		if (c->domains[k].whole && i-- == 0)
			return c->domains[k].whole;
	return NULL;
}
