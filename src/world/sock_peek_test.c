/* A header in front of a handshake: what is not of it stays in the kernel. */
#include "test/test.h"

#include <sys/socket.h>
#include <unistd.h>

#include "world/sock_inside.h"

#define WATCHDOG_MS 20000
#define HEADER S("header")

static struct {
	struct loop *loop;
	struct loop_timer timer;
	struct sock *sock;
	int ours, peers;
	str pieces; /* what the peer has not said yet: one byte a turn */
	bool then_ends;
	size_t offers, seen_max, taken;
	bool closed, expired;
	int64_t until_ms;
} t;

static void say_on(struct loop_timer *timer)
{
	if (t.pieces.n > 0) {
		CHECK_INT(send(t.peers, t.pieces.p, 1, 0), 1);
		t.pieces = str_skip(t.pieces, 1);
	} else if (t.then_ends) {
		shutdown(t.peers, SHUT_WR);
		t.then_ends = false;
	} else if (t.taken > 0 || t.closed) {
		loop_stop(t.loop);
		return;
	}
	t.expired = loop_now_ms(t.loop) > t.until_ms;
	if (t.expired)
		loop_stop(t.loop);
	loop_timer_set(t.loop, timer, loop_now_ms(t.loop) + 1);
}

static size_t received(void *owner, str bytes)
{
	(void)owner;
	t.offers++;
	t.seen_max = bytes.n > t.seen_max ? bytes.n : t.seen_max;
	if (t.taken > 0 || bytes.n < HEADER.n)
		return 0;
	CHECK_STR(str_first(bytes, HEADER.n), HEADER);
	return t.taken = HEADER.n;
}

static void closed(void *owner, const struct fail *why)
{
	(void)owner;
	CHECK(!why);
	t.closed = true;
}

static const struct sock_handler handler = { .received = received, .closed = closed };

static void play(str pieces, bool then_ends)
{
	int ends[2];

	memset(&t, 0, sizeof t);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	t.loop = loop_new("test");
	t.ours = ends[0];
	t.peers = ends[1];
	t.pieces = pieces;
	t.then_ends = then_ends;
	t.sock = sock_adopt(t.loop, t.ours, &handler, NULL);
	sock_peek(t.sock);
	t.timer.run = say_on;
	t.until_ms = loop_now_ms(t.loop) + WATCHDOG_MS;
	loop_timer_set(t.loop, &t.timer, loop_now_ms(t.loop));
	loop_run(t.loop);
	CHECK(!t.expired);
}

static void end(void)
{
	sock_close(t.sock);
	close(t.peers);
	loop_free(t.loop);
}

TEST(sock_peek_takes_out_what_was_taken_and_no_more)
{
	char left[32];

	play(S("header and a handshake"), false);
	CHECK_INT(t.taken, HEADER.n);
	CHECK(t.offers >= HEADER.n); /* again with each byte, from the first one on */
	CHECK(!t.closed);
	CHECK_STR(str_from(left, (size_t)recv(t.ours, left, sizeof left, MSG_PEEK)),
		S(" and a handshake"));
	end();
}

TEST(sock_peek_sees_an_end_behind_half_a_header)
{
	play(S("head"), true);
	CHECK(t.closed);
	CHECK_INT(t.taken, 0);
	CHECK_INT(t.seen_max, 4);
	end();
}
