/*
 * world/courier_watch - has anything in a folder got another meaning?                  inotify(7)
 *
 * For the children of the courier, who have become other users and may not look there themselves:
 * the descriptor that they inherit is readable from the moment on when a file or a link in the
 * folder (not below it) appears, goes, or takes another's place.
 */
#ifndef WORLD_COURIER_WATCH_H
#define WORLD_COURIER_WATCH_H

#include "base/fail.h"

int courier_watch_open(const char *folder, struct fail *why) MUST_USE; /* -1: *why */
bool courier_watch_changed(int watch) MUST_USE;                        /* since it was opened */
void courier_watch_close(int watch);                                   /* -1 is allowed */

#endif
