#include "route/route.h"

#include "route/router.h"
#include "route/transports.h"

const struct conf_domain *route_hosted(const struct router *r, str address)
{
	char to[ADDRESS_KEY_MAX];
	str key;

	return address_key(address, to, &key) ? router_domain(r, key) : NULL;
}

/* Mail without a fixed next hop goes to the MX hosts of its own domain; a program is told the
 * domain, too. */
static bool set_nexthop(struct arena *a, str key, struct route_way *way, struct fail *why)
{
	bool own_domain = way->transport->kind == CONF_PIPE ||
			  (way->transport->kind == CONF_SMTP && way->transport->host.n == 0);

	if (way->nexthop.n == 0 && own_domain)
		way->nexthop = address_domain(key);
	if (arena_keep(a, way->nexthop, &way->nexthop))
		return true;
	return fail_reply(why, 452, "4.3.1", "No memory left for a next hop");
}

bool route_find(const struct router *r, struct arena *a, const struct route_mail *mail,
	struct route_way *way, struct fail *why)
{
	char to[ADDRESS_KEY_MAX];
	str address = mail->address, key;

	if (!address_key(address, to, &key) || address_domain(key).n == 0)
		return fail_with(
			why, FAIL_PERMANENT, "5.1.3", "<%.*s>: not an address", STR(address));
	if (mail->into.n > 0 ? router_way_into(r, key, mail->into, way)
			     : router_way(r, key, mail->has_sender ? &mail->sender : NULL, way))
		return set_nexthop(a, key, way, why);
	fail_reply(why, 550, "5.1.1", "<%.*s>: nobody here has this address", STR(address));
	if (why)
		conf_origin_print(&way->origin, why->origin);
	return false;
}

bool route_asks(const struct router *r, struct arena *a, const struct route_target *t,
	struct route_way *way)
{
	struct route_mail mail = { .address = t->address, .into = t->into };
	const struct conf_domain *d = route_hosted(r, t->address);

	return t->end == ROUTE_ADDRESS && d && d->whole && d->recipients.count == 0 &&
	       d->tables.recipients.count == 0 && route_find(r, a, &mail, way, NULL) &&
	       way->transport == d->whole;
}

str route_local(const struct router *r, str key)
{
	const struct conf_domain *d = router_domain(r, key);
	const struct alias_table *t = d ? r->transports[d - r->conf->domains] : NULL;
	char to[ADDRESS_KEY_MAX];
	struct transports_row row;
	str local = address_local(key), base;

	if (!d || map_get(&r->mailboxes, key) || !router_base(d, key, to, &base))
		return local;
	if (!map_get(&r->mailboxes, base) && t && transports_find(t, key, &row))
		return local;
	return str_first(local, address_local(base).n);
}

void route_error(const struct route_way *way, str *status, str *words)
{
	*status = way->transport->status;
	*words = way->transport->text;
	if (words->n == 0)
		transports_error(way->nexthop, status, words);
}
