#include "world/courier_watch.h"

#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#define NAMES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)

int courier_watch_open(const char *folder, struct fail *why)
{
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (watch >= 0 && inotify_add_watch(watch, folder, NAMES) >= 0)
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
