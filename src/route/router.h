/*
 * route/router - a configuration, arranged for look-ups
 *
 * What route/route promises is answered from here.  All keys are in table form (mail/address).
 */
#ifndef ROUTE_ROUTER_H
#define ROUTE_ROUTER_H

#include "base/map.h"
#include "mail/address.h"
#include "route/lookup.h"
#include "route/route.h"
#include "route/transports.h"

struct router {
	int references; /* atomic */
	struct conf *conf;
	struct alias_table **tables;           /* as conf->domains */
	struct alias_table **transports;       /* the same: of transport files */
	struct alias_table **recipients;       /* the same: who is behind relay or mailboxes */
	struct keyring *keyring;               /* null: nothing is signed */
	struct srs_key *srs_key;               /* null: no sender is rewritten */
	struct lookup_set *lookups;            /* null: none were given */
	struct map domains, mailboxes, routes; /* by name, address, pattern */
	struct map sender_routes;              /* by pattern */
	const struct conf_route *star;         /* route *, or null */
	const struct conf_transport *direct;   /* the built-in one */
	struct conf_transport error, discard;  /* of rows in transport files */
};

/* The hosted domain of an address in table form, or null. */
const struct conf_domain *router_domain(const struct router *r, str key);
const struct alias_table *router_table(const struct router *r, const struct conf_domain *d);

/* The address without its sub-address: "user@domain" of "user+tag@domain", written to to.  False:
 * it has none. */
bool router_base(
	const struct conf_domain *d, str key, char to[ADDRESS_KEY_MAX], str *base) MUST_USE;

/* The mailbox of an address in table form, with or without its sub-address, or null. */
const struct conf_mailbox *router_mailbox(
	const struct router *r, const struct conf_domain *d, str key);

/* Is there a row of a transport file for this address, or for all of its domain? */
bool router_row(const struct router *r, const struct conf_domain *d, str key,
	struct transports_row *row) MUST_USE;
bool router_domain_row(
	const struct router *r, const struct conf_domain *d, struct transports_row *row) MUST_USE;

/* Is it in the files of recipients, with or without its sub-address? */
bool router_listed(const struct router *r, const struct conf_domain *d, str key) MUST_USE;

/* Can it be one of those who have a mailbox behind relay or mailboxes?  By the files of recipients;
 * where there is no file, or a table beside it, everybody may be. */
bool router_whole(const struct router *r, const struct conf_domain *d, str key) MUST_USE;

/* The way of an address in table form; its next hop is what a row says of it, and lives as long as
 * the router.  sender: null where it is not known.  False: hosted, but nobody. */
bool router_way(const struct router *r, str key, const str *sender, struct route_way *way) MUST_USE;

/* The way that a row says, which stood in a table: its transport is one of the configuration, or of
 * those that need no block there; relay, and none, is smtp.  False: there is no such transport. */
bool router_named_way(const struct router *r, str row, struct route_way *way) MUST_USE;

/* The way of an alias that leads into a program or a file, and of a row that was found in a table.
 * False: it leads there no more. */
bool router_way_into(const struct router *r, str key, str into, struct route_way *way) MUST_USE;

/* What is to blame for an expansion that failed. */
struct route_blame {
	struct conf_origin at; /* the line; file "": no line of an alias */
	str nobody;            /* the hosted address that nobody has, or "" */
	bool by_rule;          /* an error transport: it is meant so */
};

/* As route_expand; when it fails, *blame says more. */
bool route_expand_blame(const struct router *r, struct arena *a, str recipient,
	struct route_targets *targets, struct fail *why, route_step *step, void *owner,
	struct route_blame *blame) MUST_USE;

#endif
