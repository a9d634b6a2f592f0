#include "test/sim/crowd.h"

#include <assert.h>

#include "test/sim/client.h"
#include "test/sim/sim.h"
#include "test/sim/trace.h"
#include "world/clock.h"
#include "world/sock.h"

#define CROWD_MAX 40
#define BEYOND 8       /* so many more than may come */
#define STAYS_MS 60000 /* by then all have heard */

struct crowd {
	struct loop *loop;
	struct loop_timer timer;
	struct ip from;
	unsigned sessions_max, boots;
	bool left, over;
	struct head {
		struct crowd *crowd;
		struct sock *sock;
		bool heard, in;
	} heads[CROWD_MAX];
};

static size_t received(void *owner, str bytes)
{
	struct head *h = owner;

	if (!h->heard) /* 220 or 421, in any cut */
		h->in = bytes.p[0] == '2';
	h->heard = true;
	return bytes.n;
}

static void closed(void *owner, const struct fail *why)
{
	struct head *h = owner;

	(void)why;
	sock_close(h->sock);
	h->sock = NULL;
}

static void connected(void *owner)
{
	(void)owner;
}

static const struct sock_handler handler = { received, NULL, closed, connected, NULL };

static void come(struct crowd *c, unsigned first, unsigned last)
{
	for (unsigned i = first; i < last; i++) {
		struct head *h = &c->heads[i];

		h->crowd = c;
		h->sock = sock_connect(c->loop, &client_pivot.at, &c->from, &handler, h);
	}
}

static unsigned leave(struct crowd *c)
{
	unsigned in = 0;

	for (unsigned i = 0; i < CROWD_MAX; i++) {
		in += c->heads[i].in;
		c->heads[i].in = false;
		if (c->heads[i].sock)
			sock_close(c->heads[i].sock);
		c->heads[i].sock = NULL;
	}
	return in;
}

/* Broken lines and a pivot that was away explain a smaller crowd, never a larger one. */
static void judge(struct crowd *c, unsigned in, unsigned wanted)
{
	bool faulty = client_pivot.faulty || client_pivot.node->boots != c->boots;

	if (in > wanted || (in < wanted && !faulty))
		sim_fail("P8: %u sessions of one address were let in, and not %u", in, wanted);
}

static void timer_run(struct loop_timer *timer)
{
	struct crowd *c = AROUND(timer, struct crowd, timer);

	loop_timer_set(c->loop, timer, loop_now_ms(c->loop) + STAYS_MS);
	if (c->boots == 0) {
		c->boots = client_pivot.node->boots;
		trace("a crowd comes");
		come(c, 0, c->sessions_max + BEYOND);
	} else if (!c->left) {
		judge(c, leave(c), c->sessions_max);
		c->left = true;
	} else if (!c->over) { /* they have gone: one more may come */
		come(c, CROWD_MAX - 1, CROWD_MAX);
		c->over = true;
	} else {
		judge(c, leave(c), 1);
		loop_timer_cancel(c->loop, timer);
		client_open_count--;
	}
}

void crowd_plan(struct loop *l, unsigned sessions_max, int64_t at_ns)
{
	struct crowd *c = sim_alloc(sizeof *c);
	bool parsed = ip_parse(S("192.0.2.77"), &c->from);

	assert(parsed && sessions_max + BEYOND < CROWD_MAX);
	c->loop = l;
	c->sessions_max = sessions_max;
	c->timer.run = timer_run;
	loop_timer_set(l, &c->timer, loop_now_ms(l) + (at_ns - sim.now_ns) / SIM_MS);
	client_open_count++;
}
