#include "world/courier_watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#define SELF (IN_DELETE_SELF | IN_MOVE_SELF)
#define COMES (IN_CREATE | IN_MOVED_TO)

/* What gives its place to another one loses a link to it first: IN_ATTRIB.  While the name stands
 * for something, other names may come and go. */
static bool add(int watch, const char *folder, const char *name)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (inotify_add_watch(watch, folder, SELF | COMES) < 0)
		return false;
	if (inotify_add_watch(watch, path, SELF | IN_ATTRIB | IN_DONT_FOLLOW) < 0)
		return errno == ENOENT;
	return inotify_add_watch(watch, folder, SELF) >= 0;
}

int courier_watch_open(const char *folder, const char *name, struct fail *why)
{
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (watch >= 0 && add(watch, folder, name))
		return watch;
	fail_with(why, FAIL_TEMPORARY, "4.3.0", "cannot watch %s: %s", folder,
		strerrordesc_np(errno));
	courier_watch_close(watch);
	return -1;
}

bool courier_watch_changed(int watch)
{
	struct pollfd one = { .fd = watch, .events = POLLIN };

	return poll(&one, 1, 0) > 0;
}

void courier_watch_close(int watch)
{
	if (watch >= 0)
		close(watch);
}
