#include "test/sim/sink.h"

#include <assert.h>

#include "base/mem.h"
#include "test/sim/sink_session.h"
#include "test/sim/trace.h"

#define LINE_OCTETS_MAX 2048
#define DROP_OCTETS_MAX 3000 /* so far into a body it breaks */
#define BANNER_MS_MAX 50

bool sink_calm, sink_quirky;

static void hang_up(struct sink_session *s, bool rudely)
{
	loop_timer_cancel(s->sink->loop, &s->timer);
	if (s->sock && rudely)
		sock_close(s->sock);
	else if (s->sock)
		sock_finish(s->sock);
	s->sock = NULL;
	buf_free(&s->in);
	buf_free(&s->body);
	buf_free(&s->out);
}

void sink_say(struct sink_session *s, int code, const char *status, const char *text)
{
	for (int i = 0; s->quirk == QUIRK_WORDY && i < 3; i++)
		buf_putf(&s->out, "%d-%s and what we always wanted to say %d\r\n", code,
			s->enhanced && status[0] ? status : "", i);
	if (s->enhanced && status[0])
		buf_putf(&s->out, "%d %s %s\r\n", code, status, text);
	else
		buf_putf(&s->out, "%d %s\r\n", code, text);
	trace("sink says %d %s %s", code, status, text);
}

void sink_wait(struct sink_session *s, int64_t ms)
{
	s->waits = true;
	loop_timer_set(s->sink->loop, &s->timer, loop_now_ms(s->sink->loop) + ms);
}

static void flush(struct sink_session *s)
{
	if (s->out.start < s->out.end)
		sock_send(s->sock, buf_str(&s->out));
	buf_clear(&s->out);
	if (s->told)
		net_watch(s->sock, s->told);
	s->told = NULL;
	if (s->dropping)
		hang_up(s, sim_chance(300));
}

void sink_secure(struct sink_session *s)
{
	flush(s);
	buf_clear(&s->in);
	sock_tls_accept(s->sock, NULL);
}

/* --- reading --- */

/* Only CRLF ends a line, whatever the pivot says. */
static bool clean(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\n' || s.p[i] == '\r')
			return false;
	return true;
}

static bool take_line(struct sink_session *s, str *line)
{
	str in = buf_str(&s->in);
	size_t end = str_find_str(in, S("\r\n"));

	if (end == in.n) {
		if (in.n > LINE_OCTETS_MAX && s->reading == SINK_COMMANDS)
			sim_fail("the pivot says a line without end");
		return false;
	}
	*line = str_first(in, end);
	if (!clean(*line))
		sim_fail("P6: the pivot says a bare CR or LF");
	return true;
}

static bool breaks_here(struct sink_session *s)
{
	if (s->quirk != QUIRK_DROP_BODY || s->body.end - s->body.start < DROP_OCTETS_MAX)
		return false;
	hang_up(s, true);
	return true;
}

/* A line of a text behind DATA; false: more is needed. */
static bool read_text(struct sink_session *s)
{
	str line;

	if (!take_line(s, &line))
		return false;
	if (str_eq(line, S("."))) {
		buf_take(&s->in, 3);
		s->reading = SINK_COMMANDS;
		sink_mail_over(s);
		return true;
	}
	buf_put(&s->body, str_starts(line, S(".")) ? str_skip(line, 1) : line);
	buf_put(&s->body, S("\r\n"));
	buf_take(&s->in, line.n + 2);
	return !breaks_here(s);
}

static bool read_chunk(struct sink_session *s)
{
	str bytes = str_first(buf_str(&s->in), s->chunk_octets);

	buf_put(&s->body, bytes);
	buf_take(&s->in, bytes.n);
	s->chunk_octets -= bytes.n;
	if (s->chunk_octets > 0)
		return !breaks_here(s) && false;
	s->reading = SINK_COMMANDS;
	if (s->chunk_refused)
		sink_say(s, 503, "5.5.1", "no recipients");
	else if (s->chunk_last)
		sink_mail_over(s);
	else
		sink_say(s, 250, "2.0.0", "go on");
	return true;
}

static bool read_command(struct sink_session *s)
{
	char copy[LINE_OCTETS_MAX];
	str line;

	if (!take_line(s, &line))
		return false;
	line = str_of(str_to_c(line, copy, sizeof copy));
	buf_take(&s->in, line.n + 2);
	trace("sink hears %.*s", STR(line));
	sink_command(s, line);
	return true;
}

static bool read_some(struct sink_session *s)
{
	switch (s->reading) {
	case SINK_COMMANDS:
		return read_command(s);
	case SINK_TEXT:
		return read_text(s);
	case SINK_CHUNK:
		return read_chunk(s);
	}
	return false;
}

static void work(struct sink_session *s)
{
	while (s->sock && !s->waits && !s->dropping && !sim.failed && read_some(s))
		;
	if (s->sock && !s->waits)
		flush(s);
}

static size_t received(void *owner, str bytes)
{
	struct sink_session *s = owner;

	buf_put(&s->in, bytes);
	work(s);
	return bytes.n;
}

static void closed(void *owner, const struct fail *why)
{
	(void)why;
	trace("sink is left alone");
	hang_up(owner, true);
}

static void secured(void *owner, const struct tls_facts *facts)
{
	struct sink_session *s = owner;

	(void)facts;
	s->secured = true;
}

static const struct sock_handler handler = { received, NULL, closed, NULL, secured };

static void timer_run(struct loop_timer *timer)
{
	struct sink_session *s = AROUND(timer, struct sink_session, timer);

	s->waits = false;
	flush(s);
	if (s->sock)
		work(s);
}

/* --- beginning --- */

static void greet(struct sink_session *s)
{
	if (s->quirk == QUIRK_MUTE)
		return;
	if (s->quirk == QUIRK_GARBAGE) {
		buf_put(&s->out, S("What do you want?\r\n"));
		s->dropping = true;
	} else if (s->quirk == QUIRK_BUSY) {
		sink_say(s, 421, "", "too busy");
		s->dropping = true;
	} else {
		sink_say(s, 220, "", "sink.test ESMTP");
	}
	sink_wait(s, sim_between(0, BANNER_MS_MAX));
}

/* One that the pivot has closed is over, even if we have not heard so yet. */
static void count_connections(struct sink_session *s)
{
	const struct sink_session *last = s->sink->last;

	s->sink->last = s;
	if (s->sink->kind.delay_ms > 0 && last && last->sock && net_conn_of(last->sock)->ends[0])
		sim_fail("P9: a second connection to a host that takes one");
}

static void accepted(
	void *owner, struct sock *sock, const struct endpoint *peer, const struct endpoint *local)
{
	struct sink_session *s = sim_alloc(sizeof *s);

	(void)peer;
	(void)local;
	s->sink = owner;
	s->sock = sock;
	s->timer.run = timer_run;
	if (sink_quirky && !sink_calm && sim_chance(350))
		s->quirk = (enum sink_quirk)sim_between(0, QUIRKS - 1);
	s->pipelining = sim_chance(700);
	s->chunking = sim_chance(500);
	s->sized = sim_chance(700);
	s->enhanced = sim_chance(800);
	s->starttls = sim_chance(250) && !s->sink->kind.lmtp;
	s->plain = sim_chance(50) && !s->sink->kind.lmtp;
	sink_auth_prepare(s);
	s->eightbit = s->sink->kind.eightbit && !s->plain;
	sock_own(sock, &handler, s);
	count_connections(s);
	trace("sink session, quirk %d", (int)s->quirk);
	greet(s);
}

void sink_listen(struct loop *l, const struct endpoint *at, const struct sink_kind *kind)
{
	struct sink *sink = MEM_NEW(struct sink);
	struct fail why;
	int descriptor = sock_bind(at, 0, &why);
	struct sock_listener *listener;

	assert(descriptor >= 0);
	*sink = (struct sink){ .loop = l, .kind = *kind };
	listener = sock_listen(l, descriptor, accepted, sink);
	assert(listener);
}
