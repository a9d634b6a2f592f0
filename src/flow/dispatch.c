#include "flow/dispatch.h"

#include <assert.h>

#include "base/log.h"
#include "base/mem.h"
#include "flow/dispatch_inside.h"
#include "flow/errand.h"
#include "flow/expansion.h"
#include "flow/maildrop.h"
#include "flow/notice.h"
#include "flow/outbound.h"
#include "world/clock.h"
#include "world/hand.h"

#define TIMER_MS_MAX 60000    /* the wall clock may jump: look again after so long */
#define DISPATCH_ACTS_MAX 500 /* of the schedule, in one round of the loop */

#define CLOCK_READ_MS_MAX 5  /* both clocks must be read within this to be compared */
#define CLOCK_STEP_MS_MIN 20 /* less is no step, or the next look sees it */

/* The schedule's limits go by the time that passes, its clock by what people set it to. */
int64_t dispatch_now_ms(struct dispatch *d)
{
	int64_t before_ms = clock_steady_ms(), wall_ms = clock_wall_ms();
	int64_t by_ms = wall_ms - before_ms - d->wall_offset_ms;

	if (clock_steady_ms() - before_ms > CLOCK_READ_MS_MAX)
		return wall_ms;
	if (by_ms > CLOCK_STEP_MS_MIN || by_ms < -CLOCK_STEP_MS_MIN) {
		schedule_clock_set(d->schedule, by_ms);
		d->wall_offset_ms += by_ms;
	}
	return wall_ms;
}

struct schedule *dispatch_schedule(const struct dispatch *d)
{
	return d->schedule;
}

struct loop *dispatch_loop(const struct dispatch *d)
{
	return d->loop;
}

struct flow *dispatch_flow(struct dispatch *d)
{
	return &d->flow;
}

unsigned dispatch_on_their_way(const struct dispatch *d)
{
	return d->on_their_way;
}

/* --- what is on its way ------------------------------------------------------------------------
 */

void dispatch_begin(struct dispatch *d)
{
	d->on_their_way++;
}

void dispatch_over(struct dispatch *d)
{
	d->on_their_way--;
	dispatch_pump(d);
}

void dispatch_end(struct dispatch *d, struct promise *m, const uint32_t *rcpts, size_t count,
	enum spool_rcpt_state end)
{
	outcome_end(d, m, rcpts, count, end);
}

void dispatch_put_down(struct dispatch *d, struct promise *m, const uint32_t *rcpts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		m->rcpts[rcpts[i]].in_hand = false;
	schedule_add(d->schedule, m, dispatch_now_ms(d));
	dispatch_pump(d);
}

void dispatch_own(struct dispatch *d, struct promise *m)
{
	schedule_add(d->schedule, m, dispatch_now_ms(d));
	dispatch_pump(d);
}

/* --- what came back ----------------------------------------------------------------------------
 */

/* Nobody reads the bytes now, and nobody will soon: let the memory go. */
static void put_away(struct promise *m)
{
	if (m->users == 0)
		content_forget(m->content);
}

static void came_back(struct loop_task *task)
{
	struct delivery *v = AROUND(task, struct delivery, task);
	struct dispatch *d = v->owner;
	struct promise *m = promise_keep(v->job->message);
	enum conf_transport_kind kind = v->transport->kind;
	uint64_t had = hand_take(m->envelope.id); /* its sender may have to be told */

	m->users--;
	v->slot->driver = v->outbound;
	outcome_settle(d, m, v->job, v->results, &v->trouble,
		kind == CONF_MAILDIR || kind == CONF_LMTP || kind == CONF_PIPE, v->remote);
	dispatch_hear(d, v);
	schedule_done(d->schedule, v->slot, v->after, &v->trouble, dispatch_now_ms(d));
	put_away(m);
	schedule_job_free(v->job);
	router_drop(v->router);
	mem_free(v->results);
	mem_free(v);
	promise_drop(m);
	(void)hand_take(had);
	dispatch_over(d);
}

static void finished(void *owner, struct delivery *v)
{
	struct dispatch *d = owner;

	v->task.run = came_back;
	loop_post(d->loop, &v->task);
}

/* --- what goes out -----------------------------------------------------------------------------
 */

static void arrived(struct loop_task *task)
{
	struct delivery *v = AROUND(task, struct delivery, task);
	uint64_t had = hand_take(v->job->message->envelope.id);

	if (v->transport->kind == CONF_MAILDIR || v->transport->kind == CONF_PIPE)
		maildrop_deliver(v->flow, v);
	else
		outbound_deliver(v->flow, v);
	(void)hand_take(had);
}

static void send_out(struct dispatch *d, const struct schedule_act *act)
{
	struct delivery *v = MEM_NEW(struct delivery);
	struct schedule_destination *to = act->slot->destination;

	v->flow = d->workers[act->slot->worker];
	v->slot = act->slot;
	v->job = act->job;
	v->router = router_keep(schedule_router(d->schedule));
	v->transport = to->transport;
	v->nexthop = to->nexthop;
	v->mails = act->slot->mails;
	v->outbound = act->slot->driver;
	v->results = mem_zero(act->job->count * sizeof *v->results);
	v->finished = finished;
	v->owner = d;
	v->task.run = arrived;
	act->job->message->users++;
	dispatch_begin(d);
	loop_post(v->flow->loop, &v->task);
}

static void start(struct dispatch *d, const struct schedule_act *act)
{
	switch (act->slot->destination->transport->kind) {
	case CONF_SMTP:
	case CONF_LMTP:
	case CONF_MAILDIR:
	case CONF_PIPE:
		send_out(d, act);
		return;
	case CONF_DISCARD:
	case CONF_ERROR:
		dispatch_rule_end(d, act);
		return;
	}
}

static void no_way(struct dispatch *d, struct schedule_job *job)
{
	struct delivery_result result = { .end = DELIVERY_REFUSED, .ours = true };
	struct promise *m = promise_keep(job->message);

	schedule_no_way(d->schedule, job, &result.reply);
	outcome_settle(d, m, job, &result, NULL, false, "");
	schedule_job_free(job);
	promise_drop(m);
}

/* What is known of why a recipient has been waiting. */
static void why_waiting(struct dispatch *d, const struct promise *m, size_t rcpt, struct fail *why)
{
	struct route_mail mail = promise_mail(m, rcpt);
	struct route_way way;
	struct arena a;

	if (m->rcpts[rcpt].last) {
		*why = m->rcpts[rcpt].last->fail;
		return;
	}
	arena_init(&a, ARENA_UNLIMITED);
	fail_with(why, FAIL_TEMPORARY, "4.4.7", "The next server could not be reached");
	if (route_find(schedule_router(d->schedule), &a, &mail, &way, NULL))
		schedule_destination_why(d->schedule, &way, why);
	arena_free(&a);
}

/* All recipients that wait, with what is known of them; unless queued: of those whose jobs were
 * taken out. */
static size_t gather_waiting(
	struct dispatch *d, struct promise *m, bool queued, struct notice_rcpt *rcpts)
{
	size_t count = 0;

	for (size_t i = 0; i < m->envelope.rcpt_count; i++) {
		const struct promise_rcpt *r = &m->rcpts[i];

		if (r->state != SPOOL_WAITING || r->in_hand || r->held || (r->queued && !queued))
			continue;
		rcpts[count].rcpt = (uint32_t)i;
		why_waiting(d, m, i, &rcpts[count].reply);
		rcpts[count].ours = r->last ? r->last->ours : rcpts[count].reply.code == 0;
		rcpts[count].remote = r->last ? r->last->remote : S("");
		count++;
	}
	return count;
}

static bool same_sender(const struct envelope *e, uint32_t a, uint32_t b)
{
	return e->rcpts[a].has_sender == e->rcpts[b].has_sender &&
	       str_eq(e->rcpts[a].sender, e->rcpts[b].sender);
}

/* One notice for each run of recipients that have the same sender. */
void dispatch_tell(struct dispatch *d, struct promise *m, enum dsn_action action,
	const struct notice_rcpt *rcpts, size_t count)
{
	size_t from = 0;

	while (from < count) {
		size_t to = from + 1;

		while (to < count && same_sender(&m->envelope, rcpts[from].rcpt, rcpts[to].rcpt))
			to++;
		notice_send(&d->flow, d, m, action, rcpts + from, to - from);
		from = to;
	}
}

static void tell(struct dispatch *d, struct promise *borrowed, enum dsn_action action)
{
	struct promise *m = promise_keep(borrowed);
	struct notice_rcpt *rcpts = mem_zero(m->envelope.rcpt_count * sizeof *rcpts);
	size_t count;

	count = gather_waiting(d, m, action != DSN_FAILED, rcpts);
	for (size_t i = 0; action == DSN_FAILED && i < count; i++)
		m->rcpts[rcpts[i].rcpt].in_hand = true;
	dispatch_tell(d, m, action, rcpts, count);
	mem_free(rcpts);
	promise_drop(m);
}

/* --- driving the schedule ----------------------------------------------------------------------
 */

static void set_timer(struct dispatch *d, int64_t wall_ms)
{
	int64_t wait_ms = schedule_deadline_ms(d->schedule) - wall_ms;

	if (wait_ms > TIMER_MS_MAX)
		wait_ms = TIMER_MS_MAX;
	if (wait_ms < 1)
		wait_ms = 1;
	loop_timer_set(d->loop, &d->timer, loop_now_ms(d->loop) + wait_ms);
}

static void check_quiet(struct dispatch *d)
{
	if (d->stopping && d->on_their_way == 0 && d->quiet) {
		void (*quiet)(void *owner) = d->quiet;

		d->quiet = NULL;
		loop_timer_cancel(d->loop, &d->timer);
		loop_timer_cancel(d->loop, &d->note_timer);
		quiet(d->owner);
	}
}

void dispatch_pump(struct dispatch *d)
{
	int64_t now_ms = dispatch_now_ms(d);
	bool idle = false;

	if (d->pumping || !d->serving)
		return;
	d->pumping = true;
	for (unsigned acts = 0; !idle && acts < DISPATCH_ACTS_MAX; acts++) {
		struct schedule_act act;

		now_ms = dispatch_now_ms(d); /* what is done below may set the clock */
		act = schedule_next(d->schedule, now_ms);

		switch (act.kind) {
		case SCHEDULE_IDLE:
			idle = true;
			break;
		case SCHEDULE_START:
			start(d, &act);
			break;
		case SCHEDULE_HANG_UP:
			errand_hang_up(d, &act);
			break;
		case SCHEDULE_RESOLVE:
			errand_look_up(d, &act);
			break;
		case SCHEDULE_NO_WAY:
			no_way(d, act.job);
			break;
		case SCHEDULE_WARN:
			tell(d, act.message, DSN_DELAYED);
			break;
		case SCHEDULE_EXPIRE:
			tell(d, act.message, DSN_FAILED);
			break;
		case SCHEDULE_LET_GO:
			dispatch_hold_let_go(d, act.message);
			break;
		}
	}
	d->pumping = false;
	dispatch_remember_soon(d);
	if (!idle) { /* others first */
		loop_timer_set(d->loop, &d->timer, loop_now_ms(d->loop));
		return;
	}
	set_timer(d, now_ms);
	check_quiet(d);
}

static void ticked(struct loop_timer *timer)
{
	dispatch_pump(AROUND(timer, struct dispatch, timer));
}

/* --- what others say to it ---------------------------------------------------------------------
 */

struct dispatch *dispatch_new(const struct dispatch_setup *setup)
{
	struct dispatch *d = MEM_NEW(struct dispatch);

	d->loop = setup->loop;
	d->workers = setup->workers;
	d->wall_offset_ms = clock_wall_ms() - clock_steady_ms();
	d->schedule =
		schedule_new(setup->router, setup->worker_count, setup->seed, clock_wall_ms());
	d->flow = (struct flow){ .loop = setup->loop,
		.spool = setup->spool,
		.ids = setup->ids,
		.numbers = setup->numbers,
		.quarantine = setup->quarantine };
	d->timer.run = ticked;
	return d;
}

void dispatch_free(struct dispatch *d)
{
	loop_timer_cancel(d->loop, &d->timer);
	loop_timer_cancel(d->loop, &d->note_timer);
	schedule_free(d->schedule);
	mem_free(d);
}

void dispatch_found(void *owner, const struct spool_found *found)
{
	struct dispatch *d = owner;
	struct promise *m = promise_new(found->envelope, found->content);

	for (size_t i = 0; i < m->envelope.rcpt_count; i++) {
		const struct spool_rcpt *was = &found->rcpts[i];
		struct promise_rcpt *is = &m->rcpts[i];

		is->held = was->state == SPOOL_HELD;
		is->state = is->held ? SPOOL_WAITING : was->state;
		is->attempts = was->attempts;
		is->next_ms = was->next_ms;
		if (spool_rcpt_ended(was->state))
			m->waiting--;
		if (was->last.kind != FAIL_NONE) {
			struct promise_words *words =
				promise_words_new(&was->last, was->last.code == 0, S(""));

			promise_rcpt_heard(m, i, words);
			promise_words_drop(words);
		}
	}
	dispatch_hold_untouched(m, found->rcpts);
	dispatch_hold_count(d, m);
	assert(m->waiting > 0);
	schedule_add(d->schedule, m, dispatch_now_ms(d));
}

void dispatch_serve(
	struct dispatch *d, struct spool *spool, struct resolver *resolver, struct work *signer)
{
	d->flow.signer = signer;
	d->flow.spool = spool;
	d->flow.resolver = resolver;
	dispatch_recall(d);
	dispatch_aside_hold(d);
	d->serving = true;
	dispatch_pump(d);
}

struct handoff {
	struct loop_task task;
	struct dispatch *dispatch;
	struct promise *message;
};

static void taken(struct loop_task *task)
{
	struct handoff *h = AROUND(task, struct handoff, task);
	struct dispatch *d = h->dispatch;
	struct promise *m = promise_keep(h->message);
	uint64_t had = hand_take(m->envelope.id);

	dispatch_hold_untouched(m, NULL);
	schedule_add(d->schedule, h->message, dispatch_now_ms(d));
	mem_free(h);
	expansion_tell(&d->flow, d, m);
	dispatch_pump(d);
	if (schedule_backs_off(m))
		put_away(m);
	promise_drop(m);
	(void)hand_take(had);
}

void dispatch_accept(struct dispatch *d, struct promise *m)
{
	struct handoff *h = MEM_NEW(struct handoff);

	h->task.run = taken;
	h->dispatch = d;
	h->message = m;
	loop_post(d->loop, &h->task);
}

void dispatch_reload(struct dispatch *d, struct router *router)
{
	schedule_reroute(d->schedule, router, dispatch_now_ms(d));
	dispatch_pump(d);
}

void dispatch_start_no_more(struct dispatch *d)
{
	schedule_stop(d->schedule);
	dispatch_pump(d);
}

void dispatch_stop(struct dispatch *d, void (*quiet)(void *owner), void *owner)
{
	if (schedule_changed(d->schedule))
		dispatch_remember(d, NULL, NULL);
	d->stopping = true;
	d->quiet = quiet;
	d->owner = owner;
	schedule_stop(d->schedule);
	dispatch_pump(d);
}
