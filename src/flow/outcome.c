/*
 * flow/outcome - what became of recipients: written down, put off, or told to the sender
 */
#include <assert.h>

#include "base/log.h"
#include "base/mem.h"
#include "flow/dispatch_inside.h"
#include "flow/notice.h"

struct record {
	struct spool_record record;
	struct dispatch *dispatch;
	struct promise *message; /* a reference */
	size_t size;
	struct spool_update updates[];
};

static struct record *record_new(struct dispatch *d, struct promise *m, size_t size)
{
	struct record *r = mem_zero(sizeof *r + size * sizeof r->updates[0]);

	r->dispatch = d;
	r->message = promise_keep(m);
	r->size = size;
	return r;
}

static void record_add(struct record *r, uint32_t rcpt, enum spool_rcpt_state state)
{
	const struct promise_rcpt *of = &r->message->rcpts[rcpt];
	struct spool_update *update = &r->updates[r->record.count++];

	assert(r->record.count <= r->size);
	update->id = r->message->envelope.id;
	update->rcpt = rcpt;
	update->now.state = state == SPOOL_WAITING && of->held ? SPOOL_HELD : state;
	update->now.attempts = of->attempts;
	update->now.next_ms = of->next_ms;
	if (state == SPOOL_WAITING && of->last)
		update->now.last = of->last->fail;
}

static void recorded(struct spool_record *record)
{
	struct record *r = AROUND(record, struct record, record);
	struct dispatch *d = r->dispatch;

	if (!record->ok) {
		log_line(LOG_ERROR, "not-recorded",
			"what became of a message could not be written down: it may be sent again "
			"after a restart");
		dispatch_start_no_more(d); /* each more would be sent twice */
	}
	for (size_t i = 0; i < record->count; i++)
		if (spool_rcpt_ended(r->updates[i].now.state))
			schedule_close(d->schedule, r->message, r->updates[i].rcpt,
				r->updates[i].now.state);
	dispatch_hold_count(d, r->message);
	promise_drop(r->message);
	mem_free(r);
	dispatch_over(d);
}

static void record_send(struct record *r)
{
	struct dispatch *d = r->dispatch;

	if (r->record.count == 0) {
		promise_drop(r->message);
		mem_free(r);
		return;
	}
	r->record.updates = r->updates;
	r->record.loop = d->loop;
	r->record.done = recorded;
	dispatch_begin(d);
	spool_record(d->flow.spool, &r->record);
}

void outcome_end(struct dispatch *d, struct promise *m, const uint32_t *rcpts, size_t count,
	enum spool_rcpt_state end)
{
	struct record *r = record_new(d, m, count);

	for (size_t i = 0; i < count; i++)
		record_add(r, rcpts[i], end);
	record_send(r);
}

void outcome_note(struct dispatch *d, struct promise *m, const uint32_t *rcpts, size_t count)
{
	struct record *r = record_new(d, m, count);

	for (size_t i = 0; i < count; i++)
		record_add(r, rcpts[i], SPOOL_WAITING);
	record_send(r);
}

/* --- sorting results ---------------------------------------------------------------------------
 */

/* The results of one job, sorted by what has to be done. */
struct sorted {
	struct notice_rcpt *failed, *told;
	size_t failed_count, told_count;
	str remote;             /* who said it, where it was not us */
	unsigned wait_attempts; /* those who failed as often come back together, after: */
	int64_t wait_ms;
	struct record *record;
};

static void refused(struct sorted *s, uint32_t rcpt, const struct fail *reply, bool ours)
{
	s->failed[s->failed_count++] = (struct notice_rcpt){
		.rcpt = rcpt, .reply = *reply, .ours = ours, .remote = s->remote
	};
}

static void put_off(struct dispatch *d, struct sorted *s, struct promise *m, uint32_t rcpt,
	const struct delivery_result *result, int64_t now_ms)
{
	struct promise_rcpt *r = &m->rcpts[rcpt];
	struct promise_words *words =
		promise_words_new(&result->reply, result->ours, result->ours ? S("") : s->remote);

	promise_rcpt_heard(m, rcpt, words);
	promise_words_drop(words);
	r->attempts++;
	if (schedule_expired(d->schedule, m, now_ms)) {
		refused(s, rcpt, &result->reply, result->ours);
		return;
	}
	if (s->wait_attempts != r->attempts) {
		s->wait_attempts = r->attempts;
		s->wait_ms = schedule_wait_ms(d->schedule, r->attempts);
	}
	r->next_ms = now_ms + s->wait_ms;
	r->in_hand = false;
	FLOW_COUNT(&d->flow, deferred);
	record_add(s->record, rcpt, SPOOL_WAITING);
}

/* soft-bounce: what would go back to the sender waits. */
static void go_back(struct dispatch *d, struct sorted *s, struct promise *m, uint32_t rcpt,
	const struct delivery_result *result, int64_t now_ms)
{
	struct delivery_result soft = *result;

	if (router_conf(schedule_router(d->schedule))->soft_bounce == CONF_OFF) {
		refused(s, rcpt, &result->reply, result->ours);
		return;
	}
	fail_soften(&soft.reply);
	put_off(d, s, m, rcpt, &soft, now_ms);
}

static void sort(struct dispatch *d, struct sorted *s, struct promise *m, uint32_t rcpt,
	const struct delivery_result *result, const struct fail *trouble, int64_t now_ms)
{
	switch (result->end) {
	case DELIVERY_DONE:
		FLOW_COUNT(&d->flow, delivered);
		promise_rcpt_heard(m, rcpt, NULL); /* earlier troubles are over */
		record_add(s->record, rcpt, SPOOL_DELIVERED);
		if (!result->dsn_passed && m->envelope.rcpts[rcpt].notify & SMTP_NOTIFY_SUCCESS)
			s->told[s->told_count++] = (struct notice_rcpt){ .rcpt = rcpt,
				.reply = result->reply,
				.ours = result->ours,
				.remote = s->remote };
		return;
	case DELIVERY_REFUSED:
		go_back(d, s, m, rcpt, result, now_ms);
		return;
	case DELIVERY_LATER:
		put_off(d, s, m, rcpt, result, now_ms);
		return;
	case DELIVERY_AGAIN:
		if (schedule_expired(d->schedule, m, now_ms))
			refused(s, rcpt, trouble, trouble->code == 0);
		else
			m->rcpts[rcpt].in_hand = false;
		return;
	}
}

void outcome_settle(struct dispatch *d, struct promise *m, const struct schedule_job *job,
	const struct delivery_result *results, const struct fail *trouble, bool final,
	const char *remote)
{
	int64_t now_ms = dispatch_now_ms(d);
	struct sorted s = { .record = record_new(d, m, job->count), .remote = str_of(remote) };

	s.failed = mem_zero(job->count * sizeof *s.failed);
	s.told = mem_zero(job->count * sizeof *s.told);
	for (size_t i = 0; i < job->count; i++)
		sort(d, &s, m, job->rcpts[i], &results[i], trouble, now_ms);
	record_send(s.record);
	if (s.told_count > 0)
		notice_send(
			&d->flow, d, m, final ? DSN_DELIVERED : DSN_RELAYED, s.told, s.told_count);
	if (s.failed_count > 0)
		notice_send(&d->flow, d, m, DSN_FAILED, s.failed, s.failed_count);
	mem_free(s.failed);
	mem_free(s.told);
	schedule_add(d->schedule, m, now_ms);
}
