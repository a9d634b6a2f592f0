/*
 * The second implementation of queue/spool.h, so that the seam stays honest: messages in the
 * memory of the simulated world, which outlives the machine as a disk would.  It keeps the same
 * promises by simpler means: each commit and each record is one operation of the store, at which
 * the power may fail.
 */
#include "queue/spool.h"

#include <assert.h>

#include "base/buf.h"
#include "base/mem.h"
#include "test/sim/sim.h"
#include "test/sim/store.h"
#include "test/sim/trace.h"

#define ENOUGH_PER_MILLE 100 /* so often a writer is asked to wait */

/* A message that is safe.  Owned by the world. */
struct kept {
	struct list link;
	uint64_t id;
	uint32_t number; /* the segment of its places */
	str envelope, bytes;
	struct spool_rcpt *rcpts;
	size_t rcpt_count, waiting;
};

static struct list *kept_messages(void)
{
	return &sim.here_node->store->messages;
}

struct spool {
	struct loop *loop;
	struct content_budget *budget;
	struct store *store;
	bool fenced;
	unsigned unended; /* drafts end when they are dropped */
	uint64_t commits, syncs;
};

/* A call of writable that is on its way; the draft may end before it comes. */
struct nudge {
	struct loop_task task;
	struct spool_draft *draft;
};

struct spool_draft {
	struct spool *spool;
	struct loop *loop;
	void (*writable)(void *owner);
	void *owner;
	struct buf bytes;
	struct nudge *nudge;
};

/* --- contents --- */

static struct content *content_of(struct spool *s, const struct kept *k, bool with_bytes)
{
	size_t count = (k->bytes.n + CONTENT_BLOCK_OCTETS - 1) / CONTENT_BLOCK_OCTETS;
	struct content *c = content_new(s->budget, count);

	c->octets = k->bytes.n;
	for (size_t i = 0; i < count; i++) {
		struct content_block *b = &c->blocks[i];
		str part = str_first(
			str_skip(k->bytes, i * CONTENT_BLOCK_OCTETS), CONTENT_BLOCK_OCTETS);

		b->place.at = content_at(k->number, (uint32_t)i);
		b->place.octets = (uint32_t)part.n;
		b->place.checksum = content_checksum(part);
		if (!with_bytes || content_budget_over(s->budget))
			continue;
		b->bytes = content_bytes_grow(s->budget, NULL, 0, part.n);
		memcpy(b->bytes, part.p, part.n);
	}
	return c;
}

static str keep_bytes(str bytes)
{
	char *p = sim_alloc(bytes.n);

	if (bytes.n > 0)
		memcpy(p, bytes.p, bytes.n);
	return (str){ p, bytes.n };
}

static void forget(struct kept *k)
{
	list_remove(&k->link);
	mem_free((char *)k->envelope.p);
	mem_free((char *)k->bytes.p);
	mem_free(k->rcpts);
	mem_free(k);
}

static struct kept *find(uint64_t id)
{
	LIST_EACH (link, kept_messages()) {
		if (AROUND(link, struct kept, link)->id == id)
			return AROUND(link, struct kept, link);
	}
	return NULL;
}

/* --- opening --- */

static void tell_found(struct spool *s, const struct kept *k, spool_found_fn *found, void *owner)
{
	struct arena arena = { .limit_octets = ARENA_UNLIMITED };
	struct envelope envelope;
	struct fail why;
	struct content *content = content_of(s, k, false);
	struct spool_found f = { &envelope, k->rcpts, content };
	bool whole = envelope_read(k->envelope, &arena, &envelope, &why);

	assert(whole);
	found(owner, &f);
	content_drop(content);
	arena_free(&arena);
}

struct spool *spool_open(
	const struct spool_setup *setup, spool_found_fn *found, void *owner, struct fail *why)
{
	struct spool *s = MEM_NEW(struct spool);

	(void)why;
	s->store = sim.here_node->store;
	s->budget = content_budget_new(setup->memory_octets);
	LIST_EACH (link, kept_messages()) {
		tell_found(s, AROUND(link, struct kept, link), found, owner);
	}
	s->loop = loop_new("spool");
	loop_start(s->loop);
	return s;
}

void spool_close(struct spool *s)
{
	loop_stop(s->loop);
	loop_join(s->loop);
	loop_free(s->loop);
	content_budget_drop(s->budget);
	mem_free(s);
}

/* --- drafts --- */

struct spool_draft *spool_draft_new(
	struct spool *s, struct loop *loop, void (*writable)(void *owner), void *owner)
{
	struct spool_draft *d = MEM_NEW(struct spool_draft);

	d->spool = s;
	d->loop = loop;
	d->writable = writable;
	d->owner = owner;
	return d;
}

static void nudge_run(struct loop_task *task)
{
	struct nudge *n = AROUND(task, struct nudge, task);
	struct spool_draft *d = n->draft;

	mem_free(n);
	if (!d)
		return;
	d->nudge = NULL;
	d->writable(d->owner);
}

enum spool_write spool_draft_write(struct spool_draft *d, str bytes)
{
	buf_put(&d->bytes, bytes);
	if (!d->nudge && !sim_chance(ENOUGH_PER_MILLE))
		return SPOOL_WRITE_ON;
	if (!d->nudge) {
		d->nudge = MEM_NEW(struct nudge);
		d->nudge->task.run = nudge_run;
		d->nudge->draft = d;
		loop_post(d->loop, &d->nudge->task);
	}
	return SPOOL_WRITE_ENOUGH;
}

void spool_draft_drop(struct spool_draft *d)
{
	if (d->nudge)
		d->nudge->draft = NULL;
	buf_free(&d->bytes);
	mem_free(d);
}

void spool_draft_head(struct spool_draft *d, str bytes)
{
	struct buf whole = { 0 };

	buf_put(&whole, bytes);
	buf_put(&whole, buf_str(&d->bytes));
	buf_free(&d->bytes);
	d->bytes = whole;
}

struct spool_draft *spool_draft_of(struct spool *s, struct loop *loop, str bytes)
{
	struct spool_draft *d = spool_draft_new(s, loop, NULL, NULL);

	buf_put(&d->bytes, bytes);
	return d;
}

/* --- commits --- */

/* The disk turns: all that is safe afterwards, or nothing more ever. */
static bool sync_store(struct spool *s, struct fail *why)
{
	if (s->fenced)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "The spool has stopped");
	sim_spend(sim_between(20000, s->store->faults.sync_ns_max));
	s->syncs++;
	if (!store_sync_fails(s->store, why))
		return true;
	s->fenced = true;
	return false;
}

static bool room(struct spool *s, struct fail *why)
{
	if (s->store->faults.octets_max == UINT64_MAX)
		return true;
	return fail_reply(why, 452, "4.3.1", "No space left on device");
}

static struct kept *keep(const struct envelope *e, str bytes)
{
	struct kept *k = sim_alloc(sizeof *k);
	struct buf packed = { 0 };

	envelope_write(e, &packed);
	k->id = e->id;
	k->number = ++sim.here_node->store->message_count;
	k->envelope = keep_bytes(buf_str(&packed));
	k->bytes = keep_bytes(bytes);
	k->rcpts = sim_alloc(e->rcpt_count * sizeof *k->rcpts);
	k->rcpt_count = k->waiting = e->rcpt_count;
	buf_free(&packed);
	list_append(kept_messages(), &k->link);
	return k;
}

static void commit_done(struct loop_task *task)
{
	struct spool_commit *c = AROUND(task, struct spool_commit, task);
	struct spool *s = c->draft->spool;

	spool_draft_drop(c->draft);
	c->done(c);
	s->unended--;
}

static void commit_run(struct loop_task *task)
{
	struct spool_commit *c = AROUND(task, struct spool_commit, task);
	struct spool *s = c->draft->spool;

	c->ok = false;
	c->content = NULL;
	store_operation(s->store, "commit", "begins");
	if (room(s, &c->why) && sync_store(s, &c->why)) {
		c->ok = true;
		c->content = content_of(s, keep(c->envelope, buf_str(&c->draft->bytes)), true);
		s->commits++;
		store_operation(s->store, "commit", "is done");
	}
	c->task.run = commit_done;
	loop_post(c->loop, &c->task);
}

void spool_commit(struct spool *s, struct spool_commit *c)
{
	if (c->draft->nudge) { /* nobody wants to be woken any more */
		c->draft->nudge->draft = NULL;
		c->draft->nudge = NULL;
	}
	c->task.run = commit_run;
	s->unended++;
	loop_post(s->loop, &c->task);
}

unsigned spool_unended(const struct spool *s)
{
	return s->unended;
}

bool spool_accepts(const struct spool *s, struct fail *why)
{
	if (s->fenced)
		return fail_reply(why, 451, "4.3.0", "The spool has stopped");
	return room((struct spool *)s, why);
}

/* --- records --- */

static void apply(const struct spool_update *u)
{
	struct kept *k = find(u->id);

	if (!k)
		return; /* it had ended, before a crash */
	assert(u->rcpt < k->rcpt_count);
	if (!spool_rcpt_ended(k->rcpts[u->rcpt].state) && spool_rcpt_ended(u->now.state))
		k->waiting--;
	k->rcpts[u->rcpt] = u->now;
	if (k->waiting == 0)
		forget(k);
}

/* A request on its way to the spool's loop. */
struct job {
	struct loop_task task;
	struct spool *spool;
	struct spool_record *record;
	struct spool_read *read;
};

static void post_job(struct spool *s, struct spool_record *record, struct spool_read *read,
	void (*run)(struct loop_task *task))
{
	struct job *j = MEM_NEW(struct job);

	j->task.run = run;
	j->spool = s;
	j->record = record;
	j->read = read;
	loop_post(s->loop, &j->task);
}

static void record_done(struct loop_task *task)
{
	struct spool_record *r = AROUND(task, struct spool_record, task);

	r->done(r);
}

static void record_run(struct loop_task *task)
{
	struct job *j = AROUND(task, struct job, task);
	struct spool_record *r = j->record;
	struct fail why;

	store_operation(j->spool->store, "record", "begins");
	r->ok = sync_store(j->spool, &why);
	for (size_t i = 0; i < r->count && r->ok; i++)
		apply(&r->updates[i]);
	store_operation(j->spool->store, "record", "is done");
	mem_free(j);
	if (!r->done)
		return;
	r->task.run = record_done;
	loop_post(r->loop, &r->task);
}

void spool_record(struct spool *s, struct spool_record *r)
{
	post_job(s, r, NULL, record_run);
}

/* --- reading --- */

static const struct kept *kept_of(const struct content *c)
{
	uint32_t number =
		c->block_count > 0 ? (uint32_t)(content_where(&c->blocks[0].place) >> 32) : 0;

	LIST_EACH (link, kept_messages()) {
		if (AROUND(link, struct kept, link)->number == number)
			return AROUND(link, struct kept, link);
	}
	return NULL;
}

static void read_done(struct loop_task *task)
{
	struct spool_read *r = AROUND(task, struct spool_read, task);
	struct spool *s = r->spool;

	r->done(r);
	s->unended--;
}

static void read_run(struct loop_task *task)
{
	struct job *j = AROUND(task, struct job, task);
	struct spool_read *r = j->read;
	const struct kept *k = kept_of(r->content);
	str part;

	mem_free(j);
	sim_spend(sim_between(20000, SIM_MS));
	r->bytes = NULL;
	r->octets = 0;
	if (k) {
		part = str_first(
			str_skip(k->bytes, r->block * CONTENT_BLOCK_OCTETS), CONTENT_BLOCK_OCTETS);
		r->octets = part.n;
		r->bytes = (char *)mem_copy(part).p;
	} else {
		fail_with(&r->why, FAIL_TEMPORARY, "4.3.0", "The message has ended");
	}
	r->task.run = read_done;
	loop_post(r->loop, &r->task);
}

void spool_read(struct spool *s, struct spool_read *r)
{
	r->spool = s;
	s->unended++;
	post_job(s, NULL, r, read_run);
}

/* --- the note --- */

static void note_done(struct loop_task *task)
{
	struct spool_note *n = AROUND(task, struct spool_note, task);
	struct spool *s = n->spool;

	n->done(n);
	s->unended--;
}

static void note_run(struct loop_task *task)
{
	struct spool_note *n = AROUND(task, struct spool_note, task);
	struct store *store = n->spool->store;

	store_operation(store, "note", "begins");
	n->ok = sync_store(n->spool, &n->why);
	if (n->ok) {
		mem_free((char *)store->note.p);
		store->note = keep_bytes(n->bytes);
	}
	store_operation(store, "note", "is done");
	n->task.run = note_done;
	loop_post(n->loop, &n->task);
}

void spool_note(struct spool *s, struct spool_note *n)
{
	n->spool = s;
	s->unended++;
	n->task.run = note_run;
	loop_post(s->loop, &n->task);
}

str spool_noted(struct spool *s, struct arena *a)
{
	return arena_copy(a, s->store->note);
}

void spool_numbers(const struct spool *s, struct spool_numbers *n)
{
	*n = (struct spool_numbers){ .memory_octets = content_budget_used(s->budget),
		.commits = s->commits,
		.syncs = s->syncs,
		.fenced = s->fenced };
	LIST_EACH (link, kept_messages()) {
		n->living_octets += AROUND(link, struct kept, link)->bytes.n;
	}
}
