/*
 * route/domain_tables - what the tables of a domain say of an address, where they know it
 *
 * They stand behind the domain's files: virtual-table, alias-table, recipient-table and
 * transport-table.  Some answer at once, some later (route/asking); the story that needs an answer
 * is left then, and told again.
 */
#ifndef ROUTE_DOMAIN_TABLES_H
#define ROUTE_DOMAIN_TABLES_H

#include "route/alias.h"
#include "route/route.h"

enum domain_tables_end {
	DOMAIN_TABLES_NONE,
	DOMAIN_TABLES_FOUND,
	DOMAIN_TABLES_WAIT,   /* a table must be asked first */
	DOMAIN_TABLES_FAILED, /* *why is the reply */
};

/* What an address is looked up as. */
enum domain_tables_key {
	DOMAIN_TABLES_WHOLE, /* all of it */
	DOMAIN_TABLES_PART,  /* a part, or another name: expressions do not see it */
};

/* A look through the tables of a domain, while one story is told.  Set router, arena and ask, zero
 * the rest. */
struct domain_tables {
	const struct router *router;
	struct arena *arena;        /* of values where nobody asks */
	struct route_ask *ask;      /* null, or without an asking: nobody is asked */
	bool silent;                /* a table gave no answer, and that is taken for none */
	bool unknown;               /* a table could not be asked */
	str value;                  /* FOUND */
	struct conf_origin at;      /* FOUND: the row; or the table, where it has none */
	const struct lookup *table; /* FOUND */
};

/* The first of the tables that has the key. */
enum domain_tables_end domain_tables_find(struct domain_tables *l, const struct conf_uses *uses,
	enum domain_tables_key kind, str key, struct fail *why) MUST_USE;

/* What was found is no value of such a table: that is a failure of the table. */
enum domain_tables_end domain_tables_wrong(
	struct domain_tables *l, str key, const struct fail *cause, struct fail *why) MUST_USE;

/* FOUND: the targets that stand in the value, each with the place of the row.  domain: of those
 * without one.  They live in the arena. */
enum domain_tables_end domain_tables_targets(struct domain_tables *l, struct arena *a, str domain,
	str key, struct alias_targets *targets, struct fail *why) MUST_USE;

/* Can this stand in a table of the domain: a list of targets; TRANSPORT:NEXTHOP? */
bool domain_tables_is_list(
	const struct router *r, const struct conf_domain *d, str value, struct fail *why) MUST_USE;
bool domain_tables_is_way(
	const struct router *r, const struct conf_domain *d, str value, struct fail *why) MUST_USE;

bool domain_tables_asks(const struct domain_tables *l) MUST_USE;

bool domain_tables_any(const struct conf_domain *d) MUST_USE; /* has it one? */

#endif
