/*
 * route/forward - where a user's .forward leads                       aliases(5), local(8) of
 * Postfix
 *
 * The text of the file, which comes from a user, becomes the recipients of the message that is sent
 * on: all of them, or none where one cannot be understood or leads nowhere.
 */
#ifndef ROUTE_FORWARD_H
#define ROUTE_FORWARD_H

#include "route/route.h"

#define FORWARD_TARGETS_MAX 100

/* own: the recipient whose mailbox it is; domain: of a target without one.  t: the transport of the
 * mailbox, which says what may stand in the file.  The targets, each once, may be none, where all
 * ends in /dev/null; *says is false where the file says nothing.  Everything is in the arena.  ask:
 * who asks the tables of domains (route_expand_asking); with waits, it is to be read again. */
bool forward_read(const struct router *r, struct route_ask *ask, struct arena *a, str own,
	const struct conf_transport *t, str text, struct route_targets *targets, bool *says,
	struct fail *why) MUST_USE;

#endif
