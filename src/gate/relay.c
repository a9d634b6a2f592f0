#include "gate/relay.h"

#include "mail/address.h"

const struct conf_net *relay_trusted(const struct conf *conf, const struct ip *client)
{
	return conf_nets_find(&conf->relay_for, client);
}

static bool may_relay(const struct router *r, const struct relay_client *client)
{
	return client->certified || client->login.n > 0 ||
	       relay_trusted(router_conf(r), &client->ip);
}

bool relay_certified(const struct conf *conf, const struct tls_facts *facts)
{
	const struct conf_tls_peer *known = &conf->relay_for_certificate;

	if (facts && facts->verified && known->trust.path.n > 0)
		return true;
	for (size_t i = 0; facts && facts->shown && i < known->digest_count; i++)
		if (memcmp(known->digests[i].octets, facts->digest, TLS_DIGEST_OCTETS) == 0 ||
			memcmp(known->digests[i].octets, facts->key_digest, TLS_DIGEST_OCTETS) == 0)
			return true;
	return false;
}

bool relay_allowed(
	const struct router *r, const struct relay_client *client, str recipient, struct fail *why)
{
	if (address_domain(recipient).n == 0 || route_hosted(r, recipient))
		return true;
	if (may_relay(r, client))
		return true;
	fail_reply(why, 550, "5.7.1",
		"Relaying denied: we do not receive mail for %.*s, and your address is not one "
		"that we relay for",
		STR(address_domain(recipient)));
	if (why)
		conf_where_print(router_conf(r), S(""), S("relay-for"), why->origin);
	return false;
}

static bool has_route(str address)
{
	str local = address_local(address);

	return str_has(local, '%') || str_has(local, '!') || str_has(local, '@');
}

/* Only SMTP goes to servers that may send it on. */
static bool leaves_by_smtp(
	const struct router *r, const struct route_target *t, struct conf_origin *at)
{
	struct route_mail mail = { .address = t->address, .into = t->into };
	struct route_way way;
	struct arena a;
	bool found;

	arena_init(&a, ARENA_UNLIMITED);
	found = route_find(r, &a, &mail, &way, NULL);
	arena_free(&a);
	*at = way.origin;
	return found && way.transport->kind == CONF_SMTP;
}

bool relay_routes_nothing(const struct router *r, const struct relay_client *client, str recipient,
	const struct route_targets *targets, struct fail *why)
{
	struct conf_origin at;

	if (!has_route(recipient) || may_relay(r, client))
		return true;
	for (size_t i = 0; i < targets->count; i++) {
		const struct route_target *t = &targets->items[i];

		if (t->end != ROUTE_ADDRESS || !has_route(t->address) || !leaves_by_smtp(r, t, &at))
			continue;
		fail_reply(why, 550, "5.7.1",
			"Relaying denied: <%.*s> has a route in its local part, and we hand none "
			"on for strangers",
			STR(recipient));
		if (why)
			conf_origin_print(&at, why->origin);
		return false;
	}
	return true;
}
