/*
 * flow/readdress - the addresses in header fields, replaced by the tables of rewrite
 *
 * Display names, comments, groups and folding stay as they are; so do fields that are not about
 * senders or recipients.
 */
#ifndef FLOW_READDRESS_H
#define FLOW_READDRESS_H

#include "base/buf.h"
#include "flow/ruling.h"

#define READDRESS_STEPS_MAX 20000000 /* of expressions, for all fields of one message */

/* Plain data. */
struct readdress {
	const struct router *router;
	struct ruling *ruling; /* that hears what was done */
	struct regex_budget budget;
};

bool readdress_wanted(const struct conf *c) MUST_USE;

/* Both outlive it. */
void readdress_init(struct readdress *r, const struct router *router, struct ruling *ruling);

/* What a whole field becomes, in *to; nothing is put there where it stays as it is.  False: a table
 * gives no answer, and that is a refusal. */
bool readdress_field(struct readdress *r, str field, struct buf *to, struct fail *why) MUST_USE;

#endif
