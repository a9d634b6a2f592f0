#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/mem.h"
#include "world/loop_event.h"
#include "world/sock_address.h"
#include "world/sock_inside.h"

#define ACCEPTS_A_ROUND 16 /* then it is the turn of others, and of other workers */
#define RETRY_MS 100       /* when there are no descriptors left */

/*
 * The listening descriptor is level-triggered in the epoll set of each worker.  EPOLLEXCLUSIVE has
 * no effect through the nested epoll set that libevent would need for it (measured: as many idle
 * wake-ups with it as without), and those are few: a worker that comes too late finds in the
 * kernel, before epoll_wait returns, that there is nothing left to accept.
 */
struct sock_listener {
	struct loop *loop;
	struct event event;
	struct loop_timer retry;
	int fd;
	bool anywhere; /* bound to all addresses: ask each stream for its own */
	struct endpoint at;
	sock_accepted *accepted;
	void *owner;
	bool busy; /* accepted is being called; meanwhile: */
	bool dead; /* sock_listener_free was */
};

static void accept_one(struct sock_listener *listener, int fd,
	const struct sockaddr_storage *address, socklen_t size)
{
	struct endpoint peer, local = listener->at;

	sock_address_read(address, size, &peer);
	if (listener->anywhere)
		sock_bound(fd, &local);
	listener->accepted(
		listener->owner, sock_adopt(listener->loop, fd, NULL, NULL), &peer, &local);
}

/* Clients wait in the backlog until there are descriptors again; to ask on would only burn time. */
static void rest_a_while(struct sock_listener *listener, int error)
{
	log_line(LOG_WARNING, "accept_failed", "%s", strerrordesc_np(error));
	event_del(&listener->event);
	loop_timer_set(listener->loop, &listener->retry, loop_now_ms(listener->loop) + RETRY_MS);
}

/* False: no more now. */
static bool accept_next(struct sock_listener *listener)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	int fd = accept4(
		listener->fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		accept_one(listener, fd, &address, size);
		return true;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		rest_a_while(listener, errno);
		return false;
	}
	return errno != EAGAIN; /* else the trouble of one client, that has gone already */
}

static void on_listen(evutil_socket_t fd, short what, void *owner)
{
	struct sock_listener *listener = owner;

	(void)fd;
	(void)what;
	loop_enter(listener->loop);
	listener->busy = true;
	for (int i = 0; i < ACCEPTS_A_ROUND && !listener->dead; i++)
		if (!accept_next(listener))
			break;
	listener->busy = false;
	if (listener->dead)
		mem_free(listener);
}

static void on_retry(struct loop_timer *timer)
{
	event_add(&AROUND(timer, struct sock_listener, retry)->event, NULL);
}

struct sock_listener *sock_listen(
	struct loop *l, int descriptor, sock_accepted *accepted, void *owner)
{
	struct sock_listener *listener = MEM_NEW(struct sock_listener);

	listener->loop = l;
	listener->fd = descriptor;
	listener->accepted = accepted;
	listener->owner = owner;
	listener->retry.run = on_retry;
	sock_bound(descriptor, &listener->at);
	listener->anywhere = ip_unspecified(&listener->at.ip);
	event_assign(&listener->event, loop_base(l), descriptor, EV_READ | EV_PERSIST, on_listen,
		listener);
	event_add(&listener->event, NULL);
	return listener;
}

void sock_listener_free(struct sock_listener *listener)
{
	event_del(&listener->event);
	loop_timer_cancel(listener->loop, &listener->retry);
	listener->dead = true;
	if (!listener->busy)
		mem_free(listener);
}
