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

static inline void courier_fake_renew(void *owner)
{
	(void)owner;
}

static inline bool courier_fake_user(void *owner, bool runs, str user, bool *root, struct fail *why)
{
	(void)owner, (void)runs, (void)why;
	*root = str_eq(user, S("root"));
	return true;
}

/* An address that says so is refused. */
#define COURIER_FAKE_REFUSED S("refused@x.test")
static inline bool courier_fake_order(void *owner, const struct courier_whom *whom,
	const struct courier_order *order, struct fail *why)
{
	(void)owner, (void)order;
	return !str_eq(whom->address, COURIER_FAKE_REFUSED) ||
	       fail_with(why, FAIL_TEMPORARY, "4.3.5", "not as %.*s", STR(whom->user));
}

static const struct courier_law courier_fake_law = {
	.renew = courier_fake_renew, .user = courier_fake_user, .order = courier_fake_order
};

static inline struct courier *courier_fake_open(str hostname, str home)
{
	struct fail why;
	int ends[2];

	if (!pass_pair(ends, &why))
		abort();
	courier_fake_office = fork();
	if (courier_fake_office == 0)
		courier_child_office(ends[1], hostname, home, &courier_fake_law);
	pass_close(ends[1]);
	return courier_open(ends[0]);
}

static inline void courier_fake_close(struct courier *c)
{
	courier_close(c);
	waitpid(courier_fake_office, NULL, 0);
}

#endif
