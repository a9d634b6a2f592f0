/* queue/schedule: jobs, a message's recipients that travel together. */
#include "base/mem.h"
#include "queue/schedule_inside.h"

/* --- where they wait ---------------------------------------------------------------------------
 */

struct schedule_job *schedule_job_next(struct schedule_destination *d)
{
	bool old = list_empty(&d->fresh) ||
		   (!list_empty(&d->old) && d->fresh_row >= SCHEDULE_FRESH_ROW);

	d->fresh_row = old ? 0 : d->fresh_row + 1;
	return AROUND(list_first(old ? &d->old : &d->fresh), struct schedule_job, link);
}

void schedule_jobs_grow_old(struct schedule_destination *d)
{
	list_move_all(&d->old, &d->fresh);
}

/* What comes while there is no way waits with the old. */
static void make_ready(struct schedule_job *job)
{
	struct schedule_destination *d = job->destination;
	bool old = job->old || d->paused || schedule_destination_failures(d) > 0;

	job->place = SCHEDULE_JOB_READY;
	list_append(old ? &d->old : &d->fresh, &job->link);
	d->job_count++;
}

void schedule_job_ready(struct schedule *s, struct schedule_job *job)
{
	heap_remove(&s->due, &job->due);
	make_ready(job);
}

void schedule_job_free(struct schedule_job *job)
{
	promise_drop(job->message);
	mem_free(job);
}

void schedule_job_unqueue(struct schedule *s, struct schedule_job *job, struct promise *m)
{
	struct schedule_destination *d = job->destination;

	if (d)
		d->waiting -= job->count;
	if (job->place == SCHEDULE_JOB_TIMED) {
		heap_remove(&s->due, &job->due);
	} else {
		list_remove(&job->link);
		if (d)
			d->job_count--;
	}
	job->place = SCHEDULE_JOB_NOWHERE;
	list_remove(&job->sibling);
	for (size_t i = 0; i < job->count; i++)
		m->rcpts[job->rcpts[i]].queued = false;
}

void schedule_job_drop(struct schedule *s, struct schedule_job *job, struct promise *m)
{
	schedule_job_unqueue(s, job, m);
	mem_free(job);
}

void schedule_jobs_drop(struct schedule *s, struct promise *m)
{
	LIST_EACH_SAFE (link, &m->listed->jobs)
		schedule_job_drop(s, AROUND(link, struct schedule_job, sibling), m);
}

static void job_queue(struct schedule *s, struct schedule_job *job, struct promise *m,
	int64_t next_ms, int64_t now_ms)
{
	struct schedule_destination *d = job->destination;

	job->of = m->listed;
	list_append(&m->listed->jobs, &job->sibling);
	for (size_t i = 0; i < job->count; i++)
		m->rcpts[job->rcpts[i]].queued = true;
	if (!d) {
		job->place = SCHEDULE_JOB_READY;
		list_append(&s->no_way, &job->link);
		return;
	}
	d->waiting += job->count;
	if (next_ms > now_ms) {
		job->place = SCHEDULE_JOB_TIMED;
		job->due = (struct heap_node){ 0 };
		heap_set(&s->due, &job->due, next_ms);
	} else {
		make_ready(job);
	}
	schedule_destination_settle(s, d, now_ms);
}

/* --- making them -------------------------------------------------------------------------------
 */

static struct schedule_job *job_new(struct schedule_destination *d, size_t size)
{
	struct schedule_job *job = mem_zero(sizeof *job + size * sizeof job->rcpts[0]);

	job->destination = d;
	return job;
}

/* May this recipient travel in the job that is being built for its destination? */
static bool fits(const struct schedule_job *job, const struct promise *m, size_t rcpt)
{
	size_t first = job->rcpts[0];

	return job->count < SCHEDULE_JOB_RCPTS_MAX &&
	       m->rcpts[first].next_ms == m->rcpts[rcpt].next_ms &&
	       m->envelope.rcpts[first].has_sender == m->envelope.rcpts[rcpt].has_sender &&
	       m->envelope.rcpts[first].forwarded == m->envelope.rcpts[rcpt].forwarded &&
	       str_eq(m->envelope.rcpts[first].sender, m->envelope.rcpts[rcpt].sender);
}

static void finish_building(
	struct schedule *s, struct schedule_destination *d, struct promise *m, int64_t now_ms)
{
	struct schedule_job *job = d->building;

	d->building = NULL;
	/* most wait long, and are small */
	job = mem_grow(job, sizeof *job + job->count * sizeof job->rcpts[0]);
	job->old = !s->began || m->rcpts[job->rcpts[0]].attempts > 0;
	job_queue(s, job, m, m->rcpts[job->rcpts[0]].next_ms, now_ms);
}

static void no_way(struct schedule *s, struct promise *m, size_t rcpt)
{
	struct schedule_job *job = job_new(NULL, 1);

	job->rcpts[job->count++] = (uint32_t)rcpt;
	job_queue(s, job, m, 0, 0);
}

void schedule_no_way(struct schedule *s, const struct schedule_job *job, struct fail *why)
{
	struct route_mail mail = promise_mail(job->message, job->rcpts[0]);
	struct route_way way;

	if (route_find(s->router, &s->scratch, &mail, &way, why))
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "The way to it has just been found");
	arena_reset(&s->scratch);
}

static bool wants_job(const struct promise_rcpt *r)
{
	return r->state == SPOOL_WAITING && !r->in_hand && !r->queued && !r->held;
}

static size_t count_wanted(const struct promise *m)
{
	size_t wanted = 0;

	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		wanted += wants_job(&m->rcpts[i]);
	return wanted;
}

void schedule_group(struct schedule *s, struct promise *m, int64_t now_ms)
{
	size_t n = m->envelope.rcpt_count, wanted = count_wanted(m);
	size_t size = wanted < SCHEDULE_JOB_RCPTS_MAX ? wanted : SCHEDULE_JOB_RCPTS_MAX;
	struct schedule_destination **to;

	if (wanted == 0)
		return;
	to = arena_alloc(&s->scratch, n * sizeof(void *));
	for (size_t i = 0; i < n; i++) {
		struct route_mail mail;
		struct route_way way;
		struct fail why;
		struct schedule_destination *d;

		if (!wants_job(&m->rcpts[i]))
			continue;
		if (m->rcpts[i].next_ms <= now_ms)
			m->rcpts[i].next_ms = 0;
		mail = promise_mail(m, i);
		if (!route_find(s->router, &s->scratch, &mail, &way, &why)) {
			no_way(s, m, i);
			continue;
		}
		d = to[i] = schedule_destination_of(s, &way, now_ms);
		if (d->building && !fits(d->building, m, i))
			finish_building(s, d, m, now_ms);
		if (!d->building)
			d->building = job_new(d, size);
		d->building->rcpts[d->building->count++] = (uint32_t)i;
	}
	for (size_t i = 0; i < n; i++)
		if (to[i] && to[i]->building)
			finish_building(s, to[i], m, now_ms);
	arena_reset(&s->scratch);
}
