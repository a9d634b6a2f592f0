#include "world/sock.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "world/sock_address.h"
#include "world/sock_inside.h"
#include "world/sock_wire.h"

#define READS_A_ROUND 4  /* then it is the turn of others */
#define OUT_KEPT_MAX 256 /* an idle stream keeps no larger buffer */
/* Small sends of a round of the loop are gathered into one write.  So much leaves at once: else all
 * streams that are given a portion in one round would hold it at the same time. */
#define GATHER_OCTETS_MAX 32768

static _Thread_local char scratch[SOCK_READ_MAX];
static _Thread_local unsigned endings; /* streams of this loop that are finishing */

static void free_sock(struct sock *s)
{
	event_del(&s->event);
	list_remove(&s->hook.link);
	if (s->ending) {
		loop_timer_cancel(s->loop, &s->ending->timer);
		list_remove(&s->ending->end.link);
		mem_free(s->ending);
		endings--;
	}
	tls_stream_free(s->tls);
	if (s->fd >= 0)
		close(s->fd);
	buf_free(&s->out);
	buf_free(&s->rest);
	mem_free(s->peer);
	mem_free(s);
}

static void on_event(evutil_socket_t fd, short what, void *owner);
static void on_hook(struct loop_hook *hook);

static void watch(struct sock *s, bool writes)
{
	short what = EV_READ | EV_CLOSED | EV_PERSIST | EV_ET;

	if (writes)
		what |= EV_WRITE;
	event_assign(&s->event, loop_base(s->loop), s->fd, what, on_event, s);
	if (s->fd >= 0)
		event_add(&s->event, NULL);
	s->watches_writes = writes;
}

static struct sock *sock_new(
	struct loop *l, int fd, const struct sock_handler *handler, void *owner, bool connecting)
{
	struct sock *s = MEM_NEW(struct sock);

	s->loop = l;
	s->handler = handler;
	s->owner = owner;
	s->hook.run = on_hook;
	list_init(&s->hook.link);
	s->fd = fd;
	s->connecting = connecting;
	watch(s, connecting);
	return s;
}

struct sock *sock_adopt(
	struct loop *l, int descriptor, const struct sock_handler *handler, void *owner)
{
	return sock_new(l, descriptor, handler, owner, false);
}

struct sock *sock_await(struct loop *l, int descriptor, const struct endpoint *to, int error,
	const struct sock_handler *handler, void *owner)
{
	struct sock *s = sock_new(l, descriptor, handler, owner, true);

	s->peer = MEM_NEW(struct endpoint);
	*s->peer = *to;
	s->error = error;
	if (error)
		loop_soon(l, &s->hook);
	return s;
}

void sock_own(struct sock *s, const struct sock_handler *handler, void *owner)
{
	s->handler = handler;
	s->owner = owner;
}

bool sock_silent(const struct sock *s)
{
	return s->dead || s->gone;
}

static void explain(const struct sock *s, struct fail *why)
{
	bool tls = s->tls && s->error == EPROTO;
	const char *text = tls ? tls_stream_trouble(s->tls) : strerrordesc_np(s->error);
	char peer[ENDPOINT_TEXT_MAX] = "peer";

	if (s->peer)
		endpoint_print(s->peer, peer);
	if (s->connecting)
		fail_with(why, FAIL_TEMPORARY, "4.4.1", "connect to %s: %s", peer, text);
	else if (s->handshaking)
		fail_with(why, FAIL_TEMPORARY, "4.7.5", "TLS handshake with %s: %s", peer, text);
	else
		fail_with(why, FAIL_TEMPORARY, "4.4.2", "connection with %s lost: %s", peer, text);
}

void sock_tell_closed(struct sock *s)
{
	struct fail why;

	s->gone = true;
	buf_free(&s->out);
	buf_free(&s->rest);
	if (!s->handler) {
		s->dead = true;
		return;
	}
	if (s->error)
		explain(s, &why);
	s->handler->closed(s->owner, s->error ? &why : NULL);
}

/* --- writing --- */

/* One write of what is queued; false: no more can be written now. */
static bool write_some(struct sock *s)
{
	str bytes = buf_str(&s->out);
	bool clear = s->clear_n > 0; /* what was sent before the handshake */
	size_t taken = 0;
	int error = 0;

	if (clear)
		bytes = str_first(bytes, s->clear_n);
	switch (sock_wire_write(s->fd, clear ? NULL : s->tls, bytes, &taken, &error)) {
	case TLS_DONE:
		buf_take(&s->out, taken);
		s->clear_n -= clear ? taken : 0;
		return true;
	case TLS_WAITS:
		s->blocked = true;
		return false;
	case TLS_ENDED:
	case TLS_BROKEN:
		s->error = error;
	}
	return false;
}

static void flush(struct sock *s)
{
	while (buf_str(&s->out).n > 0 && !s->blocked && !s->error &&
		!(s->handshaking && s->clear_n == 0))
		if (!write_some(s))
			break;
	if (s->error) {
		/* The peer may have said why before it went: read that first. */
		buf_free(&s->out);
		s->readable = s->hung_up = true;
		return;
	}
	if (s->blocked && !s->watches_writes) {
		event_del(&s->event);
		watch(s, true); /* tells at once if it can be written by now */
	}
	if (buf_str(&s->out).n == 0 && s->out.size > OUT_KEPT_MAX)
		buf_free(&s->out);
}

static void write_and_tell(struct sock *s)
{
	flush(s);
	if (sock_silent(s) || s->error || !s->queued || buf_str(&s->out).n > 0)
		return;
	s->queued = false;
	if (s->handler && s->handler->drained)
		s->handler->drained(s->owner);
}

/* --- reading --- */

/* Offer bytes; returns how many need not be kept. */
static size_t offer(struct sock *s, str bytes)
{
	size_t taken;

	if (!s->handler) {
		s->ending->heard_more = true;
		return bytes.n;
	}
	s->resumed = s->dropped = false;
	s->offering = true;
	taken = s->handler->received(s->owner, bytes);
	s->offering = false;
	assert(taken <= bytes.n);
	if (s->dead || s->dropped)
		return bytes.n;
	if (taken < bytes.n && !s->resumed)
		s->held = true;
	return taken;
}

static void offer_rest(struct sock *s)
{
	if (s->held || sock_silent(s) || buf_str(&s->rest).n == 0)
		return;
	buf_take(&s->rest, offer(s, buf_str(&s->rest)));
}

/* What a read has come to; false: there are no bytes. */
static bool has_bytes(struct sock *s, enum tls_step step, int error)
{
	switch (step) {
	case TLS_DONE:
		return true;
	case TLS_WAITS:
		s->readable = false;
		return false;
	case TLS_ENDED:
		if (!s->error) {
			flush(s); /* it may have closed one direction only */
			s->error = 0;
		}
		break;
	case TLS_BROKEN:
		s->error = s->error ? s->error : error;
		break;
	}
	sock_tell_closed(s);
	return false;
}

/* The descriptor tells again when more has come, so who takes nothing just waits; but behind an end
 * nothing comes. */
static bool peek_some(struct sock *s)
{
	size_t n = 0, taken;
	int error = 0;
	enum tls_step step = sock_wire_peek(s->fd, scratch, sizeof scratch, &n, &error);

	if (!has_bytes(s, step, error))
		return false;
	s->offering = true;
	taken = s->handler->received(s->owner, str_from(scratch, n));
	s->offering = false;
	assert(taken <= n);
	sock_wire_drop(s->fd, scratch, taken);
	if (s->dead || taken > 0)
		return !s->dead;
	s->readable = false;
	if (s->hung_up && !sock_silent(s))
		sock_tell_closed(s);
	return false;
}

/* One read; false: there is nothing more to be read now. */
static bool read_some(struct sock *s)
{
	size_t n = 0, taken;
	int error = 0;
	enum tls_step step;

	if (s->peeks)
		return peek_some(s);
	step = sock_wire_read(s->fd, s->tls, scratch, sizeof scratch, &n, &error);
	if (!has_bytes(s, step, error))
		return false;
	taken = offer(s, str_from(scratch, n));
	if (taken < n)
		buf_put(&s->rest, str_from(scratch + taken, n - taken));
	/* Less than there was room for: the kernel has no more, and will tell when it has.  But a
	 * reset that was told together with these bytes is not told again, as libevent has no word
	 * for it: our next write meets it, and where none is due, one more read. */
	if (n < sizeof scratch && !s->tls && !s->hung_up && s->queued)
		s->readable = false;
	return true;
}

static bool may_read(const struct sock *s)
{
	return s->readable && !s->held && !s->handshaking && !sock_silent(s) &&
	       buf_str(&s->rest).n == 0;
}

static void read_on(struct sock *s)
{
	for (int reads = 0; may_read(s); reads++) {
		if (reads == READS_A_ROUND) {
			loop_soon(s->loop, &s->hook);
			return;
		}
		if (!read_some(s))
			return;
	}
}

/* --- from the loop --- */

/* A finishing stream ends when all is written.  But closing while the peer still talks would reset
 * the connection and void our last words: then it ends when the peer has heard them and closes. */
static void finish_on(struct sock *s)
{
	flush(s);
	if (!s->error && buf_str(&s->out).n > 0)
		return;
	if (!s->error && s->tls && !s->handshaking && !s->ending->said_end)
		tls_stream_say_end(s->tls);
	if (s->error || !s->ending->heard_more)
		s->dead = true;
	else if (!s->ending->said_end)
		shutdown(s->fd, SHUT_WR);
	s->ending->said_end = true;
}

static void serve_open(struct sock *s)
{
	write_and_tell(s);
	if (s->handshaking && !sock_silent(s))
		sock_tls_shake(s);
	offer_rest(s);
	read_on(s);
	if (s->error && !sock_silent(s) && !may_read(s))
		sock_tell_closed(s); /* nothing more to be read, or nobody who wants it */
	if (!s->handler && !s->dead)
		finish_on(s);
}

static void serve(struct sock *s)
{
	s->busy = true;
	if (s->connecting && s->error && !s->gone)
		sock_tell_closed(s);
	else if (!s->connecting && !s->gone)
		serve_open(s);
	s->busy = false;
	if (s->dead)
		free_sock(s);
}

static void on_hook(struct loop_hook *hook)
{
	serve(AROUND(hook, struct sock, hook));
}

static void on_connected(struct sock *s)
{
	int error = 0;
	socklen_t size = sizeof error;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		error = errno;
	if (error) {
		s->error = error;
		return;
	}
	s->connecting = false;
	s->busy = true;
	s->handler->connected(s->owner);
	s->busy = false;
}

static void on_event(evutil_socket_t fd, short what, void *owner)
{
	struct sock *s = owner;

	(void)fd;
	loop_enter(s->loop);
	if (s->gone)
		return;
	/* TLS may want to write in order to read, and the other way round */
	if (s->tls || (what & EV_WRITE))
		s->blocked = false;
	if (s->tls || (what & (EV_READ | EV_CLOSED)))
		s->readable = true;
	if (what & EV_CLOSED)
		s->hung_up = true;
	if (s->connecting && !s->error)
		on_connected(s);
	if (s->dead)
		free_sock(s);
	else
		serve(s);
}

/* --- what owners call --- */

void sock_unbind(int descriptor)
{
	close(descriptor);
}

void sock_bound(int descriptor, struct endpoint *at)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;

	if (getsockname(descriptor, (struct sockaddr *)&address, &size) == 0)
		sock_address_read(&address, size, at);
	else
		*at = (struct endpoint){ 0 };
}

void sock_send(struct sock *s, str bytes)
{
	if (sock_silent(s) || s->error || bytes.n == 0)
		return;
	buf_put(&s->out, bytes);
	s->queued = true;
	if (s->connecting)
		return;
	if (buf_str(&s->out).n > GATHER_OCTETS_MAX)
		flush(s);
	loop_soon(s->loop, &s->hook);
}

size_t sock_backlog(const struct sock *s)
{
	return buf_str(&s->out).n;
}

void sock_pause(struct sock *s)
{
	s->held = true;
}

void sock_resume(struct sock *s)
{
	s->held = false;
	s->resumed = true;
	loop_soon(s->loop, &s->hook);
}

void sock_peek(struct sock *s)
{
	s->peeks = true;
}

void sock_peek_end(struct sock *s)
{
	s->peeks = false;
}

void sock_close(struct sock *s)
{
	s->dead = true;
	if (!s->busy)
		free_sock(s);
}

static void on_finish_late(struct loop_timer *timer)
{
	sock_close(AROUND(timer, struct sock_ending, timer)->sock);
}

static void on_loop_end(struct loop_hook *hook)
{
	sock_close(AROUND(hook, struct sock_ending, end)->sock);
}

void sock_finish(struct sock *s)
{
	if (sock_silent(s) || s->connecting || s->error || endings == SOCK_ENDINGS_MAX) {
		sock_close(s);
		return;
	}
	endings++;
	s->peeks = false;
	s->handler = NULL;
	s->ending = MEM_NEW(struct sock_ending);
	s->ending->sock = s;
	s->ending->heard_more = buf_str(&s->rest).n > 0;
	s->ending->timer.run = on_finish_late;
	loop_timer_set(s->loop, &s->ending->timer, loop_now_ms(s->loop) + SOCK_FINISH_MS_MAX);
	s->ending->end.run = on_loop_end;
	list_init(&s->ending->end.link);
	loop_at_end(s->loop, &s->ending->end);
	s->held = false;
	s->dropped = true;
	if (!s->offering)
		buf_free(&s->rest);
	if (!s->busy)
		serve(s);
	else
		loop_soon(s->loop, &s->hook);
}
