/*
 * admin/generation_inside - what making a generation (generation.c) and reading it
 * (generation_load.c) share
 */
#ifndef ADMIN_GENERATION_INSIDE_H
#define ADMIN_GENERATION_INSIDE_H

#include "admin/generation.h"

/* A name below DIR/generations that is a generation's. */
bool generation_number(str name, unsigned *number) MUST_USE;

/* The generation that DIR/current leads to; 0: there is none. */
unsigned generation_current(struct arena *a, str dir) MUST_USE;

/* The files of a domain in a generation's folder.  No domain has a colon in its name. */
str generation_aliases_path(struct arena *a, str folder, str domain);
str generation_transports_path(struct arena *a, str folder, str domain);
str generation_recipients_path(struct arena *a, str folder, str domain);

/* Any generation of the absolute DIR, as a server would read it. */
struct router *generation_load_number(
	struct arena *a, str dir, unsigned number, struct fail *why) MUST_USE;

#endif
