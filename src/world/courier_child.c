#include "world/courier_child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "world/courier_forward.h"
#include "world/courier_frame.h"
#include "world/courier_maildir.h"
#include "world/courier_mbox.h"
#include "world/courier_run.h"
#include "world/pass.h"

#define CONTROL_FD 3

/* Take the user's rights, and no others. */
static bool become(const char *user, struct fail *why)
{
	struct passwd *pw;

	if (user[0] == '\0')
		return true;
	errno = 0;
	pw = getpwnam(user);
	if (!pw)
		return fail_with(why, FAIL_TEMPORARY, "4.3.5", "cannot deliver as user %s: %s",
			user, errno ? strerrordesc_np(errno) : "there is none");
	if (geteuid() != 0 && pw->pw_uid == geteuid())
		return true;
	if (geteuid() != 0)
		return fail_with(why, FAIL_TEMPORARY, "4.3.5",
			"cannot deliver as user %s: only root can, and we are not", user);
	if (initgroups(user, pw->pw_gid) != 0 ||
		setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
		setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
		return fail_with(why, FAIL_TEMPORARY, "4.3.5", "cannot deliver as user %s: %s",
			user, strerrordesc_np(errno));
	return true;
}

static bool write_all(int fd, str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			bytes = str_skip(bytes, (size_t)n);
	}
	return true;
}

/* One child's state: the stream, and the message in hand. */
struct desk {
	int fd;
	str hostname;
	const struct fail *unfit; /* why it cannot deliver at all, or null */
	struct courier_frame_reader reader;
	bool appends; /* the message in hand is for mbox */
	struct courier_maildir maildir;
	struct courier_mbox mbox;
};

static bool finish(struct desk *d, struct fail *why)
{
	return d->appends ? courier_mbox_finish(&d->mbox, why)
			  : courier_maildir_finish(&d->maildir, why);
}

static void drop(struct desk *d)
{
	courier_maildir_drop(&d->maildir);
	courier_mbox_drop(&d->mbox);
}

static bool answer(struct desk *d)
{
	struct fail why;
	struct buf out = { 0 };
	bool sent;

	if (d->unfit)
		why = *d->unfit;
	courier_frame_write_answer(!d->unfit && finish(d, &why) ? NULL : &why, &out);
	sent = write_all(d->fd, buf_str(&out));
	buf_free(&out);
	return sent;
}

/* The home is that of whom we have become. */
static bool look(struct desk *d, str extension)
{
	struct buf text = { 0 }, out = { 0 };
	struct passwd *pw = getpwuid(geteuid());
	enum courier_found found;
	struct fail why;
	bool sent;

	if (d->unfit)
		courier_frame_write_answer(d->unfit, &out);
	else if (!pw || pw->pw_dir[0] != '/')
		courier_frame_write_found(COURIER_NONE, S(""), &out);
	else if (courier_forward_look(pw->pw_dir, extension, &found, &text, &why))
		courier_frame_write_found(found, buf_str(&text), &out);
	else
		courier_frame_write_answer(&why, &out);
	sent = write_all(d->fd, buf_str(&out));
	buf_free(&text);
	buf_free(&out);
	return sent;
}

static bool obey(struct desk *d, const struct courier_order *order)
{
	switch (order->word) {
	case COURIER_BEGIN:
		d->appends = false;
		if (!d->unfit)
			courier_maildir_begin(&d->maildir, d->hostname, order->path, order->head);
		return true;
	case COURIER_APPEND:
		d->appends = true;
		if (!d->unfit)
			courier_mbox_begin(&d->mbox, order->path, order->sender, order->head);
		return true;
	case COURIER_DATA:
		if (!d->unfit && d->appends)
			courier_mbox_write(&d->mbox, order->bytes);
		else if (!d->unfit)
			courier_maildir_write(&d->maildir, order->bytes);
		return true;
	case COURIER_FINISH:
		return answer(d);
	case COURIER_DROP:
		drop(d);
		return true;
	case COURIER_LOOK:
		return look(d, order->bytes);
	case COURIER_RUN:
	case COURIER_ANSWER:
	case COURIER_FOUND:
		break;
	}
	return false;
}

static void work(struct desk *d)
{
	static char bytes[COURIER_FEED_MAX];
	struct courier_order order;
	enum scan told;

	for (;;) {
		ssize_t n = read(d->fd, bytes, sizeof bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		courier_frame_feed(&d->reader, str_from(bytes, (size_t)n));
		while ((told = courier_frame_next(&d->reader, &order)) == SCAN_DONE)
			if (!obey(d, &order))
				return;
		if (told == SCAN_BAD)
			break;
	}
	drop(d);
}

/* The child of one user. */
static _Noreturn void deliver(int fd, char what_for, const char *user, str hostname)
{
	struct fail why = { 0 };
	struct desk desk = { .fd = fd, .hostname = hostname };

	umask(077);
	if (!become(user, &why))
		desk.unfit = &why;
	prctl(PR_SET_NAME, "facteur-deliver");
	if (what_for == COURIER_CHILD_RUNS)
		courier_run_serve(fd, desk.unfit);
	work(&desk);
	_exit(0);
}

/* It holds the daemon's rights, and nothing else of the daemon: no listening socket, no file.  What
 * ends the daemon in an orderly way (Ctrl-C, a service manager's SIGTERM to the whole group) does
 * not end deliveries: the end of the stream does. */
static void settle(int control)
{
	int null = open("/dev/null", O_RDWR);

	if (control != CONTROL_FD)
		dup2(control, CONTROL_FD);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	close_range(CONTROL_FD + 1, ~0U, 0);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN); /* children need not be waited for */
	prctl(PR_SET_NAME, "facteur-courier");
	if (chdir("/") != 0)
		_exit(1);
}

_Noreturn void courier_child_office(int control, str hostname, str home)
{
	char order[PASS_OCTETS_MAX], user[COURIER_USER_MAX + 1], own[COURIER_USER_MAX + 1];
	str bytes;
	int fd;

	settle(control);
	str_to_c(home, own, sizeof own);
	while (pass_receive(CONTROL_FD, order, &bytes, &fd, -1)) {
		if (fd < 0)
			continue;
		str_to_c(str_skip(bytes, 1), user, sizeof user);
		if (fork() == 0) {
			close(CONTROL_FD);
			deliver(fd, order[0], user[0] ? user : own, hostname);
		}
		close(fd); /* if there was no child: the end of the stream tells the daemon */
	}
	_exit(0); /* the daemon has gone */
}
