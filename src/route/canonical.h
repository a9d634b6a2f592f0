/*
 * route/canonical - an address looked up in tables                                 canonical(5)
 *
 * The keys are, in this order: user+tag@domain, user@domain (of hosted domains, by their
 * sub-address), user (of hosted domains, and of our hostname), @domain; the first table that has
 * one of them counts.  Expressions see the address as it was said.
 */
#ifndef ROUTE_CANONICAL_H
#define ROUTE_CANONICAL_H

#include "route/asking.h"
#include "route/route.h"

/* Who looks.  With an asking it is part of a story, which may have to wait; without one the tables
 * are those that answer at once. */
struct canonical {
	const struct router *router;
	struct asking *asking;       /* or null, and: */
	struct arena *arena;         /* of answers */
	struct regex_budget *budget; /* of all expressions */
};

enum canonical_end {
	CANONICAL_WAIT, /* a table must answer first: tell the story again */
	CANONICAL_NONE,
	CANONICAL_FOUND,
	CANONICAL_FAILED, /* a table gave no answer, and its on-failure is not accept */
};

struct canonical_row {
	const struct lookup *table;
	str value;
	str tag;               /* of the address, where the key was without it: "+tag" */
	struct conf_origin at; /* the row; of FAILED, the table */
	struct fail why;       /* FAILED */
};

enum canonical_end canonical_find(const struct canonical *c, const struct conf_uses *tables,
	str address, struct canonical_row *row) MUST_USE;

/* --- addresses that are replaced by others --- */

#define CANONICAL_STEPS_MAX 10 /* rows that lead to rows */

enum canonical_class { CANONICAL_SENDER, CANONICAL_RECIPIENT };

struct canonical_result {
	str address; /* as it was, or in the arena */
	bool changed;
	struct canonical_row row; /* the last one; of FAILED, who failed */
	struct conf_origin at;    /* changed: the row, or the word, that had the last say */
};

/* By the tables of rewrite for its class, again and again until nothing changes, and then by its
 * masquerade, where part says that this is done there.  What has no domain stays.  FOUND: changed.
 */
enum canonical_end canonical_rewrite(const struct canonical *c, enum canonical_class class,
	enum conf_part part, str address, struct canonical_result *result) MUST_USE;

/* May this value stand in a table of rewrite: an address, or "@domain", the same user there?  What
 * has a '$' is not known before it is used. */
bool canonical_value(str value) MUST_USE;

#endif
