#include "route/route.h"

#include "route/router.h"

const struct conf_domain *route_hosted(const struct router *r, str address)
{
	char to[ADDRESS_KEY_MAX];
	str key;

	return address_key(address, to, &key) ? router_domain(r, key) : NULL;
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

	if (!address_key(address, to, &key) || address_domain(key).n == 0)
		return fail_with(
			why, FAIL_PERMANENT, "5.1.3", "<%.*s>: not an address", STR(address));
	*way = (struct route_way){ 0 };
	way->transport = router_transport(r, key, &way->origin);
	if (way->transport)
		return set_nexthop(a, key, way, why);
	fail_reply(why, 550, "5.1.1", "<%.*s>: nobody here has this address", STR(address));
	if (why)
		conf_origin_print(&way->origin, why->origin);
	return false;
}
