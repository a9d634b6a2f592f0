/*
 * world/sandbox_try - does the sandbox hold?  The process tries what it must not be able to do
 *
 * No attempt does any harm where it succeeds.
 */
#ifndef WORLD_SANDBOX_TRY_H
#define WORLD_SANDBOX_TRY_H

#include "base/str.h"

#define SANDBOX_TRY_TEXT_MAX 300

struct sandbox_attempt {
	char what[SANDBOX_TRY_TEXT_MAX];
	const char *error; /* as the kernel says it; null: it succeeded, and must not have */
};

/* The attempts but for files; count of those in to. */
#define SANDBOX_TRY_MAX 8
size_t sandbox_try(struct sandbox_attempt to[SANDBOX_TRY_MAX]) MUST_USE;
void sandbox_try_file(str path, struct sandbox_attempt *to); /* to read it */

#endif
