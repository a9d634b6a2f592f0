/*
 * world/courier_office - makes the children of the courier, and counts them
 *
 * The office keeps the rights that the daemon gives up.  It reads no byte of mail: all it does is
 * to make a child for each stream that the daemon sends it (world/courier_child), and the child
 * becomes the user first of all.  Both end when their stream does.
 *
 * There are COURIER_OFFICE_CHILDREN_MAX of them at most, whoever asks.  Beyond that a stream is
 * answered at once, with a temporary error (4.3.0): nobody waits for a place, so nothing can be
 * stuck behind a program that hangs.
 *
 * A child ends as soon as it knows no longer what is in force (COURIER_CHILD_OUTDATED), unless it
 * is at work.  Its stream goes on with another child, which finds there what the first one has not
 * read: whoever sent an order does not notice.
 */
#ifndef WORLD_COURIER_OFFICE_H
#define WORLD_COURIER_OFFICE_H

#include "world/courier_child.h"

#define COURIER_OFFICE_CHILDREN_MAX 256 /* of all loops of all daemons that came by */

/* In a process of its own; control: a SOCK_SEQPACKET, each message says what for, and a
 * user's name, and brings a descriptor.  home: the user of the name "".  children_max: for a test,
 * which has not the time for COURIER_OFFICE_CHILDREN_MAX. */
_Noreturn void courier_office_serve(
	int control, str hostname, str home, const struct courier_law *law, size_t children_max);

#endif
