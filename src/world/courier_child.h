/*
 * world/courier_child - a process of the courier: one stream of orders, obeyed as one user
 *
 * It is made by the office (world/courier_office), which has the rights to become anybody, and
 * becomes the user first of all.
 *
 * The daemon speaks to strangers, and may one day be in their hands.  So the child asks a law
 * whether anything is delivered as this user at all, before it becomes him, and about each order.
 * What is refused fails with the law's words; who may not be become is answered by a child that is
 * nobody.
 *
 * What it knows of the law it knows from its birth.  When there may be a newer one, it begins
 * nothing any more: it ends with the code COURIER_CHILD_OUTDATED, at once or when the message in
 * its hands is delivered, and leaves what it has not read to its successor.  An order that was
 * half read by then is refused with a temporary error.
 */
#ifndef WORLD_COURIER_CHILD_H
#define WORLD_COURIER_CHILD_H

#include "base/fail.h"

struct courier_order;
struct courier_whom;

#define COURIER_USER_MAX 64

/* The first byte of a message to the office: what the child is for. */
#define COURIER_CHILD_WRITES '=' /* into Maildirs */
#define COURIER_CHILD_RUNS '!'   /* a program, once */

#define COURIER_CHILD_OUTDATED 3 /* an exit code: the stream wants another child */

struct courier_law {
	/* In the office, before each child: the answers below are of what is in force now.  Returns
	 * a descriptor that is readable as soon as they may be no longer, and until the next call
	 * at least; the children poll it.  -1: nobody would know. */
	int (*renew)(void *owner);
	/* In the child, before it becomes anybody: may anything be written, or run, as this user
	 * ("" is home), who has this number?  Orders are his from now on. */
	bool (*user)(void *owner, bool runs, str user, uint32_t number, struct fail *why);
	/* In the child, which has become the user: this BEGIN, APPEND, RUN or LOOK? */
	bool (*order)(void *owner, const struct courier_whom *whom,
		const struct courier_order *order, struct fail *why);
	void *owner;
};

struct courier_child {
	int stream;
	int watch; /* what renew returned */
	bool runs; /* a program; else it writes into files */
	str user;  /* as the daemon asked for him; it ends with a NUL, too */
	const char *home;
	str hostname;
};

_Noreturn void courier_child_serve(const struct courier_child *c, const struct courier_law *law);

/* Between two orders: until there is something to read.  Does not return when the law may have
 * changed. */
void courier_child_wait(const struct courier_child *c);

/* The law's answer, for what was read before it may have changed, too. */
bool courier_child_may(const struct courier_child *c, const struct courier_law *law,
	const struct courier_order *order, struct fail *why) MUST_USE;

#endif
