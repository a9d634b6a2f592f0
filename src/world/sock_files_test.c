/* When descriptors run out: nothing breaks, nothing spins, and all goes on when there are some
 * again. */
#include "test/test.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world/sock.h"

#define CLIENTS 6
#define WATCHDOG_MS 20000

static struct loop *loop;
static struct sock *accepted[CLIENTS];
static int accepted_count;
static bool expired, told;
static struct fail reason;

static void on_watchdog(struct loop_timer *timer)
{
	(void)timer;
	expired = true;
	loop_stop(loop);
}

static size_t on_received(void *owner, str bytes)
{
	(void)owner;
	return bytes.n;
}

static void on_closed(void *owner, const struct fail *why)
{
	(void)owner;
	told = true;
	if (why)
		reason = *why;
	loop_stop(loop);
}

static const struct sock_handler handler = { .received = on_received, .closed = on_closed };

static void on_accepted(
	void *owner, struct sock *s, const struct endpoint *peer, const struct endpoint *local)
{
	(void)owner;
	(void)peer;
	(void)local;
	sock_own(s, &handler, NULL);
	accepted[accepted_count++] = s;
	if (accepted_count == CLIENTS)
		loop_stop(loop);
}

/* Leave room for so many descriptors more; what was the limit before. */
static rlim_t leave_room(int count)
{
	struct rlimit limit;
	rlim_t before;
	int lowest = dup(0);

	close(lowest);
	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	before = limit.rlim_cur;
	limit.rlim_cur = (rlim_t)(lowest + count);
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	return before;
}

static void set_room(rlim_t room)
{
	struct rlimit limit;

	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = room;
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void give_room(struct loop_timer *timer)
{
	(void)timer;
	set_room(1024);
}

/* A process of its own, whose clients stay until it is told to end. */
static pid_t start_clients(const struct endpoint *at, int *stop)
{
	int ends[2];
	pid_t child;

	CHECK(pipe(ends) == 0);
	child = fork();
	if (child == 0) {
		struct loop *l = loop_new("clients");
		char byte;
		struct sock *client = NULL;

		close(ends[1]);
		for (int i = 0; i < CLIENTS; i++)
			client = sock_connect(l, at, NULL, &handler, NULL);
		_exit(client && read(ends[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(ends[0]);
	*stop = ends[1];
	return child;
}

TEST(sock_listener_waits_for_descriptors)
{
	struct endpoint at = { 0 };
	struct fail why;
	struct loop_timer watchdog = { .run = on_watchdog }, later = { .run = give_room };
	struct sock_listener *listener;
	int descriptor, stop;
	pid_t child;
	rlim_t room;

	expired = false;
	accepted_count = 0;
	CHECK(ip_parse(S("127.0.0.1"), &at.ip));
	descriptor = sock_bind(&at, 0, &why);
	sock_bound(descriptor, &at);
	child = start_clients(&at, &stop);
	loop = loop_new("test");
	listener = sock_listen(loop, descriptor, on_accepted, NULL);
	loop_timer_set(loop, &watchdog, loop_now_ms(loop) + WATCHDOG_MS);
	loop_timer_set(loop, &later, loop_now_ms(loop) + 30);
	room = leave_room(2);
	loop_run(loop); /* until the last of them is accepted, which is after there was room */
	set_room(room);
	CHECK(!expired);
	CHECK_INT(accepted_count, CLIENTS);
	for (int i = 0; i < CLIENTS; i++)
		sock_close(accepted[i]);
	close(stop);
	CHECK(waitpid(child, NULL, 0) == child);
	sock_listener_free(listener);
	sock_unbind(descriptor);
	loop_free(loop);
}

TEST(sock_connect_without_descriptors_fails_as_others_do)
{
	struct endpoint at = { .port = 9 };
	struct loop_timer watchdog = { .run = on_watchdog };
	struct sock *s;
	rlim_t room;

	expired = told = false;
	CHECK(ip_parse(S("127.0.0.1"), &at.ip));
	loop = loop_new("test");
	loop_timer_set(loop, &watchdog, loop_now_ms(loop) + WATCHDOG_MS);
	room = leave_room(0);
	s = sock_connect(loop, &at, NULL, &handler, NULL);
	CHECK(!told); /* not from inside the call */
	loop_run(loop);
	set_room(room);
	CHECK(!expired && told);
	CHECK_STR(str_of(reason.text), S("connect to 127.0.0.1:9: Too many open files"));
	sock_close(s);
	loop_free(loop);
}
