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
#include "world/logger.h"
#include "world/pass.h"

#define CONTROL_FD 3
#define NOBODY 65534

/* Take the user's rights, and no others. */
static bool become(const char *user, bool root, struct fail *why)
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
	if (pw->pw_uid == 0 && !root)
		return fail_with(why, FAIL_TEMPORARY, "4.3.5",
			"cannot deliver as user %s: the number is root's", user);
	if (initgroups(user, pw->pw_gid) != 0 ||
		setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
		setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
		return fail_with(why, FAIL_TEMPORARY, "4.3.5", "cannot deliver as user %s: %s",
			user, strerrordesc_np(errno));
	return true;
}

/* A child that only says no needs no rights for that. */
static void become_nobody(void)
{
	if (geteuid() != 0)
		return;
	if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
		setresuid(NOBODY, NOBODY, NOBODY) != 0)
		_exit(1);
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
	str hostname, user; /* user: as the daemon asked for him */
	const struct courier_law *law;
	const struct fail *unfit; /* why it cannot deliver at all, or null */
	struct fail refusal;      /* of the order in hand; FAIL_NONE: none */
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

static const struct fail *refused(const struct desk *d)
{
	if (d->unfit)
		return d->unfit;
	return d->refusal.kind == FAIL_NONE ? NULL : &d->refusal;
}

/* A new order: is it the law's? */
static bool ask_law(struct desk *d, const struct courier_order *order)
{
	struct courier_whom whom = order->whom;

	whom.user = d->user;
	d->refusal = (struct fail){ 0 };
	return !d->unfit && d->law->order(d->law->owner, &whom, order, &d->refusal);
}

static bool answer(struct desk *d)
{
	struct fail why;
	struct buf out = { 0 };
	bool sent;

	if (refused(d))
		why = *refused(d);
	courier_frame_write_answer(!refused(d) && finish(d, &why) ? NULL : &why, &out);
	sent = write_all(d->fd, buf_str(&out));
	buf_free(&out);
	return sent;
}

static bool look(struct desk *d, const struct courier_order *order)
{
	struct buf text = { 0 }, out = { 0 };
	enum courier_found found;
	struct fail why;
	bool sent;

	if (!ask_law(d, order))
		courier_frame_write_answer(refused(d), &out);
	else if (courier_forward_look(order->bytes, &found, &text, &why))
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
		if (ask_law(d, order))
			courier_maildir_begin(&d->maildir, d->hostname, order->path, order->head);
		return true;
	case COURIER_APPEND:
		d->appends = true;
		if (ask_law(d, order))
			courier_mbox_begin(&d->mbox, order->path, order->sender, order->head);
		return true;
	case COURIER_DATA:
		if (!refused(d) && d->appends)
			courier_mbox_write(&d->mbox, order->bytes);
		else if (!refused(d))
			courier_maildir_write(&d->maildir, order->bytes);
		return true;
	case COURIER_FINISH:
		return answer(d);
	case COURIER_DROP:
		drop(d);
		return true;
	case COURIER_LOOK:
		return look(d, order);
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
static _Noreturn void deliver(
	int fd, bool runs, str user, const char *own, str hostname, const struct courier_law *law)
{
	struct fail why = { 0 };
	struct desk desk = { .fd = fd, .hostname = hostname, .user = user, .law = law };
	bool root = false;

	umask(077);
	if (!law->user(law->owner, runs, user, &root, &why) ||
		!become(user.n > 0 ? user.p : own, root, &why)) {
		become_nobody();
		desk.unfit = &why;
	}
	prctl(PR_SET_NAME, "facteur-deliver");
	if (runs)
		courier_run_serve(fd, user, law, desk.unfit);
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
	logger_reopen();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_IGN); /* children need not be waited for */
	prctl(PR_SET_NAME, "facteur-courier");
	if (chdir("/") != 0)
		_exit(1);
}

_Noreturn void courier_child_office(
	int control, str hostname, str home, const struct courier_law *law)
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
		law->renew(law->owner);
		if (fork() == 0) {
			close(CONTROL_FD);
			deliver(fd, order[0] == COURIER_CHILD_RUNS, str_of(user), own, hostname,
				law);
		}
		close(fd); /* if there was no child: the end of the stream tells the daemon */
	}
	_exit(0); /* the daemon has gone */
}
