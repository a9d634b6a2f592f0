/*
 * flow/ruling - what the tables of the configuration decide about one message on its way in
 *
 * May it come in at all, and this recipient?  The stories are those of gate/access; here they are
 * told until no table has to be waited for, and what was decided is logged (P7), once.
 */
#ifndef FLOW_RULING_H
#define FLOW_RULING_H

#include "flow/flow.h"
#include "gate/access.h"

struct ruling;

/* refusal null: go on.  Called once, at once or later in the loop, but not after the next question
 * or ruling_free. */
typedef void ruling_done(void *owner, const struct fail *refusal);

/* For the message of this id; the router must outlive it.  Null where the configuration uses no
 * table: everything here takes that for a ruling that allows all. */
struct ruling *ruling_new(
	struct flow *f, const struct router *r, uint64_t session, uint64_t id) MUST_USE;
void ruling_free(struct ruling *g); /* null is allowed; an open question is given up */

/* What the facts name must live until the ruling goes, but for the recipient, which is copied. */
void ruling_mail(
	struct ruling *g, const struct access_facts *facts, ruling_done *done, void *owner);
void ruling_rcpt(
	struct ruling *g, const struct access_facts *facts, ruling_done *done, void *owner);

/* What has been decided so far of the whole message: by which line it is to be held, or thrown
 * away; "" : it is not. */
str ruling_holds(const struct ruling *g) MUST_USE;
str ruling_discards(const struct ruling *g) MUST_USE;

/* The recipient that was asked for last is to be thrown away by this line; "": it is not. */
str ruling_discards_rcpt(const struct ruling *g) MUST_USE;

/* A rule accepts it: the gate need not ask anything else of the message, or of this recipient. */
bool ruling_excuses(const struct ruling *g) MUST_USE;

#endif
