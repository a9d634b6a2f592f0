#include "test/sim/client.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "test/sim/client_script.h"
#include "test/sim/trace.h"
#include "world/clock.h"
#include "world/sock.h"

#define PATIENCE_MS (11 * 60 * 1000) /* longer than the pivot may take for any answer */
#define CONNECT_AGAIN_MS 7000
#define CONNECTS_MAX 8
#define REPLY_OCTETS_MAX 8192

/* P9: all tables that are asked for a recipient, each until its timeout, and his next hop. */
#define RCPT_NS_MAX (90 * SIM_S)

struct client {
	struct client_script script;
	enum client_character character;
	struct loop *loop;
	struct sock *sock;
	struct net_conn *conn;
	struct loop_timer timer; /* to begin, and while waiting for an answer */
	struct loop_timer dribble;
	struct buf in, out;
	size_t sent, answered; /* steps */
	size_t octets_left;    /* before it dies */
	unsigned boots;        /* of the pivot, when it connected */
	unsigned connects;
	int64_t heard_ns;    /* the last reply */
	bool late;           /* 451 to a message */
	bool shaking;        /* until TLS is on */
	bool shown_the_door; /* 421 came, or 221 */
	bool over;
};

struct client_pivot client_pivot;
unsigned client_open_count;

static void finish(struct client *c)
{
	if (c->over)
		return;
	c->over = true;
	client_open_count--;
	loop_timer_cancel(c->loop, &c->timer);
	loop_timer_cancel(c->loop, &c->dribble);
	if (c->sock)
		sock_close(c->sock);
	c->sock = NULL;
	buf_free(&c->in);
	buf_free(&c->out);
}

/* --- saying --- */

static void pump(struct client *c)
{
	while (c->sock && c->out.start < c->out.end) {
		str bytes = buf_str(&c->out);

		if (c->character == CLIENT_SLOW)
			bytes = str_first(
				bytes, (size_t)sim_between(1, bytes.n > 20000 ? 9000 : 300));
		if (c->character == CLIENT_DYING || c->character == CLIENT_SILENT)
			bytes = str_first(bytes, c->octets_left);
		c->octets_left -= bytes.n;
		sock_send(c->sock, bytes);
		buf_take(&c->out, bytes.n);
		if (c->octets_left == 0 && c->character == CLIENT_DYING) {
			trace("client dies");
			if (sim_chance(500))
				sock_finish(c->sock);
			else
				sock_close(c->sock);
			c->sock = NULL;
			finish(c);
			return;
		}
		if (c->octets_left == 0 && c->character == CLIENT_SILENT)
			return;
		if (c->character == CLIENT_SLOW) {
			loop_timer_set(
				c->loop, &c->dribble, loop_now_ms(c->loop) + sim_between(1, 800));
			return;
		}
	}
}

static void dribble_run(struct loop_timer *timer)
{
	pump(AROUND(timer, struct client, dribble));
}

static void go_on(struct client *c)
{
	while (!c->shaking && c->sent < c->script.count) {
		struct client_step *step = &c->script.steps[c->sent];

		if (c->answered < c->sent && (step->waits || !c->script.pipelining))
			break;
		if (client_script_skips(step)) {
			c->sent++;
			c->answered++;
			continue;
		}
		c->sent++;
		step->said_ns = sim_here_ns();
		client_script_say(&c->script, step, &c->out);
	}
	loop_timer_set(c->loop, &c->timer, loop_now_ms(c->loop) + PATIENCE_MS);
	pump(c);
}

/* --- hearing --- */

/* Since it was said, or since the answer before. */
static int64_t waited_ns(const struct client *c, const struct client_step *step)
{
	return sim_here_ns() - (step->said_ns > c->heard_ns ? step->said_ns : c->heard_ns);
}

static void replied(struct client *c, int code, str text)
{
	struct client_step *step = &c->script.steps[c->answered];

	trace("client hears %.*s", STR(text));
	if (code == 421) {
		c->shown_the_door = true;
		if (!client_pivot.faulty && c->character == CLIENT_POLITE &&
			c->script.errors < client_pivot.errors_max)
			sim_fail("a polite client was shown the door: %.*s", STR(text));
		return;
	}
	if (c->shown_the_door || c->answered == c->sent) {
		sim_fail("P6: a client heard a reply to nothing: %.*s", STR(text));
		return;
	}
	if (step->kind == CLIENT_RCPT && c->character == CLIENT_POLITE &&
		waited_ns(c, step) > RCPT_NS_MAX)
		sim_fail("P9: a recipient was answered for after %lld ms",
			(long long)(waited_ns(c, step) / SIM_MS));
	c->heard_ns = sim_here_ns();
	/* an answer that took too long may be the last one, so that the client tries again */
	c->late = code == 451 && (step->kind == CLIENT_BODY || step->kind == CLIENT_BDAT);
	c->answered++;
	client_script_heard(&c->script, step, code, text);
	if (step->kind == CLIENT_STARTTLS && code == 220) {
		c->shaking = true;
		sock_tls_connect(c->sock, NULL, NULL); /* this world needs no context */
	}
	if (step->kind == CLIENT_QUIT) {
		c->shown_the_door = true;
		return;
	}
	go_on(c);
}

/* Replies are complete lines; "250-" goes on. */
static size_t received(void *owner, str bytes)
{
	struct client *c = owner;
	str in, line;

	buf_put(&c->in, bytes);
	for (;;) {
		size_t end;

		in = buf_str(&c->in);
		end = str_find_str(in, S("\r\n"));
		if (end == in.n)
			break;
		line = str_first(in, end);
		if (line.n < 4 || !ascii_digit(line.p[0]) ||
			(line.p[3] != ' ' && line.p[3] != '-') || str_has(line, '\r') ||
			str_has(line, '\n')) {
			sim_fail("a client heard no reply: %.*s", STR(line));
			return bytes.n;
		}
		if (line.p[3] == ' ')
			replied(c,
				(line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + line.p[2] - '0',
				line);
		if (c->over)
			return bytes.n;
		buf_take(&c->in, end + 2);
	}
	if (in.n > REPLY_OCTETS_MAX)
		sim_fail("a client hears a reply without end");
	return bytes.n;
}

static bool pivot_went_away(const struct client *c)
{
	return !client_pivot.node->alive || client_pivot.node->boots != c->boots;
}

/* Who does not say the whole header is hung up on, and hears nothing. */
static bool headless(const struct client *c)
{
	return disguise_has_header(&c->script.disguise) && c->answered == 0 &&
	       c->out.start < c->out.end;
}

static void closed(void *owner, const struct fail *why)
{
	struct client *c = owner;
	bool line_broke = c->conn->flows[0].lost || c->conn->flows[1].lost;

	if (c->sent == 0 && (pivot_went_away(c) || client_pivot.faulty)) { /* nobody is there yet */
		sock_close(c->sock);
		c->sock = NULL;
		if (c->connects == CONNECTS_MAX)
			finish(c);
		else
			loop_timer_set(c->loop, &c->timer, loop_now_ms(c->loop) + CONNECT_AGAIN_MS);
		return;
	}
	if (!c->shown_the_door && !c->late && !line_broke && !pivot_went_away(c) && !headless(c))
		sim_fail("a client was hung up on after %zu of %zu answers (%s)", c->answered,
			c->sent, why ? why->text : "closed");
	finish(c);
}

static void connected(void *owner)
{
	struct client *c = owner;

	c->sent = 1; /* the greeting answers the connection */
	loop_timer_set(c->loop, &c->timer, loop_now_ms(c->loop) + PATIENCE_MS);
	if (disguise_has_header(&c->script.disguise))
		disguise_header(&c->script.disguise, &c->out);
	pump(c);
}

static void secured(void *owner, const struct tls_facts *facts)
{
	struct client *c = owner;

	(void)facts;
	c->shaking = false;
	go_on(c);
}

static const struct sock_handler handler = { received, NULL, closed, connected, secured };

static void timer_run(struct loop_timer *timer)
{
	struct client *c = AROUND(timer, struct client, timer);

	if (!c->sock) {
		c->connects++;
		c->boots = client_pivot.node->boots;
		c->sock = sock_connect(
			c->loop, &client_pivot.at, &c->script.disguise.from, &handler, c);
		c->conn = net_conn_of(c->sock);
		loop_timer_set(c->loop, &c->timer, loop_now_ms(c->loop) + PATIENCE_MS);
		return;
	}
	if (!pivot_went_away(c) && !c->conn->flows[0].lost && !c->conn->flows[1].lost)
		sim_fail("a client waits in vain for answer %zu of %zu", c->answered + 1, c->sent);
	finish(c);
}

void client_plan(struct loop *l, enum client_character character, bool trusted, unsigned letters,
	int64_t at_ns)
{
	struct client *c = sim_alloc(sizeof *c);

	disguise_make(&c->script.disguise, trusted);
	c->loop = l;
	c->character = character;
	c->octets_left = SIZE_MAX;
	if (character == CLIENT_DYING)
		c->octets_left = (size_t)sim_between(1, sim_chance(500) ? 1000 : 20000);
	if (character == CLIENT_SILENT)
		c->octets_left = (size_t)sim_between(1, 2000);
	c->timer.run = timer_run;
	c->dribble.run = dribble_run;
	client_script_write(&c->script, letters, character == CLIENT_NOISY);
	loop_timer_set(l, &c->timer, loop_now_ms(l) + (at_ns - sim.now_ns) / SIM_MS);
	client_open_count++;
}
