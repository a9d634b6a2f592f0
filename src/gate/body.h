/*
 * gate/body - rules for the lines of a message's body                               body_checks(5)
 *
 * The body streams by, in any cut, and is not changed.  Each line of its beginning, without its
 * end, is put to the tables of expressions, as it is: nothing is decoded.  All lines share one
 * budget.
 */
#ifndef GATE_BODY_H
#define GATE_BODY_H

#include "base/buf.h"
#include "gate/headers.h"

#define BODY_OCTETS_MAX 51200   /* that are looked at; body_checks_size_limit */
#define BODY_LINE_MAX 2048      /* a longer line is judged in pieces; line_length_limit */
#define BODY_STEPS_MAX 20000000 /* of expressions, for all lines of one message */

/* Plain data. */
struct body_rules {
	const struct router *router;
	headers_note *note;
	void *owner;
	struct regex_budget budget;
	struct buf line; /* that has begun */
	size_t left;     /* octets to look at */
	bool over;       /* what has to be decided is decided */
	struct fail refusal;
};

/* The router outlives it. */
void body_rules_init(struct body_rules *b, const struct router *r, headers_note *note, void *owner);
void body_rules_free(struct body_rules *b);
bool body_rules_any(const struct conf *c) MUST_USE; /* does the configuration have such rules? */

void body_rules_feed(struct body_rules *b, str bytes);
void body_rules_end(struct body_rules *b); /* the last line may have no end */

/* A rule refuses the message; null: none does. */
const struct fail *body_rules_refusal(const struct body_rules *b) MUST_USE;

#endif
