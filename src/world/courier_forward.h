/*
 * world/courier_forward - a user's .forward, looked at by the child that has become this user
 */
#ifndef WORLD_COURIER_FORWARD_H
#define WORLD_COURIER_FORWARD_H

#include "base/buf.h"
#include "world/courier.h"

/* In the home of whom we have become; who has none has no file.  In *text is the file, or why it is
 * not followed.  False: it could not be looked, and *why says so. */
bool courier_forward_look(
	str extension, enum courier_found *found, struct buf *text, struct fail *why) MUST_USE;

/* The same in this folder, which is absolute. */
bool courier_forward_look_in(const char *home, str extension, enum courier_found *found,
	struct buf *text, struct fail *why) MUST_USE;

#endif
