#include "route/route.h"

#include "route/router.h"

const struct conf_domain *route_hosted(const struct router *r, str address)
{
	char to[ADDRESS_KEY_MAX];
	str key;

	return address_key(address, to, &key) ? router_domain(r, key) : NULL;
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

/* Mail without a fixed next hop goes to the MX hosts of its own domain. */
static bool set_nexthop(struct arena *a, str key, struct route_way *way, struct fail *why)
{
	way->nexthop = S("");
	if (way->transport->kind != CONF_SMTP || way->transport->host.n > 0)
		return true;
	if (arena_keep(a, address_domain(key), &way->nexthop))
		return true;
	return fail_reply(why, 452, "4.3.1", "No memory left for a next hop");
}

bool route_find(const struct router *r, struct arena *a, str address, struct route_way *way,
	struct fail *why)
{
	char to[ADDRESS_KEY_MAX];
	str key;
	const struct conf_domain *d;
	const struct conf_route *route;

	if (!address_key(address, to, &key) || address_domain(key).n == 0)
		return fail_with(
			why, FAIL_PERMANENT, "5.1.3", "<%.*s>: not an address", STR(address));
	d = router_domain(r, key);
	if (d) {
		const struct conf_mailbox *mailbox = router_mailbox(r, d, key);

		if (!mailbox) {
			fail_reply(why, 550, "5.1.1", "<%.*s>: nobody here has this address",
				STR(address));
			if (why)
				conf_origin_print(&d->origin, why->origin);
			return false;
		}
		*way = (struct route_way){ mailbox->transport, .origin = mailbox->origin };
		return set_nexthop(a, key, way, why);
	}
	route = find_route(r, key);
	*way = (struct route_way){ r->direct, .origin = r->direct->origin };
	if (route)
		*way = (struct route_way){ route->transport, .origin = route->origin };
	return set_nexthop(a, key, way, why);
}
