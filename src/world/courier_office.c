#include "world/courier_office.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "world/courier_frame.h"
#include "world/logger.h"
#include "world/pass.h"

#define CONTROL_FD 3
#define REFUSED_MAX 16

/* A stream, and the child that serves it. */
struct seat {
	pid_t pid; /* 0: nobody sits here */
	int stream;
	bool runs;
	char user[COURIER_USER_MAX + 1];
};

struct office {
	const struct courier_law *law;
	str hostname;
	char home[COURIER_USER_MAX + 1];
	int ends; /* a signalfd: children have ended */
	bool full;
	size_t children_max;
	int refused[REFUSED_MAX]; /* the last streams without a child; -1: none */
	unsigned refusals;
	struct seat seats[COURIER_OFFICE_CHILDREN_MAX];
};

/* It holds the daemon's rights, and nothing else of the daemon: no listening socket, no file.  What
 * ends the daemon in an orderly way (Ctrl-C, a service manager's SIGTERM to the whole group) does
 * not end deliveries: the end of the stream does. */
static void settle(struct office *o, int control)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t ends;

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
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	o->ends = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	prctl(PR_SET_NAME, "facteur-courier");
	if (o->ends < 0 || chdir("/") != 0)
		_exit(1);
}

/* The stream is ours no longer.  Whoever sent it may have filled it: so this does not wait.  He may
 * still be writing, too, and must read the answer rather than hear that nobody is there: so it is
 * closed when others come. */
static void refuse(struct office *o, int stream, const struct fail *why)
{
	int *place = &o->refused[o->refusals++ % REFUSED_MAX];
	struct buf out = { 0 };

	courier_frame_write_gone(why, &out);
	(void)!send(stream, buf_str(&out).p, buf_str(&out).n, MSG_NOSIGNAL | MSG_DONTWAIT);
	buf_free(&out);
	pass_close(*place);
	*place = stream;
}

/* Only the stream is its business: what the others write to each other it must not even hold. */
static _Noreturn void become_child(struct office *o, const struct seat *seat, int watch)
{
	sigset_t none;

	for (size_t i = 0; i < o->children_max; i++)
		if (o->seats[i].stream >= 0 && &o->seats[i] != seat)
			close(o->seats[i].stream);
	for (size_t i = 0; i < REFUSED_MAX; i++)
		pass_close(o->refused[i]);
	close(o->ends);
	close(CONTROL_FD);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	courier_child_serve(&(struct courier_child){ .stream = seat->stream,
				    .watch = watch,
				    .runs = seat->runs,
				    .user = str_of(seat->user),
				    .home = o->home,
				    .hostname = o->hostname },
		o->law);
}

static void leave(struct seat *seat)
{
	close(seat->stream); /* the daemon hears that */
	*seat = (struct seat){ .stream = -1 };
}

static void serve(struct office *o, struct seat *seat)
{
	int watch = o->law->renew(o->law->owner);
	struct fail why;

	seat->pid = fork();
	if (seat->pid == 0)
		become_child(o, seat, watch);
	if (seat->pid > 0)
		return;
	fail_with(
		&why, FAIL_TEMPORARY, "4.3.0", "cannot make a courier: %s", strerrordesc_np(errno));
	refuse(o, seat->stream, &why);
	*seat = (struct seat){ .stream = -1 };
}

static struct seat *find_seat(struct office *o, pid_t pid)
{
	for (size_t i = 0; i < o->children_max; i++)
		if (o->seats[i].pid == pid)
			return &o->seats[i];
	return NULL;
}

/* Said once, until there is room again. */
static void refuse_for_want_of_seats(struct office *o, int stream)
{
	struct fail why;

	fail_with(&why, FAIL_TEMPORARY, "4.3.0",
		"the courier has %zu deliveries in hand, and takes no more", o->children_max);
	refuse(o, stream, &why);
	if (!o->full)
		log_line(LOG_ERROR, "courier-full", "%s", why.text);
	logger_flush();
	o->full = true;
}

static void bury(struct office *o)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(o->ends, &info, sizeof info) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct seat *seat = find_seat(o, pid);

		if (!seat)
			continue;
		if (WIFEXITED(status) && WEXITSTATUS(status) == COURIER_CHILD_OUTDATED)
			serve(o, seat);
		else
			leave(seat);
	}
}

static void take(struct office *o, char what_for, str user, int stream)
{
	struct seat *seat = find_seat(o, 0);

	if (!seat) {
		refuse_for_want_of_seats(o, stream);
		return;
	}
	o->full = false;
	seat->stream = stream;
	seat->runs = what_for == COURIER_CHILD_RUNS;
	str_to_c(user, seat->user, sizeof seat->user);
	serve(o, seat);
}

_Noreturn void courier_office_serve(
	int control, str hostname, str home, const struct courier_law *law, size_t children_max)
{
	static struct office o; /* it is large */
	char order[PASS_OCTETS_MAX];
	str bytes;
	int stream;

	assert(children_max <= COURIER_OFFICE_CHILDREN_MAX);
	o.law = law;
	o.children_max = children_max;
	o.hostname = hostname;
	str_to_c(home, o.home, sizeof o.home);
	for (size_t i = 0; i < o.children_max; i++)
		o.seats[i].stream = -1;
	for (size_t i = 0; i < REFUSED_MAX; i++)
		o.refused[i] = -1;
	settle(&o, control);
	for (;;) {
		struct pollfd polls[] = {
			{.fd = CONTROL_FD, .events = POLLIN},
			{ .fd = o.ends,    .events = POLLIN},
		};

		if (poll(polls, LENGTH(polls), -1) <= 0)
			continue;
		bury(&o); /* before somebody wants a seat */
		if (!polls[0].revents)
			continue;
		if (!pass_receive(CONTROL_FD, order, &bytes, &stream, 0))
			_exit(0); /* the daemon has gone */
		if (stream >= 0)
			take(&o, order[0], str_skip(bytes, 1), stream);
	}
}
