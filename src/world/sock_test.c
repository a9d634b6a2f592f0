/* Streams between two ends in one loop, over the real loopback. */
#include "test/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "world/sock.h"

#define WATCHDOG_MS 20000

/* One end of a stream.  What it does is said by the fields; what came of it is kept beside them. */
struct end {
	struct sock *sock;
	struct buf in;
	size_t take_max;      /* of one offer; 0: all */
	bool closes_on_bytes; /* sock_close in received */
	bool finishes_on_bytes;
	bool stops_on_close;
	size_t stop_at; /* stop the loop when so many bytes have come; 0: never */
	str says;       /* when connected or accepted */
	size_t to_pour; /* bytes to send, a portion a drained */
	size_t poured;
	int offers, drains, connects, closes;
	bool broken;
	struct fail why;
	struct endpoint peer, local;
};

static struct {
	struct loop *loop;
	struct loop_timer watchdog;
	struct loop_timer later;
	int descriptor;
	struct sock_listener *listener;
	struct endpoint at;
	struct end client, server;
	bool expired;
} t;

static void on_watchdog(struct loop_timer *timer)
{
	(void)timer;
	t.expired = true;
	loop_stop(t.loop);
}

static void pour(struct end *e)
{
	char portion[40000];

	if (e->to_pour == 0)
		return;
	for (size_t i = 0; i < sizeof portion; i++)
		portion[i] = (char)((e->poured + i) % 251);
	str bytes = str_first(str_from(portion, sizeof portion), e->to_pour);
	e->to_pour -= bytes.n;
	e->poured += bytes.n;
	sock_send(e->sock, bytes);
}

static size_t on_received(void *owner, str bytes)
{
	struct end *e = owner;

	e->offers++;
	if (e->closes_on_bytes) {
		sock_close(e->sock);
		e->sock = NULL;
		return 0;
	}
	if (e->take_max)
		bytes = str_first(bytes, e->take_max);
	buf_put(&e->in, bytes);
	if (e->finishes_on_bytes) {
		sock_finish(e->sock);
		e->sock = NULL;
	}
	if (e->stop_at && buf_str(&e->in).n >= e->stop_at)
		loop_stop(t.loop);
	return bytes.n;
}

static void on_drained(void *owner)
{
	struct end *e = owner;

	e->drains++;
	CHECK_INT(sock_backlog(e->sock), 0);
	pour(e);
}

static void on_closed(void *owner, const struct fail *why)
{
	struct end *e = owner;

	e->closes++;
	e->broken = why != NULL;
	if (why)
		e->why = *why;
	if (e->stops_on_close)
		loop_stop(t.loop);
}

static void on_connected(void *owner)
{
	struct end *e = owner;

	e->connects++;
	sock_send(e->sock, e->says);
	pour(e);
}

static const struct sock_handler handler = { on_received, on_drained, on_closed, on_connected,
	NULL };

static void on_accepted(
	void *owner, struct sock *s, const struct endpoint *peer, const struct endpoint *local)
{
	struct end *e = owner;

	if (e->sock) { /* a second client is not expected */
		sock_close(s);
		return;
	}
	e->sock = s;
	e->peer = *peer;
	e->local = *local;
	sock_own(s, &handler, e);
	sock_send(s, e->says);
	pour(e);
}

static void begin_at(const char *where)
{
	struct fail why;

	memset(&t, 0, sizeof t);
	t.loop = loop_new("test");
	t.watchdog.run = on_watchdog;
	loop_timer_set(t.loop, &t.watchdog, loop_now_ms(t.loop) + WATCHDOG_MS);
	CHECK(endpoint_parse(str_of(where), 9, &t.at));
	if (t.at.port == 9)
		t.at.port = 0;
	t.descriptor = sock_bind(&t.at, 0600, &why);
	CHECK(t.descriptor >= 0);
	sock_bound(t.descriptor, &t.at);
	t.listener = sock_listen(t.loop, t.descriptor, on_accepted, &t.server);
}

static void begin(void)
{
	begin_at("127.0.0.1");
}

static void run(void)
{
	loop_run(t.loop);
	CHECK(!t.expired);
}

static void connect_client(void)
{
	t.client.sock = sock_connect(t.loop, &t.at, NULL, &handler, &t.client);
}

static void close_end(struct end *e)
{
	if (e->sock)
		sock_close(e->sock);
	buf_free(&e->in);
}

static void finish(void)
{
	close_end(&t.client);
	close_end(&t.server);
	sock_listener_free(t.listener);
	sock_unbind(t.descriptor);
	loop_free(t.loop);
}

TEST(sock_carries_bytes_both_ways)
{
	begin();
	t.server.says = S("hello client");
	t.client.says = S("hello server");
	t.client.stop_at = 12;
	connect_client();
	run();
	CHECK_STR(buf_str(&t.client.in), S("hello client"));
	t.server.stop_at = 12;
	if (buf_str(&t.server.in).n < 12)
		run();
	CHECK_STR(buf_str(&t.server.in), S("hello server"));
	CHECK_INT(t.client.connects, 1);
	CHECK(t.server.peer.ip.family == 4 && ip_loopback(&t.server.peer.ip));
	CHECK(endpoint_eq(&t.server.local, &t.at));
	finish();
}

static void check_poured(const struct end *e, size_t n)
{
	str in = buf_str(&e->in);
	bool same = true;

	CHECK_INT(in.n, n);
	for (size_t i = 0; i < n; i++)
		same = same && in.p[i] == (char)(i % 251);
	CHECK(same);
}

TEST(sock_pours_megabytes_without_loss)
{
	size_t n = 8000000;

	begin();
	t.client.to_pour = n;
	t.server.stop_at = n;
	connect_client();
	run();
	check_poured(&t.server, n);
	CHECK(t.client.drains >= 200);
	finish();
}

static void on_later(struct loop_timer *timer)
{
	struct end *e = &t.server;

	sock_resume(e->sock);
	loop_timer_set(t.loop, timer, loop_now_ms(t.loop));
}

/* A reader that takes little, and only when it is asked again, gets every byte once. */
TEST(sock_holds_back_what_is_not_taken)
{
	size_t n = 300000;

	begin();
	t.client.to_pour = n;
	t.server.take_max = 7001;
	t.server.stop_at = n;
	connect_client();
	t.later.run = on_later;
	while (!t.server.sock) { /* until it is accepted */
		loop_stop(t.loop);
		run();
	}
	loop_timer_set(t.loop, &t.later, 0);
	run();
	check_poured(&t.server, n);
	loop_timer_cancel(t.loop, &t.later);
	finish();
}

static void on_stop_later(struct loop_timer *timer)
{
	(void)timer;
	loop_stop(t.loop);
}

static void run_for(int64_t ms)
{
	t.later.run = on_stop_later;
	loop_timer_set(t.loop, &t.later, loop_now_ms(t.loop) + ms);
	run();
}

TEST(sock_pause_means_silence)
{
	begin();
	t.client.says = S("ping");
	connect_client();
	while (!t.server.sock) {
		loop_stop(t.loop);
		run();
	}
	sock_pause(t.server.sock);
	run_for(30);
	CHECK_INT(t.server.offers, 0);
	sock_resume(t.server.sock);
	t.server.stop_at = 4;
	run();
	CHECK_STR(buf_str(&t.server.in), S("ping"));
	finish();
}

TEST(sock_gathers_small_sends)
{
	begin();
	connect_client();
	t.server.stop_at = 300;
	while (!t.client.connects) {
		loop_stop(t.loop);
		run();
	}
	for (int i = 0; i < 100; i++)
		sock_send(t.client.sock, S("abc"));
	CHECK_INT(sock_backlog(t.client.sock), 300);
	run();
	CHECK_INT(t.server.offers, 1);
	CHECK_INT(t.client.drains, 1);
	finish();
}

TEST(sock_tells_why_it_cannot_connect)
{
	char text[ENDPOINT_TEXT_MAX], want[200];

	begin();
	sock_listener_free(t.listener);
	sock_unbind(t.descriptor);
	t.client.stops_on_close = true;
	connect_client();
	run();
	CHECK(t.client.broken && t.client.connects == 0 && t.client.closes == 1);
	CHECK(t.client.why.kind == FAIL_TEMPORARY);
	CHECK_STR(str_of(t.client.why.status), S("4.4.1"));
	snprintf(want, sizeof want, "connect to %s: Connection refused",
		endpoint_print(&t.at, text));
	CHECK_STR(str_of(t.client.why.text), str_of(want));
	sock_send(t.client.sock, S("into the void"));
	close_end(&t.client);
	loop_free(t.loop);
}

TEST(sock_offers_everything_before_it_says_closed)
{
	begin();
	t.client.says = S("last words");
	t.server.stops_on_close = true;
	connect_client();
	while (!t.client.connects) {
		loop_stop(t.loop);
		run();
	}
	sock_finish(t.client.sock);
	t.client.sock = NULL;
	run();
	CHECK_STR(buf_str(&t.server.in), S("last words"));
	CHECK(!t.server.broken);
	CHECK_INT(t.server.closes, 1);
	finish();
}

/* The end of the stream is not told before what was held back is taken. */
TEST(sock_says_closed_after_the_rest)
{
	begin();
	t.client.says = S("0123456789");
	t.server.take_max = 4;
	t.server.stops_on_close = true;
	connect_client();
	while (!t.server.offers) {
		loop_stop(t.loop);
		run();
	}
	sock_finish(t.client.sock);
	t.client.sock = NULL;
	run_for(20);
	CHECK_INT(t.server.closes, 0);
	CHECK_INT(t.server.offers, 1);
	t.server.take_max = 0;
	sock_resume(t.server.sock);
	run();
	CHECK_STR(buf_str(&t.server.in), S("0123456789"));
	CHECK_INT(t.server.closes, 1);
	finish();
}

TEST(sock_may_be_closed_from_its_handler)
{
	begin();
	t.client.says = S("x");
	t.client.stops_on_close = true;
	t.server.closes_on_bytes = true;
	connect_client();
	run();
	CHECK_INT(t.server.offers, 1);
	CHECK_INT(t.server.closes, 0);
	finish();
}

/* Last words reach a peer that does not stop talking: no reset overtakes them. */
TEST(sock_finish_is_heard_by_a_talker)
{
	begin();
	t.server.says = S("421 enough\r\n");
	t.server.finishes_on_bytes = true;
	t.client.to_pour = 4000000;
	t.client.stops_on_close = true;
	connect_client();
	run();
	CHECK_STR(buf_str(&t.client.in), S("421 enough\r\n"));
	finish();
}

TEST(sock_finish_writes_all_then_closes)
{
	size_t n = 3000000;
	char *big = mem_zero(n);

	for (size_t i = 0; i < n; i++)
		big[i] = (char)(i % 251);
	begin();
	connect_client();
	while (!t.server.sock || !t.client.connects) {
		loop_stop(t.loop);
		run();
	}
	sock_send(t.server.sock, str_from(big, n));
	sock_finish(t.server.sock);
	t.server.sock = NULL;
	t.client.stops_on_close = true;
	run();
	check_poured(&t.client, n);
	CHECK(!t.client.broken);
	mem_free(big);
	finish();
}

/* A finishing stream whose peer does not read goes with its loop. */
TEST(sock_finish_does_not_outlive_the_loop)
{
	size_t n = 20000000;
	char *big = mem_zero(n);

	begin();
	connect_client();
	while (!t.server.sock || !t.client.connects) {
		loop_stop(t.loop);
		run();
	}
	sock_pause(t.client.sock);
	sock_send(t.server.sock, str_from(big, n));
	sock_finish(t.server.sock);
	t.server.sock = NULL;
	mem_free(big);
	run_for(10);
	finish();
}

/* The server says so much, then resets the connection before we look. */
static void check_reset(str words)
{
	struct linger none = { .l_onoff = 1 };
	struct sockaddr_storage unused;
	socklen_t size = sizeof unused;

	begin();
	t.client.stops_on_close = true;
	sock_listener_free(t.listener); /* accept by hand, to reset it */
	connect_client();
	while (!t.client.connects) {
		loop_stop(t.loop);
		run();
	}
	int fd = accept(t.descriptor, (struct sockaddr *)&unused, &size);
	CHECK(send(fd, words.p, words.n, 0) == (ssize_t)words.n);
	CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none) == 0);
	close(fd);
	run();
	CHECK(t.client.broken);
	CHECK_STR(buf_str(&t.client.in), words);
	CHECK_STR(str_of(t.client.why.status), S("4.4.2"));
	CHECK(strstr(t.client.why.text, "lost: Connection reset by peer") != NULL);
	close_end(&t.client);
	sock_unbind(t.descriptor);
	loop_free(t.loop);
}

TEST(sock_reset_is_told_with_its_reason)
{
	check_reset(S(""));
}

/* Both are one event to libevent, which has no word for the second. */
TEST(sock_reset_behind_bytes_is_told)
{
	check_reset(S("220 half a li"));
}

TEST(sock_connects_from_the_asked_address)
{
	struct ip from;

	begin();
	CHECK(ip_parse(S("127.0.0.77"), &from));
	t.client.says = S("x");
	t.server.stop_at = 1;
	t.client.sock = sock_connect(t.loop, &t.at, &from, &handler, &t.client);
	run();
	CHECK(ip_eq(&t.server.peer.ip, &from));
	finish();
}

TEST(sock_knows_its_address_when_bound_to_all)
{
	struct ip loopback;

	begin_at("0.0.0.0");
	CHECK(ip_parse(S("127.0.0.1"), &loopback));
	t.at.ip = loopback;
	t.client.says = S("x");
	t.server.stop_at = 1;
	connect_client();
	run();
	CHECK(endpoint_eq(&t.server.local, &t.at));
	finish();
}

TEST(sock_speaks_ipv6)
{
	begin_at("[::1]:9");
	t.client.says = S("x");
	t.server.stop_at = 1;
	connect_client();
	run();
	CHECK(t.server.peer.ip.family == 6 && ip_loopback(&t.server.peer.ip));
	finish();
}

TEST(sock_replaces_a_stale_unix_socket_only)
{
	char folder[] = "/tmp/facteur-sock-XXXXXX", where[80];
	struct fail why;
	struct stat st;
	int second;

	CHECK(mkdtemp(folder) != NULL);
	snprintf(where, sizeof where, "unix:%s/s", folder);
	begin_at(where);
	CHECK(stat(t.at.path, &st) == 0 && (st.st_mode & 0777) == 0600);
	t.client.says = S("x");
	t.server.stop_at = 1;
	connect_client();
	run();
	CHECK_INT(t.server.peer.ip.family, 0);
	CHECK(sock_bind(&t.at, 0600, &why) < 0); /* somebody answers there */
	CHECK(strstr(why.text, "Address already in use") != NULL);
	finish();
	second = sock_bind(&t.at, 0666, &why); /* and now nobody does */
	CHECK(second >= 0);
	CHECK(stat(t.at.path, &st) == 0 && (st.st_mode & 0777) == 0666);
	sock_unbind(second);
	unlink(t.at.path);
	second = open(t.at.path, O_CREAT | O_WRONLY, 0600); /* no socket at all */
	CHECK(second >= 0 && close(second) == 0);
	CHECK(sock_bind(&t.at, 0600, &why) < 0);
	unlink(t.at.path);
	rmdir(folder);
}
