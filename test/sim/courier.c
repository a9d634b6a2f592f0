#include "world/courier.h"

#include "base/buf.h"
#include "base/mem.h"
#include "test/sim/ledger.h"
#include "test/sim/sim.h"
#include "test/sim/sink.h"
#include "test/sim/trace.h"

#define STEP_NS_MIN 20000
#define STEP_NS_MAX (8 * SIM_MS)
#define FAILS_PER_MILLE 200

struct courier {
	unsigned parcels;
};

enum step { WRITABLE, DELIVER, DONE };

struct courier_parcel {
	struct sim_event event; /* its next step */
	enum step step;
	struct courier *courier;
	struct loop *loop;
	struct buf head, content;
	char address[96]; /* the last component of the path */
	const struct courier_handler *handler;
	void *owner;
	bool failed;
	struct net_watch *heard;
};

struct courier *courier_open(str hostname, str home, struct fail *why)
{
	(void)hostname;
	(void)home;
	(void)why;
	return MEM_NEW(struct courier);
}

void courier_close(struct courier *c)
{
	mem_free(c);
}

static void parcel_free(struct courier_parcel *p)
{
	p->courier->parcels--;
	buf_free(&p->head);
	buf_free(&p->content);
	mem_free(p);
}

static void step_later(struct courier_parcel *p, enum step step)
{
	p->step = step;
	sim_push(p->loop, &p->event, sim_here_ns() + sim_between(STEP_NS_MIN, STEP_NS_MAX));
}

static str sender_of(const struct courier_parcel *p)
{
	str head = buf_str(&p->head);
	str begin = S("Return-Path: <");
	size_t at = str_find_str(head, begin);

	head = str_skip(head, at + begin.n);
	return str_first(head, str_find(head, '>'));
}

/* The file has been renamed and synced: from here on it is delivered, whether we hear of it or
 * not. */
static void deliver(struct courier_parcel *p)
{
	p->heard = sim_alloc(sizeof *p->heard);
	p->failed = sink_quirky && !sink_calm && sim_chance(FAILS_PER_MILLE);
	if (!p->failed)
		ledger_arrived(
			sender_of(p), str_of(p->address), buf_str(&p->content), false, p->heard);
	step_later(p, DONE);
}

static void done(struct courier_parcel *p)
{
	const struct courier_handler *handler = p->handler;
	void *owner = p->owner;
	struct fail why = { 0 };

	p->heard->taken_ns = sim_here_ns();
	if (p->failed)
		fail_with(&why, FAIL_TEMPORARY, "4.2.2", "The mailbox is full");
	parcel_free(p);
	handler->done(owner, why.kind ? &why : NULL);
}

static void parcel_run(struct sim_event *e)
{
	struct courier_parcel *p = AROUND(e, struct courier_parcel, event);

	switch (p->step) {
	case WRITABLE:
		p->handler->writable(p->owner);
		break;
	case DELIVER:
		deliver(p);
		break;
	case DONE:
		done(p);
		break;
	}
}

static void parcel_drop(struct sim_event *e)
{
	(void)e; /* its memory is the machine's, and goes with it */
}

struct courier_parcel *courier_send(struct courier *c, struct loop *loop, str user, str path,
	str head, const struct courier_handler *handler, void *owner)
{
	struct courier_parcel *p = MEM_NEW(struct courier_parcel);

	(void)user;
	c->parcels++;
	p->event = (struct sim_event){ .run = parcel_run, .drop = parcel_drop };
	p->courier = c;
	p->loop = loop;
	p->handler = handler;
	p->owner = owner;
	str_to_c(str_skip(path, str_find_last(path, '/') + 1), p->address, sizeof p->address);
	buf_put(&p->head, head);
	step_later(p, WRITABLE);
	return p;
}

void courier_write(struct courier_parcel *p, str bytes)
{
	buf_put(&p->content, bytes);
	if (p->event.node.slot == 0)
		step_later(p, WRITABLE);
}

void courier_finish(struct courier_parcel *p)
{
	heap_remove(&p->loop->events, &p->event.node);
	step_later(p, DELIVER);
}

/* What has been delivered by now cannot be undone. */
void courier_drop(struct courier_parcel *p)
{
	heap_remove(&p->loop->events, &p->event.node);
	parcel_free(p);
}
