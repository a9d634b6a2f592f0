/*
 * world/courier_fake - an office of its own for a test, in a process that was forked from it
 */
#ifndef WORLD_COURIER_FAKE_H
#define WORLD_COURIER_FAKE_H

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world/courier.h"
#include "world/courier_child.h"
#include "world/pass.h"

static pid_t courier_fake_office;

static inline struct courier *courier_fake_open(str hostname, str home)
{
	struct fail why;
	int ends[2];

	if (!pass_pair(ends, &why))
		abort();
	courier_fake_office = fork();
	if (courier_fake_office == 0)
		courier_child_office(ends[1], hostname, home);
	pass_close(ends[1]);
	return courier_open(ends[0]);
}

static inline void courier_fake_close(struct courier *c)
{
	courier_close(c);
	waitpid(courier_fake_office, NULL, 0);
}

#endif
