/*
 * world/courier_forward - a user's .forward, looked at by the child that has become this user
 */
#ifndef WORLD_COURIER_FORWARD_H
#define WORLD_COURIER_FORWARD_H

#include "base/buf.h"
#include "world/courier.h"

/* home: absolute.  In *text is the file, or why it is not followed.  False: it could not be looked,
 * and *why says so. */
bool courier_forward_look(const char *home, str extension, enum courier_found *found,
	struct buf *text, struct fail *why) MUST_USE;

#endif
