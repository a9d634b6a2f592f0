/*
 * flow/permit - what is delivered as other users, by the configuration and by nothing else
 *
 * The office of the courier has the rights to become anybody, and gets its orders from a process
 * that reads hostile bytes.  A permit is a configuration with its alias tables, arranged for one
 * question: is this what it names?  Allowed are
 *
 * - a folder that the maildir of a transport can lead to, as its user;
 * - a program with the arguments of a pipe, as its user: what stands in braces may be anything;
 * - a command or a file that stands in the alias table for this recipient, as the user that the
 *   table's words "programs" and "files" say;
 * - the transport that a row of a table names, for the user of that transport;
 * - a look into the .forward of a user, where a transport says "forward"; and what stands in that
 *   file, where it says so, too.
 *
 * The transport of a mailbox is believed for its own address only, that of the mailboxes of a
 * domain for this domain.  As "{local}" mail is delivered to people only: a user of the system
 * (world/courier_people), whose name stands in no configuration, never gets any.  Programs get no
 * other variables than ours.  Everything refused is worth another try: it may be ordered by a
 * generation that is no longer, or not yet, in force.
 */
#ifndef FLOW_PERMIT_H
#define FLOW_PERMIT_H

#include "route/route.h"
#include "world/courier_frame.h"

struct permit; /* opaque, read-only */

/* It keeps the router.  people_min: the lowest number of a user who is no system's. */
struct permit *permit_new(struct router *r, uint32_t people_min) MUST_USE;
void permit_free(struct permit *p); /* null is allowed */

/* Is anything written (or looked at), or run, as this user, who has this number?  One that the
 * configuration names may have any, root's, too. */
bool permit_user(
	const struct permit *p, bool runs, str user, uint32_t number, struct fail *why) MUST_USE;

/* Reads the .forward of the user whom an order is for, with or without an extension; false: there
 * is none that is followed. */
typedef bool permit_forward(struct arena *a, str extension, str *text);

/* A BEGIN, an APPEND, a RUN or a LOOK; number: the user's. */
bool permit_order(const struct permit *p, const struct courier_whom *whom, uint32_t number,
	const struct courier_order *order, permit_forward *read, struct fail *why) MUST_USE;

#endif
