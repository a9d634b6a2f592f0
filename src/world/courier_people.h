/*
 * world/courier_people - from which number on users of this machine are people    login.defs(5)
 *
 * Those below belong to the system: daemons, the owners of files, root.  nobody, at the other end,
 * is none either.
 */
#ifndef WORLD_COURIER_PEOPLE_H
#define WORLD_COURIER_PEOPLE_H

#include "base/str.h"

#define COURIER_PEOPLE_FILE "/etc/login.defs"
#define COURIER_PEOPLE_MIN 1000 /* where the file does not say otherwise */
#define COURIER_NOBODY 65534

/* UID_MIN of the file; never 0, for that is root. */
uint32_t courier_people_min(const char *file) MUST_USE;
/* The same of its text.  The last of several counts, as for useradd(8). */
uint32_t courier_people_read(str text) MUST_USE;

#endif
