/*
 * world/courier_child - the processes behind a courier
 *
 * The office keeps the rights that the daemon gives up.  It reads no byte of mail: all it does is
 * to make a child for each stream that the daemon sends it, and the child becomes the user first of
 * all.  Both end when their stream does.
 */
#ifndef WORLD_COURIER_CHILD_H
#define WORLD_COURIER_CHILD_H

#include "base/str.h"

#define COURIER_USER_MAX 64

/* The first byte of a message to the office: what the child is for. */
#define COURIER_CHILD_WRITES '=' /* into Maildirs */
#define COURIER_CHILD_RUNS '!'   /* a program, once */

/* In a process of its own; control: a SOCK_SEQPACKET, each message says what for, and a
 * user's name, and brings a descriptor. */
_Noreturn void courier_child_office(int control, str hostname, str home);

#endif
