/*
 * route/lookup_rules - the rules of a table whose first match counts
 *
 * cidr_table(5): "[!]NETWORK VALUE"; pcre_table(5): "[!]/EXPRESSION/FLAGS VALUE"; in both "if
 * [!]PATTERN" to "endif", which may stand in each other.
 */
#ifndef ROUTE_LOOKUP_RULES_H
#define ROUTE_LOOKUP_RULES_H

#include "base/regex.h"
#include "route/lookup_text.h"

#define LOOKUP_RULES_DEPTH_MAX 20     /* of "if" in "if" */
#define LOOKUP_RULES_MAX 100000       /* of one table */
#define LOOKUP_VALUE_OCTETS_MAX 65536 /* what a value may become */

struct lookup_rules;

struct lookup_rules *lookup_rules_new(enum conf_table_kind kind) MUST_USE; /* CIDR or PCRE */
void lookup_rules_free(struct lookup_rules *r);                            /* null is allowed */

/* Add one logical line; its bytes must live as long as the rules.  False: *why. */
bool lookup_rules_add(
	struct lookup_rules *r, const struct lookup_line *line, struct fail *why) MUST_USE;

/* All lines of a file are there: is every "if" closed? */
bool lookup_rules_end(struct lookup_rules *r, struct fail *why) MUST_USE;

/* The value of the first rule that matches, with what its groups matched put in, in the arena. */
enum regex_end lookup_rules_find(const struct lookup_rules *r, struct arena *a, str key,
	struct regex_budget *budget, str *value, struct conf_origin *at) MUST_USE;

/* The rules one after the other, as they are written.  False: there is none of this number; an
 * "if" or "endif" has the value "". */
bool lookup_rules_row(
	const struct lookup_rules *r, size_t index, str *value, struct conf_origin *at) MUST_USE;

#endif
