/*
 * world/sandbox - the walls that a process puts up around itself, for good
 *
 * Afterwards its threads may make the system calls of a list and no others: no program is run, no
 * process made, nothing is traced, no socket of another family than unix and Internet is opened, no
 * memory becomes code.  Any other call fails with EPERM and is written to the log, once each, since
 * it is either a bug of ours or somebody else at our controls; killing us for it would let a new
 * version of a library end the service.  Files can be opened only below the paths that are named
 * (Landlock); what is open already stays so.  Nobody but root can look into its memory, no core is
 * written, no right can be gained, and none is left.
 */
#ifndef WORLD_SANDBOX_H
#define WORLD_SANDBOX_H

#include "base/fail.h"

#define SANDBOX_PATHS_MAX 64
#define SANDBOX_WORDS_MAX 200

struct sandbox_path {
	str path;   /* a folder with all below it, or a file; one that is missing is left out */
	bool write; /* and make, rename, remove */
};

enum sandbox_sockets { SANDBOX_NONE, SANDBOX_UNIX, SANDBOX_INTERNET };

struct sandbox_setup {
	const struct sandbox_path *paths;
	size_t count;
	enum sandbox_sockets sockets; /* that it may open */
};

/* Before there are threads, with all rights given up.  words: what stands, for the status screen.
 * A wall that this kernel cannot build is said in the log and left out; false: one could not be
 * built that should have been, and *why. */
bool sandbox_enter(const struct sandbox_setup *setup, char words[SANDBOX_WORDS_MAX],
	struct fail *why) MUST_USE;

#endif
