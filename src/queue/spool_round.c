/*
 * A round of the committer: everything that has come is written, one sync makes it durable, then
 * the index learns of it and the answers go out.
 */
#include "queue/spool_parts.h"

#include <assert.h>

#include "base/mem.h"

#define UPDATES_WAIT_MS 25        /* for company; the rest of SPOOL_UPDATE_MS_MAX is for the disk */
#define UPDATES_MAX 1000          /* so many do not wait */
#define UPDATES_HEAD_OCTETS 16384 /* of one record, about: it fits in the smallest segment */

static void round_run(struct loop_task *task)
{
	struct spool *s = AROUND(task, struct spool, round_task);

	s->round_posted = false;
	spool_round_run(s);
}

/* It is posted behind what has been posted already: that comes along. */
void spool_round_want(struct spool *s)
{
	if (s->round_posted)
		return;
	s->round_posted = true;
	s->round_task.run = round_run;
	loop_post(s->committer, &s->round_task);
}

static void updates_in_ms(struct spool *s, int64_t ms)
{
	loop_timer_set(s->committer, &s->updates_timer, loop_now_ms(s->committer) + ms);
}

void spool_round_record(struct spool *s, struct loop_task *record)
{
	if (!s->records)
		updates_in_ms(s, UPDATES_WAIT_MS);
	record->next = NULL;
	*s->records_end = record;
	s->records_end = &record->next;
	s->update_count += AROUND(record, struct spool_record, task)->count;
	if (s->update_count < UPDATES_MAX)
		return;
	s->updates_due = true;
	spool_round_want(s);
}

void spool_round_updates_due(struct loop_timer *timer)
{
	struct spool *s = AROUND(timer, struct spool, updates_timer);

	s->updates_due = true;
	spool_round_run(s);
}

static void look_at_space(struct spool *s)
{
	int64_t now_ms = loop_now_ms(s->committer);

	if (now_ms < s->space_ms)
		return;
	s->space_ms = now_ms + SPOOL_SPACE_MS;
	s->low = disk_free_octets(s->disk) < s->setup.reserve_octets;
}

/* No space: nobody brings mail now, so it is us who have to see when that is over. */
void spool_round_trouble(struct loop_timer *timer)
{
	struct spool *s = AROUND(timer, struct spool, trouble_timer);

	look_at_space(s);
	if (s->scarce)
		spool_helper_prepare(s);
	spool_round_run(s);
}

void spool_round_publish(struct spool *s)
{
	int refusal = s->fenced ? SPOOL_FENCED : s->low || s->scarce ? SPOOL_FULL : SPOOL_OPEN;

	if (refusal == SPOOL_FULL && s->trouble_timer.node.slot == 0)
		loop_timer_set(s->committer, &s->trouble_timer,
			loop_now_ms(s->committer) + SPOOL_SPACE_MS);
	if (refusal != s->refusal && refusal == SPOOL_FULL)
		log_line(LOG_WARNING, "spool_full", "%s",
			s->low ? "less free than the reserve" : "no space for a next segment");
	__atomic_store_n(&s->refusal, refusal, __ATOMIC_RELAXED);
	__atomic_store_n(&s->numbers.log_octets, s->segments.octets, __ATOMIC_RELAXED);
	__atomic_store_n(&s->numbers.living_octets, s->segments.living, __ATOMIC_RELAXED);
}

/* --- updates ---------------------------------------------------------------------------------- */

#define EACH_UPDATE(s, r, u)                                                                      \
	for (struct loop_task *t_ = (s)->records; t_; t_ = t_->next)                              \
		for (struct spool_record *r = AROUND(t_, struct spool_record, task); r; r = NULL) \
			for (struct spool_update *u = r->updates; u < r->updates + r->count; u++)

static struct spool_item *updates_item(struct list *batch)
{
	struct spool_item *item = MEM_NEW(struct spool_item);

	item->type = RECORD_UPDATES;
	item->data_sum = record_sum(item->data);
	list_append(batch, &item->link);
	return item;
}

/* All updates of all that wait, in a few records. */
static void gather_updates(struct spool *s, struct list *batch)
{
	struct spool_item *item = NULL;

	EACH_UPDATE(s, r, u)
	{
		if (!index_wants(&s->index, u->id, u->rcpt))
			continue;
		if (!item || buf_str(&item->head).n > UPDATES_HEAD_OCTETS)
			item = updates_item(batch);
		pack_u64(&item->head, u->id);
		pack_u32(&item->head, u->rcpt);
		outcome_pack(&u->now, &item->head);
	}
}

static void record_answer(struct loop_task *task)
{
	struct spool_record *r = AROUND(task, struct spool_record, task);

	r->done(r);
}

static void records_answer(struct spool *s, bool ok)
{
	struct loop_task *task = s->records;

	s->records = NULL;
	s->records_end = &s->records;
	s->update_count = 0;
	s->updates_due = false;
	loop_timer_cancel(s->committer, &s->updates_timer);
	while (task) {
		struct spool_record *r = AROUND(task, struct spool_record, task);

		task = task->next;
		r->ok = ok;
		if (!r->done)
			continue;
		r->task.run = record_answer;
		loop_post(r->loop, &r->task);
	}
}

static void settle_updates(struct spool *s, struct list *updates)
{
	bool written = true;

	LIST_EACH_SAFE (link, updates) {
		struct spool_item *item = AROUND(link, struct spool_item, link);

		written &= item->fate == SPOOL_WRITTEN;
		buf_free(&item->head);
		mem_free(item);
	}
	if (s->fenced) {
		records_answer(s, false);
	} else if (written) {
		EACH_UPDATE(s, r, u)
		index_update(&s->index, u->id, u->rcpt, &u->now);
		records_answer(s, true);
	} else {
		updates_in_ms(s, SPOOL_SPACE_MS); /* or when the next segment is there */
	}
}

/* --- messages --------------------------------------------------------------------------------- */

static void commit_answer(struct loop_task *task)
{
	struct spool_commit *c = AROUND(task, struct spool_commit, task);
	struct spool *s = c->draft->spool;

	/* Blocks that came back to this loop came before this: nobody else has the draft now. */
	mem_free(c->draft);
	c->draft = NULL;
	c->done(c);
	spool_end(s);
}

static void settle_message(struct spool *s, struct spool_item *item)
{
	struct spool_draft *d = item->draft;
	struct spool_commit *c = d->commit;

	c->ok = item->fate == SPOOL_WRITTEN;
	if (c->ok) {
		struct content *content = spool_draft_content(d);

		c->content = content;
		spool_draft_blocks_release(
			&d->blocks, &s->segments); /* they live by the index now */
		if (item->rcpt_count > 0) {
			struct index_entry *e = index_add(&s->index, item->id, item->rcpt_count);

			index_place(e, item->segment, item->offset, item->octets);
			index_fill(&s->index, e, content);
		}
		__atomic_add_fetch(&s->numbers.commits, 1, __ATOMIC_RELAXED);
	} else {
		c->why = d->broken;
		c->content = NULL;
	}
	spool_draft_clear(d);
	c->task.run = commit_answer;
	loop_post(c->loop, &c->task);
}

/* Its bytes stay in memory while there is room, for the first attempt. */
static void settle_block(struct spool *s, struct spool_item *item)
{
	char *bytes = (char *)(uintptr_t)item->data.p;

	if (item->fate == SPOOL_WRITTEN && !content_budget_over(s->budget))
		item->blocks->items[item->block].bytes = bytes;
	else
		content_bytes_free(s->budget, bytes, item->data.n);
	spool_draft_return(item);
}

/* Items that found no room stay in the list, in their order. */
static void settle(struct spool *s, struct list *items)
{
	LIST_EACH_SAFE (link, items) {
		struct spool_item *item = AROUND(link, struct spool_item, link);

		if (s->fenced)
			spool_write_refuse(s, item);
		if (item->fate == SPOOL_UNWRITTEN)
			continue;
		list_remove(&item->link);
		if (!item->draft)
			spool_compact_settle(s, item);
		else if (item->type == RECORD_BLOCK)
			settle_block(s, item);
		else
			settle_message(s, item);
	}
}

static void write_all(struct spool *s, struct list *items)
{
	LIST_EACH (link, items)
		spool_write_item(s, AROUND(link, struct spool_item, link));
}

/* Is there one, of this fate, that a sync is for?  Blocks alone wait for their message. */
static bool has(struct list *items, enum spool_fate fate)
{
	LIST_EACH (link, items) {
		struct spool_item *item = AROUND(link, struct spool_item, link);

		if (item->type != RECORD_BLOCK && item->fate == fate)
			return true;
	}
	return false;
}

/* Copies come first: they say what was known of their recipients before this round; and updates
 * last, which say what is known after it. */
void spool_round_run(struct spool *s)
{
	struct list updates;
	bool update;

	list_init(&updates);
	s->stalled = false;
	if (!list_empty(&s->items))
		look_at_space(s);
	update = s->updates_due || s->fenced || has(&s->copies, SPOOL_UNWRITTEN) ||
		 has(&s->items, SPOOL_UNWRITTEN);
	if (update)
		gather_updates(s, &updates);
	write_all(s, &s->copies);
	write_all(s, &s->items);
	write_all(s, &updates);
	spool_write_unit(s);
	if (has(&s->copies, SPOOL_WRITTEN) || has(&s->items, SPOOL_WRITTEN) ||
		has(&updates, SPOOL_WRITTEN))
		spool_write_sync(s);
	settle(s, &s->copies);
	settle(s, &s->items);
	if (update)
		settle_updates(s, &updates);
	spool_keep_house(s);
	spool_round_publish(s);
}
