#include "world/courier.h"

#include "base/buf.h"
#include "base/mem.h"
#include "test/sim/directory.h"
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

enum step { WRITABLE, DELIVER, DONE, LOOK };

struct courier_parcel {
	struct sim_event event; /* its next step */
	enum step step;
	struct courier *courier;
	struct loop *loop;
	struct buf content;
	char address[96],
		sender[96]; /* the last component of the path, or what a program is told */
	const struct courier_handler *handler;
	void *owner;
	bool failed;
	int64_t begun_ns;
	struct net_watch *heard;
};

struct courier *courier_open(int control, unsigned loops)
{
	(void)control, (void)loops;
	return MEM_NEW(struct courier);
}

void courier_close(struct courier *c)
{
	mem_free(c);
}

static void parcel_free(struct courier_parcel *p)
{
	p->courier->parcels--;
	buf_free(&p->content);
	mem_free(p);
}

static void step_later(struct courier_parcel *p, enum step step)
{
	p->step = step;
	sim_push(p->loop, &p->event, sim_here_ns() + sim_between(STEP_NS_MIN, STEP_NS_MAX));
}

/* The file has been renamed and synced, or the program has done its work: from here on it is
 * delivered, whether we hear of it or not. */
static void deliver(struct courier_parcel *p)
{
	p->heard = sim_alloc(sizeof *p->heard);
	p->heard->begun_ns = p->begun_ns;
	p->failed = sink_quirky && !sink_calm && sim_chance(FAILS_PER_MILLE);
	if (!p->failed)
		ledger_arrived(&(struct ledger_copy){ .sender = str_of(p->sender),
			.rcpt = str_of(p->address),
			.content = buf_str(&p->content),
			.heard = p->heard });
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

/* Only one of the users has a .forward; sometimes the disk of the homes is away. */
static void look(struct courier_parcel *p)
{
	const struct courier_handler *handler = p->handler;
	void *owner = p->owner;
	bool his = str_eq(str_of(p->address), DIRECTORY_FORWARDER);
	bool fails = sink_quirky && !sink_calm && sim_chance(FAILS_PER_MILLE);
	struct fail why;

	parcel_free(p);
	if (fails) {
		fail_with(&why, FAIL_TEMPORARY, "4.3.0", "the homes are away");
		handler->done(owner, &why);
	} else {
		handler->looked(
			owner, his ? COURIER_FILE : COURIER_NONE, his ? DIRECTORY_FORWARD : S(""));
	}
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
	case LOOK:
		look(p);
		break;
	}
}

static void parcel_drop(struct sim_event *e)
{
	(void)e; /* its memory is the machine's, and goes with it */
}

static struct courier_parcel *parcel_new(
	struct courier *c, struct loop *loop, const struct courier_handler *handler, void *owner)
{
	struct courier_parcel *p = MEM_NEW(struct courier_parcel);

	c->parcels++;
	p->event = (struct sim_event){ .run = parcel_run, .drop = parcel_drop };
	p->courier = c;
	p->begun_ns = sim_here_ns();
	p->loop = loop;
	p->handler = handler;
	p->owner = owner;
	step_later(p, WRITABLE);
	return p;
}

static str sender_of(str head)
{
	str begin = S("Return-Path: <");

	head = str_skip(head, str_find_str(head, begin) + begin.n);
	return str_first(head, str_find(head, '>'));
}

void courier_renew(struct courier *c)
{
	(void)c; /* it has no child that could be of the past */
}

struct courier_parcel *courier_send(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, str path, str head, const struct courier_handler *handler,
	void *owner)
{
	struct courier_parcel *p = parcel_new(c, loop, handler, owner);

	(void)whom;
	str_to_c(str_skip(path, str_find_last(path, '/') + 1), p->address, sizeof p->address);
	str_to_c(sender_of(head), p->sender, sizeof p->sender);
	return p;
}

struct courier_parcel *courier_append(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, str path, str sender, str head,
	const struct courier_handler *handler, void *owner)
{
	struct courier_parcel *p = courier_send(c, loop, whom, path, head, handler, owner);

	str_to_c(sender, p->sender, sizeof p->sender);
	return p;
}

static void variable(const struct courier_program *program, str name, char to[96])
{
	for (size_t i = 0; i < program->environment_count; i++)
		if (str_starts(program->environment[i], name))
			str_to_c(str_skip(program->environment[i], name.n), to, 96);
}

struct courier_parcel *courier_run(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, const struct courier_program *program, str head,
	const struct courier_handler *handler, void *owner)
{
	struct courier_parcel *p = parcel_new(c, loop, handler, owner);

	(void)whom;
	(void)head;
	variable(program, S("RECIPIENT="), p->address);
	variable(program, S("SENDER="), p->sender);
	return p;
}

struct courier_parcel *courier_look(struct courier *c, struct loop *loop,
	const struct courier_whom *whom, str extension, const struct courier_handler *handler,
	void *owner)
{
	struct courier_parcel *p = parcel_new(c, loop, handler, owner);

	(void)extension;
	str_to_c(whom->user, p->address, sizeof p->address);
	p->step = LOOK;
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
