/*
 * daemon/walls - what the process mail may reach, and whether that holds
 */
#ifndef DAEMON_WALLS_H
#define DAEMON_WALLS_H

#include "base/buf.h"
#include "conf/conf.h"
#include "world/sandbox.h"

/* Put up the walls around mail: its own folders and the generations, what the system's libraries
 * read, and nothing else.  Before there are threads. */
bool walls_around_mail(
	const struct conf *c, char words[SANDBOX_WORDS_MAX], struct fail *why) MUST_USE;

/* The order "walls": try what must not be possible.  Returns the exit code: 1 where something was
 * possible. */
int walls_command(const struct conf *c, bool json, struct buf *out);

#endif
