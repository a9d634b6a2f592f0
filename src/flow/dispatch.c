#include "flow/dispatch.h"

#include <assert.h>

#include "base/log.h"
#include "base/mem.h"
#include "flow/dispatch_inside.h"
#include "flow/maildrop.h"
#include "flow/notice.h"
#include "flow/outbound.h"
#include "world/clock.h"

#define TIMER_MS_MAX 60000 /* the wall clock may jump: look again after so long */

static void pump(struct dispatch *d);

struct schedule *dispatch_schedule(const struct dispatch *d)
{
	return d->schedule;
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
	pump(d);
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
	schedule_add(d->schedule, m, clock_wall_ms());
	pump(d);
}

void dispatch_own(struct dispatch *d, struct promise *m)
{
	schedule_add(d->schedule, m, clock_wall_ms());
	pump(d);
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

	m->users--;
	v->slot->driver = v->outbound;
	outcome_settle(d, m, v->job, v->results, &v->trouble,
		kind == CONF_MAILDIR || kind == CONF_LMTP, v->remote);
	schedule_done(d->schedule, v->slot, v->after, &v->trouble, clock_wall_ms());
	put_away(m);
	schedule_job_free(v->job);
	router_drop(v->router);
	mem_free(v->results);
	mem_free(v);
	promise_drop(m);
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

	if (v->transport->kind == CONF_MAILDIR)
		maildrop_deliver(v->flow, v);
	else
		outbound_deliver(v->flow, v);
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

/* discard and error need no worker. */
static void end_by_rule(struct dispatch *d, const struct schedule_act *act)
{
	const struct conf_transport *t = act->slot->destination->transport;
	struct promise *m = promise_keep(act->job->message);
	struct delivery_result *results = mem_zero(act->job->count * sizeof *results);
	char origin[CONF_ORIGIN_TEXT_MAX];

	if (t->kind == CONF_DISCARD) {
		for (size_t i = 0; i < act->job->count; i++) {
			struct log_record r;

			FLOW_COUNT(&d->flow, discarded);
			log_open(&r, LOG_INFO, "discarded");
			log_id(&r, "id", m->envelope.id);
			log_str(&r, "to", m->envelope.rcpts[act->job->rcpts[i]].address);
			log_c(&r, "rule", conf_origin_print(&t->origin, origin));
			log_close(&r);
		}
		dispatch_end(d, m, act->job->rcpts, act->job->count, SPOOL_DISCARDED);
	} else {
		for (size_t i = 0; i < act->job->count; i++) {
			struct delivery_result *result = &results[i];

			result->end = DELIVERY_REFUSED;
			result->ours = true;
			fail_with(&result->reply, FAIL_PERMANENT, "", "%.*s", STR(t->text));
			str_to_c(t->status, result->reply.status, sizeof result->reply.status);
			conf_origin_print(&t->origin, result->reply.origin);
		}
		outcome_settle(d, m, act->job, results, NULL, false, "");
	}
	schedule_done(d->schedule, act->slot, SCHEDULE_CLOSED, NULL, clock_wall_ms());
	schedule_job_free(act->job);
	mem_free(results);
	promise_drop(m);
}

static void start(struct dispatch *d, const struct schedule_act *act)
{
	switch (act->slot->destination->transport->kind) {
	case CONF_SMTP:
	case CONF_LMTP:
	case CONF_MAILDIR:
		send_out(d, act);
		return;
	case CONF_DISCARD:
	case CONF_ERROR:
		end_by_rule(d, act);
		return;
	}
}

struct hang_up {
	struct loop_task task;
	struct dispatch *dispatch;
	struct outbound *outbound;
};

static void hung_up_back(struct loop_task *task)
{
	struct hang_up *h = AROUND(task, struct hang_up, task);
	struct dispatch *d = h->dispatch;

	mem_free(h);
	dispatch_over(d);
}

static void hang_up_there(struct loop_task *task)
{
	struct hang_up *h = AROUND(task, struct hang_up, task);

	outbound_hang_up(h->outbound);
	h->task.run = hung_up_back;
	loop_post(h->dispatch->loop, &h->task);
}

static void hang_up(struct dispatch *d, const struct schedule_act *act)
{
	struct hang_up *h;

	if (!act->driver)
		return;
	h = MEM_NEW(struct hang_up);
	h->dispatch = d;
	h->outbound = act->driver;
	h->task.run = hang_up_there;
	dispatch_begin(d);
	loop_post(d->workers[act->worker]->loop, &h->task);
}

static void no_way(struct dispatch *d, struct schedule_job *job)
{
	struct delivery_result result = {
		.end = DELIVERY_REFUSED, .reply = *job->why, .ours = true
	};
	struct promise *m = promise_keep(job->message);

	outcome_settle(d, m, job, &result, NULL, false, "");
	schedule_job_free(job);
	promise_drop(m);
}

/* What is known of why a recipient has been waiting. */
static void why_waiting(struct dispatch *d, const struct promise *m, size_t rcpt, struct fail *why)
{
	struct route_way way;
	struct arena a;

	if (m->rcpts[rcpt].last) {
		*why = m->rcpts[rcpt].last->fail;
		return;
	}
	arena_init(&a, ARENA_UNLIMITED);
	fail_with(why, FAIL_TEMPORARY, "4.4.7", "The next server could not be reached");
	if (route_find(
		    schedule_router(d->schedule), &a, m->envelope.rcpts[rcpt].address, &way, NULL))
		schedule_destination_why(d->schedule, &way, why);
	arena_free(&a);
}

/* All recipients that wait, with what is known of them. */
static size_t gather_waiting(struct dispatch *d, struct promise *m, struct notice_rcpt *rcpts)
{
	size_t count = 0;

	for (size_t i = 0; i < m->envelope.rcpt_count; i++) {
		if (m->rcpts[i].state != SPOOL_WAITING || m->rcpts[i].in_hand)
			continue;
		rcpts[count].rcpt = (uint32_t)i;
		rcpts[count].ours = !m->rcpts[i].last;
		why_waiting(d, m, i, &rcpts[count].reply);
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
static void tell_in_runs(struct dispatch *d, struct promise *m, enum dsn_action action,
	const struct notice_rcpt *rcpts, size_t count)
{
	size_t from = 0;

	while (from < count) {
		size_t to = from + 1;

		while (to < count && same_sender(&m->envelope, rcpts[from].rcpt, rcpts[to].rcpt))
			to++;
		notice_send(&d->flow, d, m, action, rcpts + from, to - from, "");
		from = to;
	}
}

static void tell(struct dispatch *d, struct promise *borrowed, enum dsn_action action)
{
	struct promise *m = promise_keep(borrowed);
	struct notice_rcpt *rcpts = mem_zero(m->envelope.rcpt_count * sizeof *rcpts);
	size_t count;

	if (action == DSN_FAILED)
		schedule_withdraw(d->schedule, m, clock_wall_ms());
	count = gather_waiting(d, m, rcpts);
	for (size_t i = 0; action == DSN_FAILED && i < count; i++)
		m->rcpts[rcpts[i].rcpt].in_hand = true;
	tell_in_runs(d, m, action, rcpts, count);
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
		quiet(d->owner);
	}
}

static void pump(struct dispatch *d)
{
	int64_t now_ms = clock_wall_ms();

	if (d->pumping || !d->serving)
		return;
	d->pumping = true;
	for (bool idle = false; !idle;) {
		struct schedule_act act = schedule_next(d->schedule, now_ms);

		switch (act.kind) {
		case SCHEDULE_IDLE:
			idle = true;
			break;
		case SCHEDULE_START:
			start(d, &act);
			break;
		case SCHEDULE_HANG_UP:
			hang_up(d, &act);
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
		}
	}
	d->pumping = false;
	set_timer(d, now_ms);
	check_quiet(d);
}

static void ticked(struct loop_timer *timer)
{
	pump(AROUND(timer, struct dispatch, timer));
}

/* --- what others say to it ---------------------------------------------------------------------
 */

struct dispatch *dispatch_new(const struct dispatch_setup *setup)
{
	struct dispatch *d = MEM_NEW(struct dispatch);

	d->loop = setup->loop;
	d->workers = setup->workers;
	d->schedule = schedule_new(setup->router, setup->worker_count, setup->seed);
	d->flow = (struct flow){ .loop = setup->loop,
		.spool = setup->spool,
		.ids = setup->ids,
		.numbers = setup->numbers };
	d->timer.run = ticked;
	return d;
}

void dispatch_free(struct dispatch *d)
{
	loop_timer_cancel(d->loop, &d->timer);
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

		is->state = was->state;
		is->attempts = was->attempts;
		is->next_ms = was->next_ms;
		if (was->state != SPOOL_WAITING)
			m->waiting--;
		if (was->last.kind != FAIL_NONE) {
			struct promise_words *words = promise_words_new(&was->last);

			promise_rcpt_heard(m, i, words);
			promise_words_drop(words);
		}
	}
	assert(m->waiting > 0);
	schedule_add(d->schedule, m, clock_wall_ms());
}

void dispatch_serve(struct dispatch *d, struct spool *spool)
{
	d->flow.spool = spool;
	d->serving = true;
	pump(d);
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

	schedule_add(d->schedule, h->message, clock_wall_ms());
	mem_free(h);
	pump(d);
	if (schedule_backs_off(m))
		put_away(m);
	promise_drop(m);
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
	schedule_reroute(d->schedule, router, clock_wall_ms());
	pump(d);
}

void dispatch_stop(struct dispatch *d, void (*quiet)(void *owner), void *owner)
{
	d->stopping = true;
	d->quiet = quiet;
	d->owner = owner;
	schedule_stop(d->schedule);
	pump(d);
}

void dispatch_retry(struct dispatch *d, struct promise *m)
{
	schedule_retry(d->schedule, m, clock_wall_ms());
	pump(d);
}

void dispatch_delete(struct dispatch *d, struct promise *borrowed)
{
	struct promise *m = promise_keep(borrowed);
	uint32_t *rcpts = mem_zero(m->envelope.rcpt_count * sizeof *rcpts);
	size_t count = 0;

	schedule_withdraw(d->schedule, m, clock_wall_ms());
	for (size_t i = 0; i < m->envelope.rcpt_count; i++) {
		if (m->rcpts[i].state != SPOOL_WAITING || m->rcpts[i].in_hand)
			continue;
		m->rcpts[i].in_hand = true;
		rcpts[count++] = (uint32_t)i;
	}
	dispatch_end(d, m, rcpts, count, SPOOL_DELETED);
	mem_free(rcpts);
	promise_drop(m);
	pump(d);
}
