/*
 * world/child - processes of this same program, started and watched over
 *
 * A child is a new run of our own executable, so that its memory has another layout than ours and
 * holds nothing of ours.  It inherits standard error, the descriptors that it is given as
 * CHILD_DESCRIPTOR and the following, and no other.
 */
#ifndef WORLD_CHILD_H
#define WORLD_CHILD_H

#include "base/fail.h"
#include "world/loop.h"

#define CHILD_DESCRIPTOR 3
#define CHILD_DESCRIPTORS_MAX 4
#define CHILD_WORDS_MAX 8

struct child_setup {
	str words[CHILD_WORDS_MAX]; /* behind the name of the program */
	size_t word_count;
	int descriptors[CHILD_DESCRIPTORS_MAX];
	size_t descriptor_count;
};

struct child;

struct child_end {
	bool killed;
	bool crashed;  /* killed by what it did itself */
	int code;      /* exit code, or signal */
	char text[60]; /* "exit code 1", "killed by SIGSEGV" */
};

/* ended is called in the loop when it is dead; then the pointer is, too.  Null: *why. */
struct child *child_start(struct loop *l, const struct child_setup *setup,
	void (*ended)(void *owner, const struct child_end *how), void *owner,
	struct fail *why) MUST_USE;
uint32_t child_id(const struct child *c) MUST_USE;

enum child_order { CHILD_RELOAD, CHILD_STOP, CHILD_KILL }; /* HUP, TERM, KILL */
void child_order(struct child *c, enum child_order order);

/* In the child, before anything else: it is called so among processes; orderly ends of the whole
 * group (Ctrl-C, a service manager) do not end it, unless it asks for them by process_signals. */
void child_settle(const char *name);

#endif
