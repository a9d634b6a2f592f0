/*
 * gate/headers - rules for the fields of a message's header                        header_checks(5)
 *
 * A field, unfolded into one line "Name: value", is put to the tables of expressions.  All fields
 * of a message share one budget for what their matches may cost.
 */
#ifndef GATE_HEADERS_H
#define GATE_HEADERS_H

#include "gate/access.h"

#define HEADERS_STEPS_MAX 20000000 /* of expressions, for all fields of one message */

struct buf;

/* Told of every rule that has matched, and of a table that has failed. */
typedef void headers_note(void *owner, const struct access_decision *d);

/* Plain data. */
struct headers {
	const struct router *router;
	headers_note *note;
	void *owner;
	struct regex_budget budget;
};

/* The router outlives it. */
void headers_init(struct headers *h, const struct router *r, headers_note *note, void *owner);
bool headers_any(const struct conf *c) MUST_USE; /* does the configuration have such rules? */

/* The rules on one field, folded or not.  Appends to *to the fields that come before it, or in its
 * place; *stays: it is not removed.  False: the message is refused, by *why. */
bool headers_judge(
	struct headers *h, str field, struct buf *to, bool *stays, struct fail *why) MUST_USE;

#endif
