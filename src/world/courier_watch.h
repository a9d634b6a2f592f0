/*
 * world/courier_watch - has a name in a folder got another meaning?                    inotify(7)
 *
 * For the children of the courier, who have become other users and may not look there themselves:
 * the descriptor that they inherit is readable from the moment on when the file or link of this
 * name appears, goes, or gives its place to another one, and when the folder itself goes.  Where a
 * link leads to does not matter, nor what else the folder holds.
 */
#ifndef WORLD_COURIER_WATCH_H
#define WORLD_COURIER_WATCH_H

#include "base/fail.h"

int courier_watch_open(const char *folder, const char *name, struct fail *why) MUST_USE; /* or -1 */
bool courier_watch_changed(int watch) MUST_USE; /* since it was opened */
void courier_watch_close(int watch);            /* -1 is allowed */

#endif
