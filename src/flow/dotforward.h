/*
 * flow/dotforward - mail for a user who has a .forward
 *
 * The file is looked at as the user (courier_look), and where it leads somewhere, the message is
 * sent on as a new one, whose recipients are what the file says; the user's own mailbox may be one
 * of them.  So each has its own retries and reports, and the old recipient has ended when the new
 * message is durable: a crash between the two sends it on twice, as with a bounce.
 */
#ifndef FLOW_DOTFORWARD_H
#define FLOW_DOTFORWARD_H

#include "flow/delivery.h"

struct dotforward;

struct dotforward_handler {
	/* Nothing is to be followed: deliver into the mailbox. */
	void (*stays)(void *owner);
	/* It has been sent on, or (why) could not be.  Once, in place of stays; never from inside a
	 * call of the owner's. */
	void (*done)(void *owner, const struct fail *why);
};

/* Recipient number at of the job; user: who he is on this machine.  It frees itself behind the
 * call.
 */
void dotforward_begin(struct flow *f, const struct delivery *d, size_t at, str user,
	const struct dotforward_handler *handler, void *owner);

#endif
