/* queue/schedule: whose turn it is. */
#include "queue/schedule_inside.h"

/* The first whose moment has come, as long as this call may do more.  What is left is due in the
 * next one: schedule_deadline_ms is in the past then. */
static struct heap_node *due(const struct heap *h, unsigned *steps, int64_t now_ms)
{
	struct heap_node *node = heap_first(h);

	if (!node || node->at > now_ms || *steps == 0)
		return NULL;
	--*steps;
	return node;
}

/* Each kind has steps of its own, so that none keeps the others asleep. */
static void wake(struct schedule *s, int64_t now_ms)
{
	unsigned jobs = SCHEDULE_WAKE_STEP, rests = jobs, wakes = jobs;
	struct heap_node *node;

	while ((node = due(&s->due, &jobs, now_ms))) {
		struct schedule_job *job = AROUND(node, struct schedule_job, due);

		schedule_job_ready(s, job);
		schedule_destination_settle(s, job->destination, now_ms);
	}
	while ((node = due(&s->rests, &rests, now_ms)))
		schedule_destination_settle(
			s, AROUND(node, struct schedule_destination, wake), now_ms);
	while ((node = due(&s->wakes, &wakes, now_ms)))
		schedule_provider_settle(s, AROUND(node, struct schedule_provider, wake), now_ms);
}

/* --- acts --------------------------------------------------------------------------------------
 */

/* It is the caller's from now on, with a reference of the message. */
static void take_in_hand(struct schedule *s, struct schedule_job *job, struct promise *m)
{
	schedule_job_unqueue(s, job, m);
	for (size_t i = 0; i < job->count; i++)
		m->rcpts[job->rcpts[i]].in_hand = true;
	job->message = promise_keep(m);
}

static struct schedule_act start(struct schedule *s, struct schedule_slot *slot, int64_t now_ms)
{
	struct schedule_destination *d = slot->destination;
	struct schedule_job *job = schedule_job_next(d);
	struct promise *m = schedule_message_open(&s->messages, job->of);

	schedule_slot_take(s, slot);
	list_remove(&d->provider->ready); /* its turn is over: behind the others */
	list_remove(&d->turn);
	slot->busy = true;
	slot->mails++;
	take_in_hand(s, job, m);
	schedule_provider_started(d->provider, now_ms);
	schedule_destination_settle(s, d, now_ms);
	return (struct schedule_act){ .kind = SCHEDULE_START, .slot = slot, .job = job };
}

static struct schedule_act hang_up(struct schedule *s, struct schedule_slot *slot, int64_t now_ms)
{
	schedule_slot_close(s, slot);
	schedule_destination_settle(s, slot->destination, now_ms);
	return (struct schedule_act){ .kind = SCHEDULE_HANG_UP, .slot = slot };
}

/* As with Postfix, it is an attempt behind the lifetime that ends a recipient, if it fails
 * (schedule_expired): who only waits for his turn, behind others, because of our limits or because
 * the peer asks for less, is not given up for his age as long as mail gets through there, and who
 * was planned for later has his turn now.  Where it does not, the trouble there stands for his. */
static bool has_a_turn(const struct schedule_job *job, int64_t now_ms)
{
	/* who has no way will be told so */
	return !job->destination || schedule_destination_takes(job->destination, now_ms);
}

/* Of a message that is too old: takes out the jobs that nothing can be hoped of.  *left: some wait
 * for their turn.  True: their recipients, which are queued no more, are to end. */
static bool give_up(struct schedule *s, struct promise *m, int64_t now_ms, bool *left)
{
	bool some = false;

	*left = false;
	LIST_EACH_SAFE (link, &m->listed->jobs) {
		struct schedule_job *job = AROUND(link, struct schedule_job, sibling);
		struct schedule_destination *d = job->destination;

		if (!has_a_turn(job, now_ms)) {
			some = true;
			schedule_job_drop(s, job, m);
		} else {
			*left = true;
			if (job->place == SCHEDULE_JOB_TIMED)
				schedule_job_ready(s, job);
		}
		if (d)
			schedule_destination_settle(s, d, now_ms);
	}
	return some;
}

/* IDLE: nothing came of it. */
static struct schedule_act expire(struct schedule *s, struct promise *m, int64_t now_ms)
{
	bool left, some = give_up(s, m, now_ms, &left);

	m->warned = true;
	if (left)
		heap_set(&s->alarms, &m->listed->alarm, now_ms + SCHEDULE_LAST_CHANCE_MS);
	else if (promise_quarantined(m))
		heap_set(&s->alarms, &m->listed->alarm, schedule_let_go_ms(s, m));
	else
		heap_remove(&s->alarms, &m->listed->alarm);
	return (struct schedule_act){ .kind = some ? SCHEDULE_EXPIRE : SCHEDULE_IDLE,
		.message = m };
}

static struct schedule_act alarm_act(struct schedule *s, struct schedule_message *e, int64_t now_ms)
{
	struct promise *m = schedule_message_open(&s->messages, e);

	if (schedule_let_go_ms(s, m) <= now_ms) {
		/* some may have been released, and wait */
		heap_set(&s->alarms, &e->alarm, now_ms + SCHEDULE_LAST_CHANCE_MS);
		return (struct schedule_act){ .kind = SCHEDULE_LET_GO, .message = m };
	}
	if (schedule_expired(s, m, now_ms))
		return expire(s, m, now_ms);
	if (schedule_alarm_ms(s, m) > now_ms) { /* it was released, or settings are new */
		schedule_set_alarm(s, m);
		return (struct schedule_act){ .kind = SCHEDULE_IDLE };
	}
	m->warned = true;
	schedule_set_alarm(s, m);
	return (struct schedule_act){ .kind = SCHEDULE_WARN, .message = m };
}

static struct schedule_act no_way_act(struct schedule *s, struct schedule_job *job)
{
	take_in_hand(s, job, schedule_message_open(&s->messages, job->of));
	return (struct schedule_act){ .kind = SCHEDULE_NO_WAY, .job = job };
}

static struct schedule_act resolve(struct schedule *s, struct schedule_destination *d)
{
	list_remove(&d->ask);
	if (++s->ticket == 0)
		s->ticket = 1;
	d->ticket = s->ticket;
	map_set(&s->asked, str_from(&d->ticket, sizeof d->ticket), d);
	return (struct schedule_act){
		.kind = SCHEDULE_RESOLVE, .name = d->domain, .ticket = d->ticket
	};
}

/* --- whose turn --------------------------------------------------------------------------------
 */

/* An idle connection whose destination has mail, and which has not carried a whole turn of it. */
static struct schedule_slot *slot_in_turn(const struct schedule_provider *p)
{
	LIST_EACH (link, &p->idle) {
		struct schedule_slot *slot = AROUND(link, struct schedule_slot, of_all);

		if (!list_empty(&slot->destination->turn) && slot->mails % SCHEDULE_TURN_MAILS != 0)
			return slot;
	}
	return NULL;
}

/* What a provider does when its turn has come; IDLE: nothing now. */
static struct schedule_act take_turn(
	struct schedule *s, struct schedule_provider *p, int64_t now_ms)
{
	struct schedule_destination *d =
		AROUND(list_first(&p->turn), struct schedule_destination, turn);
	bool full = p->slots >= schedule_provider_slots_max(p);
	struct schedule_slot *slot;

	if (!list_empty(&d->idle))
		return start(s, AROUND(list_first(&d->idle), struct schedule_slot, link), now_ms);
	if (!full && s->slots < SCHEDULE_SLOTS_MAX)
		return start(s, schedule_slot_new(s, d), now_ms);
	slot = slot_in_turn(p);
	if (slot)
		return start(s, slot, now_ms);
	if (full && p->closing == 0 && !list_empty(&p->idle)) /* its place is wanted */
		return hang_up(
			s, AROUND(list_first(&p->idle), struct schedule_slot, of_all), now_ms);
	return (struct schedule_act){ .kind = SCHEDULE_IDLE };
}

/* The first of the providers, in their row, whose turn leads to something.  With all connections in
 * use none does, and a hundred thousand may stand there. */
static struct schedule_act next_turn(struct schedule *s, int64_t now_ms)
{
	struct schedule_act act = { .kind = SCHEDULE_IDLE };

	s->turns = 0;
	if (s->slots >= SCHEDULE_SLOTS_MAX && s->idle.count == 0)
		return act;
	LIST_EACH (link, &s->ready) {
		s->turns++;
		act = take_turn(s, AROUND(link, struct schedule_provider, ready), now_ms);
		if (act.kind != SCHEDULE_IDLE)
			break;
	}
	return act;
}

/* The first of the alarms that are due of which something comes. */
static struct schedule_act ring(struct schedule *s, int64_t now_ms)
{
	struct schedule_act act = { .kind = SCHEDULE_IDLE };
	unsigned steps = SCHEDULE_WAKE_STEP;
	struct heap_node *node;

	while (act.kind == SCHEDULE_IDLE && (node = due(&s->alarms, &steps, now_ms)))
		act = alarm_act(s, AROUND(node, struct schedule_message, alarm), now_ms);
	return act;
}

struct schedule_act schedule_next(struct schedule *s, int64_t now_ms)
{
	struct schedule_act act;
	struct schedule_slot *idle = schedule_slot_to_hang_up(s, now_ms);
	struct list *first;

	s->began = true;
	if (idle)
		return hang_up(s, idle, now_ms);
	if (s->stopping)
		return (struct schedule_act){ .kind = SCHEDULE_IDLE };
	if ((s->regrouping && !schedule_reroute_step(s, now_ms)) ||
		(s->settling && !schedule_settle_step(s, now_ms)))
		return (struct schedule_act){ .kind = SCHEDULE_IDLE };
	act = ring(s, now_ms);
	if (act.kind != SCHEDULE_IDLE)
		return act;
	first = list_first(&s->no_way); /* not before: a last chance groups anew */
	if (first)
		return no_way_act(s, AROUND(first, struct schedule_job, link));
	wake(s, now_ms);
	first = list_first(&s->asking);
	if (first && s->asked.count < SCHEDULE_ASKED_MAX)
		return resolve(s, AROUND(first, struct schedule_destination, ask));
	act = next_turn(s, now_ms);
	if (act.kind == SCHEDULE_IDLE)
		schedule_messages_shelve(&s->messages);
	return act;
}
