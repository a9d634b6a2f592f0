#include "world/pass.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "world/loop_event.h"

union rights {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

bool pass_pair(int ends[2], struct fail *why)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0)
		return true;
	return fail_with(why, FAIL_TEMPORARY, "4.3.0", "cannot make a pair of sockets: %s",
		strerrordesc_np(errno));
}

void pass_close(int descriptor)
{
	if (descriptor >= 0)
		close(descriptor);
}

bool pass_alive(int socket)
{
	struct pollfd one = { .fd = socket };

	return poll(&one, 1, 0) == 0 || !(one.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static bool ready(int socket, short events, int wait_ms)
{
	struct pollfd one = { .fd = socket, .events = events };
	int n;

	do
		n = poll(&one, 1, wait_ms);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

bool pass_send(int socket, str bytes, int descriptor, int wait_ms)
{
	struct iovec io = { (void *)(uintptr_t)bytes.p, bytes.n };
	union rights rights = { 0 };
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1 };
	ssize_t n;

	if (descriptor >= 0) {
		struct cmsghdr *head;

		message.msg_control = &rights;
		message.msg_controllen = sizeof rights;
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
	}
	do
		n = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_ms != 0 &&
						   ready(socket, POLLOUT, wait_ms))));
	return n >= 0;
}

static ssize_t receive(int socket, char to[PASS_OCTETS_MAX], int *descriptor)
{
	struct iovec io = { to, PASS_OCTETS_MAX };
	union rights rights;
	struct msghdr message = { .msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = &rights,
		.msg_controllen = sizeof rights };
	struct cmsghdr *head;
	ssize_t n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	*descriptor = -1;
	head = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
		memcpy(descriptor, CMSG_DATA(head), sizeof *descriptor);
	return n;
}

bool pass_receive(int socket, char to[PASS_OCTETS_MAX], str *bytes, int *descriptor, int wait_ms)
{
	ssize_t n;

	*descriptor = -1;
	do
		n = ready(socket, POLLIN, wait_ms) ? receive(socket, to, descriptor) : 0;
	while (n < 0 && (errno == EINTR || errno == EAGAIN));
	*bytes = str_from(to, n > 0 ? (size_t)n : 0);
	return n > 0;
}

bool pass_ask(int socket, str question, char to[PASS_OCTETS_MAX], str *answer, int *descriptor,
	bool (*answers)(str question, str answer), int wait_ms)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	bool got;

	pthread_mutex_lock(&lock);
	*descriptor = -1;
	got = pass_send(socket, question, -1, wait_ms);
	while (got) {
		got = pass_receive(socket, to, answer, descriptor, wait_ms);
		if (!got || answers(question, *answer))
			break;
		pass_close(*descriptor);
	}
	pthread_mutex_unlock(&lock);
	return got;
}

struct pass_watch {
	struct loop *loop;
	struct event event;
	int socket;
	const struct pass_handler *handler;
	void *owner;
	bool busy, dead; /* its handler is being called; meanwhile it was given up */
};

static void on_message(evutil_socket_t socket, short what, void *arg)
{
	struct pass_watch *w = arg;
	char bytes[PASS_OCTETS_MAX];
	int descriptor;
	ssize_t n;

	(void)what;
	loop_enter(w->loop);
	n = receive(socket, bytes, &descriptor);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	w->busy = true;
	if (n > 0) {
		w->handler->received(w->owner, str_from(bytes, (size_t)n), &descriptor);
		pass_close(descriptor);
	} else {
		event_del(&w->event);
		w->handler->gone(w->owner);
	}
	w->busy = false;
	if (w->dead)
		mem_free(w);
}

struct pass_watch *pass_watch(
	struct loop *l, int socket, const struct pass_handler *handler, void *owner)
{
	struct pass_watch *w = MEM_NEW(struct pass_watch);

	w->loop = l;
	w->socket = socket;
	w->handler = handler;
	w->owner = owner;
	event_assign(&w->event, loop_base(l), socket, EV_READ | EV_PERSIST, on_message, w);
	event_add(&w->event, NULL);
	return w;
}

void pass_watch_free(struct pass_watch *w)
{
	if (!w)
		return;
	event_del(&w->event);
	w->dead = true;
	if (!w->busy)
		mem_free(w);
}
