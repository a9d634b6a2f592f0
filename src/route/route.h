/*
 * route/route - who is it for, and where would it go?
 *
 * A router is a configuration with its alias tables opened: read-only, shared by all threads, gone
 * with its last reference.  Two questions: route_expand makes of one recipient the addresses that
 * it stands for; route_find says by which transport one such address leaves.
 */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H

#include "base/arena.h"
#include "base/fail.h"
#include "conf/conf.h"
#include "route/alias.h"

struct router;

/* tables: one for each domain of the configuration, in its order; a domain without alias files has
 * null.  The router owns them, and a reference of conf. */
struct router *router_new(struct conf *conf, struct alias_table **tables) MUST_USE;
struct router *router_keep(struct router *r);
void router_drop(struct router *r);
const struct conf *router_conf(const struct router *r);

/* The hosted domain of an address, or null: mail for it is ours. */
const struct conf_domain *route_hosted(const struct router *r, str address);

enum route_end {
	ROUTE_ADDRESS, /* deliver to it */
	ROUTE_DISCARD, /* /dev/null: ends here, by the named rule */
};

struct route_target {
	enum route_end end;
	str address; /* as it will be said to the next hop */
	bool has_sender;
	str sender; /* owner-NAME@domain, where the alias NAME has an owner */
	struct conf_origin origin; /* the line that gave it; "" when nothing was expanded */
};

struct route_targets {
	struct route_target *items;
	size_t count;
};

/* Explains each step of an expansion; null where nobody asks. */
typedef void route_step(void *owner, unsigned depth, str from, str to, const struct conf_origin *at);

/* Expand one recipient: hosted addresses through aliases, nested, sub-addresses, catch-all; an
 * address that is not hosted stays as it is.  Duplicates are merged; postmaster of every hosted
 * domain (and "postmaster" alone) always leads somewhere.  False: an unknown hosted recipient
 * (550 5.1.1, with the origin of its domain), a loop, too deep, too many (P8). */
bool route_expand(const struct router *r, struct arena *a, str recipient,
	struct route_targets *targets, struct fail *why, route_step *step, void *owner) MUST_USE;

struct route_way {
	const struct conf_transport *transport;
	str nexthop;		   /* SMTP without a fixed host: the domain whose MX hosts to ask, in
				      ASCII form, or an address literal "[...]"; else "" */
	struct conf_origin origin; /* the route, mailbox or domain that decided */
};

/* By which transport an expanded address leaves: its mailbox, the most telling route (address,
 * domain, the longest .subdomain, *), or the built-in direct SMTP.  nexthop lives in the arena.
 * False: hosted but no mailbox: 5.1.1. */
bool route_find(const struct router *r, struct arena *a, str address, struct route_way *way,
	struct fail *why) MUST_USE;

/* The checks over the whole that a compile makes: alias loops, targets in hosted domains that are
 * nobody, hosted domains without a postmaster's way, not an open relay (a relay-for network that
 * is the whole Internet, a route that accepts for strangers), rules that can never apply.  Each is
 * one "file:line:column: ..." line.  Returns the number of errors. */
struct buf;
size_t route_check(const struct router *r, struct buf *errors) MUST_USE;

#endif
