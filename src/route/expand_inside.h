/*
 * route/expand_inside - what the files of the expansion share: the places that are known here
 * (expand.c), and the tables that are asked (expand_asked.c)
 */
#ifndef ROUTE_EXPAND_INSIDE_H
#define ROUTE_EXPAND_INSIDE_H

#include "route/domain_tables.h"
#include "route/router.h"
#include "route/visits.h"

struct expansion {
	const struct router *r;
	struct arena *a;
	str recipient;
	bool hosted; /* the recipient is */
	struct route_targets *targets;
	size_t size; /* room for targets */
	struct visits visits;
	struct domain_tables tables;
	route_step *step;
	void *owner;
	struct fail *why;
	struct route_blame *blame;
};

/* --- expand.c */

bool expand_no_memory(struct expansion *x); /* 452; always false */

/* All parts, one behind the other, in the arena. */
bool expand_join(struct expansion *x, const str *parts, size_t count, str *whole) MUST_USE;
#define JOIN(x, whole, ...)                          \
	expand_join(x, (const str[]){ __VA_ARGS__ }, \
		sizeof((const str[]){ __VA_ARGS__ }) / sizeof(str), whole)

/* Go where the entry of the visit (found) leads. */
bool expand_follow(struct expansion *x, struct visit *v) MUST_USE;

/* Mail to an alias that has an owner, in a file, is sent on in his name. */
bool expand_take_owner(struct expansion *x, struct visit *v, str name) MUST_USE;

/* The address ends here, and leaves by what a row of a table says. */
bool expand_row(
	struct expansion *x, const struct visit *v, const struct route_way *way, str row) MUST_USE;

/* --- expand_asked.c: each is true where the place has an end for the address, *ok or not; false:
 * the next place is asked. */

bool expand_asked(struct expansion *x, struct visit *v, enum stage place, bool *ok) MUST_USE;

/* *ok: he is one of those who have a mailbox in the whole domain. */
bool expand_asked_whole(struct expansion *x, struct visit *v, bool *ok) MUST_USE;

#endif
