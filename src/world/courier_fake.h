/*
 * world/courier_fake - an office of its own for a test, in a process that was forked from it
 */
#ifndef WORLD_COURIER_FAKE_H
#define WORLD_COURIER_FAKE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world/courier.h"
#include "world/courier_office.h"
#include "world/courier_watch.h"
#include "world/pass.h"

#define COURIER_FAKE_CHILDREN_MAX 16

static pid_t courier_fake_office;
static int courier_fake_control; /* to it; the courier has the same */

/* A folder that the law is in, or "": it never changes.  While the file "closed" is there, nothing
 * is allowed. */
static char courier_fake_folder[64];
static bool courier_fake_closed;

static inline int courier_fake_renew(void *owner)
{
	static int watch = -1;
	char path[80];

	(void)owner;
	if (!courier_fake_folder[0])
		return -1;
	if (watch < 0 || courier_watch_changed(watch)) {
		courier_watch_close(watch);
		watch = courier_watch_open(courier_fake_folder, "closed", NULL);
	}
	snprintf(path, sizeof path, "%s/closed", courier_fake_folder);
	courier_fake_closed = access(path, F_OK) == 0;
	return watch;
}

static inline bool courier_fake_user(
	void *owner, bool runs, str user, uint32_t number, struct fail *why)
{
	(void)owner, (void)runs, (void)user, (void)number, (void)why;
	return true;
}

/* An address that says so is refused. */
#define COURIER_FAKE_REFUSED S("refused@x.test")
static inline bool courier_fake_order(void *owner, const struct courier_whom *whom,
	const struct courier_order *order, struct fail *why)
{
	(void)owner, (void)order;
	return (!courier_fake_closed && !str_eq(whom->address, COURIER_FAKE_REFUSED)) ||
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
		courier_office_serve(
			ends[1], hostname, home, &courier_fake_law, COURIER_FAKE_CHILDREN_MAX);
	pass_close(ends[1]);
	courier_fake_control = ends[0];
	return courier_open(ends[0], 1);
}

static inline void courier_fake_close(struct courier *c)
{
	courier_close(c);
	waitpid(courier_fake_office, NULL, 0);
}

/* How many children it has, and the number of the last one. */
static inline size_t courier_fake_children(int *last)
{
	char path[64];
	size_t count = 0;
	FILE *list;
	int pid = 0;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", courier_fake_office,
		courier_fake_office);
	list = fopen(path, "r");
	if (!list)
		abort();
	while (fscanf(list, "%d", &pid) == 1)
		count++;
	fclose(list);
	if (last)
		*last = pid;
	return count;
}

#endif
