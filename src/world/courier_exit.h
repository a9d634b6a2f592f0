/*
 * world/courier_exit - what the end of a program means for the mail that it got     sysexits.h
 *
 * As Postfix's pipe(8) reads it: 0 is delivered; the codes of sysexits.h have the meanings of the
 * table in courier_exit.c; all others, and those that a shell uses for what it cannot run (126,
 * 127), are for good; a death by a signal is for now.  Where the program says something, and that
 * begins with an enhanced status of the class 4 or 5, this one counts.
 */
#ifndef WORLD_COURIER_EXIT_H
#define WORLD_COURIER_EXIT_H

#include "base/fail.h"

/* code: of an exit, or a negative signal.  said: what it said.  True: delivered, and *why is of the
 * kind FAIL_NONE, with what was said. */
bool courier_exit_read(int code, str said, struct fail *why) MUST_USE;

#endif
