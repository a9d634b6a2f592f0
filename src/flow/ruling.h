/*
 * flow/ruling - what the tables of the configuration decide about one message on its way in
 *
 * May it come in at all, and this recipient (gate/access)?  What address stands in the place of the
 * one that was said (route/canonical)?  Who gets a copy?  These stories are told until no table has
 * to be waited for, and what was decided is logged (P7), once.  What rules for its header fields
 * decide (gate/headers) is kept here, too.
 */
#ifndef FLOW_RULING_H
#define FLOW_RULING_H

#include "flow/flow.h"
#include "gate/access.h"
#include "route/canonical.h"

#define RULING_NOTES_MAX 50       /* log records about the fields of one header */
#define RULING_COPIES_MAX 20      /* addresses that one question may add */
#define RULING_FIELDS_MAX 20      /* put on top of one message */
#define RULING_OCTETS_MAX 1048576 /* of who gets copies, and of these fields */

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

/* The address that the question was about, as it was said, or what stands in its place; that lives
 * until the next question. */
str ruling_address(const struct ruling *g, str said) MUST_USE;

/* The recipient that was asked for last is in: those who get copies because of him count. */
void ruling_rcpt_taken(struct ruling *g);

/* Those who get a copy by rules, each once; null: nobody.  False in *whole: there was no room for
 * all of them. */
struct ruling_copy {
	str address;
	char rule[CONF_ORIGIN_TEXT_MAX];
	const struct ruling_copy *next;
};
const struct ruling_copy *ruling_copies(const struct ruling *g, bool *whole) MUST_USE;

/* What rules of access put on top of the message, each once, in the order of the rules. */
struct ruling_field {
	str text; /* "Name: value" */
	struct ruling_field *next;
};
const struct ruling_field *ruling_fields(const struct ruling *g) MUST_USE;

/* Who gets the message in the place of all its recipients, and by which line; "": nobody.  The last
 * rule that says so counts; so it does of the way that all of them leave by. */
str ruling_redirects(const struct ruling *g, str *address) MUST_USE;
str ruling_filter(const struct ruling *g) MUST_USE;

/* An address in this header field has been replaced.  The ruling may not be null, here and below.
 */
void ruling_rewrote(struct ruling *g, str field, str said, const struct canonical_result *result);

/* A rule for one of its header fields has matched, or the table has failed: a headers_note. */
void ruling_note(void *ruling, const struct access_decision *d);

/* What has been decided so far of the whole message: by which line it is to be held, or thrown
 * away; "" : it is not. */
str ruling_holds(const struct ruling *g) MUST_USE;
str ruling_hold_words(const struct ruling *g) MUST_USE; /* why, as the rule says it */
str ruling_discards(const struct ruling *g) MUST_USE;

/* The recipient that was asked for last is to be thrown away by this line; "": it is not. */
str ruling_discards_rcpt(const struct ruling *g) MUST_USE;

/* A rule accepts it: the gate need not ask anything else of the message, or of this recipient. */
bool ruling_excuses(const struct ruling *g) MUST_USE;

#endif
