#include "test/sim/mailer.h"

#include <stdio.h>
#include <stdlib.h>

#include "test/sim/trace.h"

/* --- the client --- */

enum { GREETING, HELLO, MAIL, RCPT, DATA, BODY };

static const struct sock_handler client_handler;

static void leave(struct mailer *m)
{
	if (m->sock)
		sock_close(m->sock);
	m->sock = NULL;
	loop_timer_cancel(m->loop, &m->timer);
	buf_free(&m->in);
}

static void come_again(struct mailer *m)
{
	leave(m);
	loop_timer_set(m->loop, &m->timer, loop_now_ms(m->loop) + MAILER_AGAIN_MS);
}

static void call(struct loop_timer *timer)
{
	struct mailer *m = AROUND(timer, struct mailer, timer);

	if (m->sock) {
		come_again(m);
		return;
	}
	if (m->begun_ns == 0)
		m->begun_ns = sim_here_ns();
	m->step = GREETING;
	loop_timer_set(m->loop, timer, loop_now_ms(m->loop) + MAILER_PATIENCE_MS);
	m->sock = sock_connect(m->loop, &m->to, &m->client, &client_handler, m);
}

static void say(struct mailer *m)
{
	char line[600];

	switch (m->step) {
	case HELLO:
		sock_send(m->sock, S("EHLO client.test\r\n"));
		return;
	case MAIL:
		snprintf(line, sizeof line, "MAIL FROM:<%.*s>\r\n", STR(m->sender));
		sock_send(m->sock, str_of(line));
		return;
	case RCPT:
		snprintf(line, sizeof line, "RCPT TO:<%.*s>\r\n", STR(m->recipient));
		sock_send(m->sock, str_of(line));
		return;
	case DATA:
		sock_send(m->sock, S("DATA\r\n"));
		return;
	case BODY:
		sock_send(m->sock, m->content);
		sock_send(m->sock, S(".\r\n"));
		return;
	}
}

static void heard(struct mailer *m, str line)
{
	str_to_c(line, m->text, sizeof m->text);
	m->code = atoi(m->text);
	if (m->code / 100 == 4 && !(m->once && m->step == BODY)) {
		come_again(m);
	} else if (m->step == BODY || m->code >= 400) {
		leave(m);
		m->told(m);
	} else {
		m->step++;
		say(m);
	}
}

static size_t client_received(void *owner, str bytes)
{
	struct mailer *m = owner;
	size_t end;

	buf_put(&m->in, bytes);
	while (m->sock && (end = str_find_str(buf_str(&m->in), S("\r\n"))) < buf_str(&m->in).n) {
		char line[512];

		str_to_c(str_first(buf_str(&m->in), end), line, sizeof line);
		buf_take(&m->in, end + 2);
		if (line[0] != '\0' && line[3] == ' ')
			heard(m, str_of(line));
	}
	return bytes.n;
}

static void client_closed(void *owner, const struct fail *why)
{
	(void)why;
	come_again(owner);
}

static void client_connected(void *owner)
{
	(void)owner;
}

static const struct sock_handler client_handler = { client_received, NULL, client_closed,
	client_connected, NULL };

void mailer_send(struct mailer *m, struct loop *l, const struct endpoint *to, int64_t at_ns)
{
	m->loop = l;
	m->to = *to;
	m->timer.run = call;
	loop_timer_set(l, &m->timer, loop_now_ms(l) + (at_ns - sim_here_ns()) / SIM_MS);
}

/* --- the next hop --- */

struct session {
	struct sock *sock;
	struct buf in, body;
	bool in_body;
	char sender[300], recipient[300];
	mailer_arrived *arrived;
};

static void hang_up(struct session *s, bool politely)
{
	if (s->sock && politely)
		sock_finish(s->sock);
	else if (s->sock)
		sock_close(s->sock);
	s->sock = NULL;
	buf_free(&s->in);
	buf_free(&s->body);
}

static void take_path(str line, char *to, size_t size)
{
	size_t begin = str_find(line, '<') + 1;

	str_to_c(str_skip(str_first(line, str_find(line, '>')), begin), to, size);
}

static void command(struct session *s, str line)
{
	if (str_starts_nocase(line, S("MAIL")))
		take_path(line, s->sender, sizeof s->sender);
	if (str_starts_nocase(line, S("RCPT")))
		take_path(line, s->recipient, sizeof s->recipient);
	s->in_body = str_starts_nocase(line, S("DATA"));
	if (str_starts_nocase(line, S("EHLO")))
		sock_send(
			s->sock, S("250-hop.test\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n"));
	else if (s->in_body)
		sock_send(s->sock, S("354 go\r\n"));
	else
		sock_send(s->sock, S("250 2.0.0 ok\r\n"));
}

static void body_line(struct session *s, str line)
{
	if (!str_eq(line, S("."))) {
		buf_put(&s->body, str_starts(line, S(".")) ? str_skip(line, 1) : line);
		buf_put(&s->body, S("\r\n"));
		return;
	}
	s->in_body = false;
	trace("%s gets %zu octets from <%s>", s->recipient, buf_str(&s->body).n, s->sender);
	s->arrived(str_of(s->sender), str_of(s->recipient), buf_str(&s->body));
	buf_clear(&s->body);
	sock_send(s->sock, S("250 2.0.0 taken\r\n"));
}

static size_t hop_received(void *owner, str bytes)
{
	struct session *s = owner;
	size_t end;

	buf_put(&s->in, bytes);
	while (s->sock && (end = str_find_str(buf_str(&s->in), S("\r\n"))) < buf_str(&s->in).n) {
		str line = str_first(buf_str(&s->in), end);

		if (s->in_body) {
			body_line(s, line);
		} else if (str_starts_nocase(line, S("QUIT"))) {
			hang_up(s, true);
			break;
		} else {
			command(s, line);
		}
		buf_take(&s->in, end + 2);
	}
	return bytes.n;
}

static void hop_closed(void *owner, const struct fail *why)
{
	(void)why;
	hang_up(owner, false);
}

static const struct sock_handler hop_handler = { hop_received, NULL, hop_closed, NULL, NULL };

static void hop_accepted(
	void *owner, struct sock *sock, const struct endpoint *peer, const struct endpoint *local)
{
	struct session *s = sim_alloc(sizeof *s);

	(void)peer;
	(void)local;
	s->sock = sock;
	s->arrived = *(mailer_arrived **)owner;
	sock_own(sock, &hop_handler, s);
	sock_send(sock, S("220 hop.test ESMTP\r\n"));
}

void mailer_listen(struct loop *l, const struct endpoint *at, mailer_arrived *arrived)
{
	mailer_arrived **kept = sim_alloc(sizeof(void *));
	struct fail why;

	*kept = arrived; /* a pointer to a function is no pointer to an object */
	if (!sock_listen(l, sock_bind(at, 0, &why), hop_accepted, kept))
		sim_fail("the next hop cannot listen: %s", why.text);
}
