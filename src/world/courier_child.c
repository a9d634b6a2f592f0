#include "world/courier_child.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "world/courier_forward.h"
#include "world/courier_frame.h"
#include "world/courier_maildir.h"
#include "world/courier_mbox.h"
#include "world/courier_people.h"
#include "world/courier_run.h"
#include "world/courier_watch.h"

/* Take the user's rights, and no others. */
static bool become(const struct courier_child *c, const struct courier_law *law, struct fail *why)
{
	const char *user = c->user.n > 0 ? c->user.p : c->home;
	struct passwd *pw;

	if (user[0] == '\0')
		return law->user(law->owner, c->runs, c->user, geteuid(), why);
	errno = 0;
	pw = getpwnam(user);
	if (!pw)
		return fail_with(why, FAIL_TEMPORARY, "4.3.5", "cannot deliver as user %s: %s",
			user, errno ? strerrordesc_np(errno) : "there is none");
	if (!law->user(law->owner, c->runs, c->user, pw->pw_uid, why))
		return false;
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

/* A child that only says no needs no rights for that. */
static void become_nobody(void)
{
	if (geteuid() != 0)
		return;
	if (setgroups(0, NULL) != 0 ||
		setresgid(COURIER_NOBODY, COURIER_NOBODY, COURIER_NOBODY) != 0 ||
		setresuid(COURIER_NOBODY, COURIER_NOBODY, COURIER_NOBODY) != 0)
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
	const struct courier_child *child;
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

void courier_child_wait(const struct courier_child *c)
{
	struct pollfd polls[] = {
		{.fd = c->watch,   .events = POLLIN},
		{ .fd = c->stream, .events = POLLIN},
	};

	while (poll(polls, LENGTH(polls), -1) < 0 && errno == EINTR)
		;
	if (courier_watch_changed(c->watch))
		_exit(COURIER_CHILD_OUTDATED);
}

bool courier_child_may(const struct courier_child *c, const struct courier_law *law,
	const struct courier_order *order, struct fail *why)
{
	struct courier_whom whom = order->whom;

	if (courier_watch_changed(c->watch))
		return fail_with(why, FAIL_TEMPORARY, "4.3.5",
			"the configuration changed while this was ordered");
	whom.user = c->user;
	return law->order(law->owner, &whom, order, why);
}

/* A new order: is it the law's? */
static bool ask_law(struct desk *d, const struct courier_order *order)
{
	d->refusal = (struct fail){ 0 };
	return !d->unfit && courier_child_may(d->child, d->law, order, &d->refusal);
}

static bool answer(struct desk *d)
{
	struct fail why;
	struct buf out = { 0 };
	bool sent;

	if (refused(d))
		why = *refused(d);
	courier_frame_write_answer(!refused(d) && finish(d, &why) ? NULL : &why, &out);
	sent = write_all(d->child->stream, buf_str(&out));
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
	sent = write_all(d->child->stream, buf_str(&out));
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
			courier_maildir_begin(
				&d->maildir, d->child->hostname, order->path, order->head);
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
	case COURIER_GONE:
	case COURIER_FOUND:
		break;
	}
	return false;
}

/* Nothing is in hand, and nothing half read. */
static bool between_orders(const struct desk *d)
{
	return !d->reader.in_parcel && buf_str(&d->reader.in).n == 0;
}

static void work(struct desk *d)
{
	static char bytes[COURIER_FEED_MAX];
	struct courier_order order;
	enum scan told;

	for (;;) {
		ssize_t n;

		if (between_orders(d))
			courier_child_wait(d->child);
		n = read(d->child->stream, bytes, sizeof bytes);
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

_Noreturn void courier_child_serve(const struct courier_child *c, const struct courier_law *law)
{
	struct fail why = { 0 };
	struct desk desk = { .child = c, .law = law };

	umask(077);
	if (!become(c, law, &why)) {
		become_nobody();
		desk.unfit = &why;
	}
	prctl(PR_SET_NAME, "facteur-deliver");
	if (c->runs)
		courier_run_serve(c, law, desk.unfit);
	work(&desk);
	_exit(0);
}
