/*
 * world/courier_child - the processes behind a courier
 *
 * The office keeps the rights that the daemon gives up.  It reads no byte of mail: all it does is
 * to make a child for each stream that the daemon sends it, and the child becomes the user first of
 * all.  Both end when their stream does.
 *
 * The daemon speaks to strangers, and may one day be in their hands.  So the office asks a law
 * whether anything is delivered as this user at all, before the child becomes him, and the child
 * asks it about each order.  What is refused fails with the law's words; who may not be become is
 * answered by a child that is nobody.
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

struct courier_law {
	/* In the office, before each child: the answers below are of what is in force now. */
	void (*renew)(void *owner);
	/* In the child, before it becomes anybody: may anything be written, or run, as this user
	 * ("" is home)?  *root: even where he has root's number by whatever name. */
	bool (*user)(void *owner, bool runs, str user, bool *root, struct fail *why);
	/* In the child, which has become the user: this BEGIN, APPEND, RUN or LOOK? */
	bool (*order)(void *owner, const struct courier_whom *whom,
		const struct courier_order *order, struct fail *why);
	void *owner;
};

/* In a process of its own; control: a SOCK_SEQPACKET, each message says what for, and a
 * user's name, and brings a descriptor.  home: the user of the name "". */
_Noreturn void courier_child_office(
	int control, str hostname, str home, const struct courier_law *law);

#endif
