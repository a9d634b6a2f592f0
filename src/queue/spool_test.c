/* The spool in the real world: its threads, its disk. */
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/prng.h"
#include "queue/spool.h"

/* One test's world: a directory, a loop that is run until nothing is awaited. */
struct place {
	char dir[64];
	struct loop *loop;
	unsigned awaited;
	struct spool *spool;
	size_t found;
	uint64_t found_ids[64];
	struct spool_rcpt found_rcpts[64]; /* of the first recipient */
	struct content *contents[64];
};

static void found(void *owner, const struct spool_found *f)
{
	struct place *p = owner;

	if (p->found < LENGTH(p->found_ids)) {
		p->found_ids[p->found] = f->envelope->id;
		p->found_rcpts[p->found] = f->rcpts[0];
		p->contents[p->found] = content_keep(f->content);
	}
	p->found++;
}

static void reopen(struct place *p, const struct spool_setup *more)
{
	struct spool_setup setup = more ? *more : (struct spool_setup){ .memory_octets = 1 << 20 };
	struct fail why;

	for (size_t i = 0; i < p->found && i < LENGTH(p->contents); i++)
		content_drop(p->contents[i]);
	p->found = 0;
	if (p->spool)
		spool_close(p->spool);
	setup.dir = str_of(p->dir);
	p->spool = spool_open(&setup, found, p, &why);
	if (!p->spool)
		fprintf(stderr, "%s\n", why.text);
	CHECK(p->spool != NULL);
}

static void place_open(struct place *p)
{
	*p = (struct place){ 0 };
	snprintf(p->dir, sizeof p->dir, "/tmp/spool-test-XXXXXX");
	CHECK(mkdtemp(p->dir) != NULL);
	p->loop = loop_new("test");
	reopen(p, NULL);
}

static void place_close(struct place *p)
{
	char command[128];

	reopen(p, NULL);
	for (size_t i = 0; i < p->found && i < LENGTH(p->contents); i++)
		content_drop(p->contents[i]);
	spool_close(p->spool);
	loop_free(p->loop);
	snprintf(command, sizeof command, "rm -r %s", p->dir);
	CHECK_INT(system(command), 0);
}

static void await(struct place *p, unsigned n)
{
	p->awaited = n;
	loop_run(p->loop);
}

static void arrived(struct place *p)
{
	if (--p->awaited == 0)
		loop_stop(p->loop);
}

struct sending {
	struct place *place;
	struct spool_commit commit;
	struct envelope envelope;
	struct envelope_rcpt rcpts[3];
};

static void sent(struct spool_commit *c)
{
	arrived(AROUND(c, struct sending, commit)->place);
}

static void send_begin(struct place *p, struct sending *s, uint64_t id, struct spool_draft *d)
{
	*s = (struct sending){ .place = p };
	s->envelope = (struct envelope){ .id = id, .sender = S("a@x.test"), .rcpts = s->rcpts };
	s->envelope.rcpt_count = LENGTH(s->rcpts);
	for (size_t i = 0; i < LENGTH(s->rcpts); i++)
		s->rcpts[i].address = S("b@y.test");
	s->commit = (struct spool_commit){
		.draft = d, .envelope = &s->envelope, .loop = p->loop, .done = sent
	};
	spool_commit(p->spool, &s->commit);
}

static void send(struct place *p, struct sending *s, uint64_t id, str bytes)
{
	send_begin(p, s, id, spool_draft_of(p->spool, p->loop, bytes));
	await(p, 1);
}

struct recording {
	struct place *place;
	struct spool_record record;
};

static void recorded(struct spool_record *r)
{
	arrived(AROUND(r, struct recording, record)->place);
}

static bool record(struct place *p, struct spool_update *updates, size_t count)
{
	struct recording r = { .place = p };

	r.record = (struct spool_record){
		.updates = updates, .count = count, .loop = p->loop, .done = recorded
	};
	spool_record(p->spool, &r.record);
	await(p, 1);
	return r.record.ok;
}

struct reading {
	struct place *place;
	struct spool_read read;
};

static void was_read(struct spool_read *r)
{
	arrived(AROUND(r, struct reading, read)->place);
}

/* All bytes of a content, from the log whether they are in memory or not. */
static void check_content(struct place *p, struct content *c, str want)
{
	CHECK_INT(c->octets, want.n);
	for (size_t i = 0; i < c->block_count; i++) {
		struct reading r = { .place = p };

		r.read = (struct spool_read){
			.content = c, .block = i, .loop = p->loop, .done = was_read
		};
		spool_read(p->spool, &r.read);
		await(p, 1);
		CHECK(r.read.bytes != NULL);
		CHECK(str_eq(
			str_from(r.read.bytes, r.read.octets), str_first(want, r.read.octets)));
		if (c->blocks[i].bytes)
			CHECK(!memcmp(c->blocks[i].bytes, r.read.bytes, r.read.octets));
		want = str_skip(want, r.read.octets);
		mem_free(r.read.bytes);
	}
	CHECK_INT(want.n, 0);
}

static str noise(size_t n, uint64_t seed)
{
	char *p = mem_alloc(n);
	struct prng r;

	prng_seed(&r, seed);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)prng_next(&r);
	return str_from(p, n);
}

TEST(spool_finds_what_it_accepted)
{
	static const size_t sizes[] = { 0, 1, 4096, 65536, 65537, 300000, 131072 };
	struct place p;

	place_open(&p);
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		str bytes = noise(sizes[i], i);
		struct sending s;

		send(&p, &s, i + 1, bytes);
		CHECK(s.commit.ok);
		check_content(&p, s.commit.content, bytes);
		content_drop(s.commit.content);
		mem_free((void *)(uintptr_t)bytes.p);
	}
	reopen(&p, NULL);
	CHECK_INT(p.found, LENGTH(sizes));
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		str bytes = noise(sizes[i], p.found_ids[i] - 1);

		check_content(&p, p.contents[i], bytes);
		mem_free((void *)(uintptr_t)bytes.p);
	}
	place_close(&p);
}

TEST(spool_puts_a_head_before_what_was_written)
{
	static const struct {
		size_t head, rest;
	} cases[] = {
		{0,		      5000  },
		{ 1,		     0     },
		{ 700,                   5000  },
		{ 700,                   64836 }, /* just one block */
		{ 700,                   64837 },
		{ 700,                   65536 },
		{ 700,                   300000},
		{ SPOOL_HEAD_OCTETS_MAX, 0     },
		{ SPOOL_HEAD_OCTETS_MAX, 150000},
	};
	struct place p;

	place_open(&p);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		str bytes = noise(cases[i].head + cases[i].rest, i);
		struct spool_draft *d = spool_draft_new(p.spool, p.loop, NULL, NULL);
		struct sending s;

		spool_draft_write(d, str_skip(bytes, cases[i].head));
		spool_draft_head(d, str_first(bytes, cases[i].head));
		send_begin(&p, &s, i + 1, d);
		await(&p, 1);
		CHECK(s.commit.ok);
		check_content(&p, s.commit.content, bytes);
		content_drop(s.commit.content);
		mem_free((void *)(uintptr_t)bytes.p);
	}
	reopen(&p, NULL);
	CHECK_INT(p.found, LENGTH(cases));
	for (size_t i = 0; i < p.found; i++) {
		size_t of = p.found_ids[i] - 1;
		str bytes = noise(cases[of].head + cases[of].rest, of);

		check_content(&p, p.contents[i], bytes);
		mem_free((void *)(uintptr_t)bytes.p);
	}
	place_close(&p);
}

TEST(spool_remembers_outcomes_and_forgets_what_ended)
{
	struct spool_update updates[3] = {
		{.id = 7   },
                {  .id = 7, .rcpt = 1 },
                { .id = 7, .rcpt = 2 }
	};
	struct spool_numbers n;
	struct sending s;
	struct place p;

	place_open(&p);
	send(&p, &s, 7, S("Subject: x\r\n\r\n"));
	content_drop(s.commit.content);
	updates[0].now = (struct spool_rcpt){ .attempts = 3, .next_ms = 12345 };
	fail_with(&updates[0].now.last, FAIL_TEMPORARY, "4.2.2", "mailbox full");
	updates[1].now.state = SPOOL_DELIVERED;
	CHECK(record(&p, updates, 2));
	reopen(&p, NULL);
	CHECK_INT(p.found, 1);
	CHECK_INT(p.found_rcpts[0].attempts, 3);
	CHECK_INT(p.found_rcpts[0].next_ms, 12345);
	CHECK_STR(str_of(p.found_rcpts[0].last.text), S("mailbox full"));
	updates[0].now.state = SPOOL_BOUNCED;
	updates[2].now.state = SPOOL_DELETED;
	CHECK(record(&p, updates, 3));
	reopen(&p, NULL);
	CHECK_INT(p.found, 0);
	spool_numbers(p.spool, &n);
	CHECK_INT(n.living_octets, 0);
	place_close(&p);
}

/* Several threads at once: each commits, reads back, and ends most of its messages, while segments
 * are filled, copied and removed behind them. */
#define THREADS 3
#define EACH 150

struct crowd_letter {
	struct crowd_thread *thread;
	struct envelope envelope;
	struct envelope_rcpt rcpt;
	struct spool_commit commit;
	struct spool_read read;
	struct spool_update update;
	struct spool_record record;
	str bytes, rest;
};

struct crowd_thread {
	struct loop *loop;
	struct place *place;
	uint64_t base;
	size_t begun, over;
	struct loop_task start, finished;
};

static void crowd_next(struct crowd_thread *t);

static void crowd_finished(struct loop_task *task)
{
	arrived(AROUND(task, struct crowd_thread, finished)->place);
}

static void crowd_over(struct crowd_letter *l)
{
	struct crowd_thread *t = l->thread;

	content_drop(l->commit.content);
	mem_free((void *)(uintptr_t)l->bytes.p);
	mem_free(l);
	if (++t->over < EACH) {
		crowd_next(t);
		return;
	}
	t->finished.run = crowd_finished;
	loop_post(t->place->loop, &t->finished);
}

static void crowd_recorded(struct spool_record *r)
{
	CHECK(r->ok);
	crowd_over(AROUND(r, struct crowd_letter, record));
}

static void crowd_read(struct spool_read *r)
{
	struct crowd_letter *l = AROUND(r, struct crowd_letter, read);

	CHECK(r->bytes && str_eq(str_from(r->bytes, r->octets), str_first(l->rest, r->octets)));
	l->rest = str_skip(l->rest, r->octets);
	mem_free(r->bytes);
	if (++r->block < r->content->block_count) {
		spool_read(l->thread->place->spool, r);
		return;
	}
	if (l->envelope.id % 10 == 0) {
		crowd_over(l);
		return;
	}
	l->update = (struct spool_update){ .id = l->envelope.id };
	l->update.now.state = SPOOL_DELIVERED;
	l->record = (struct spool_record){ .updates = &l->update, .count = 1 };
	l->record.loop = l->thread->loop;
	l->record.done = crowd_recorded;
	spool_record(l->thread->place->spool, &l->record);
}

static void crowd_committed(struct spool_commit *c)
{
	struct crowd_letter *l = AROUND(c, struct crowd_letter, commit);

	CHECK(c->ok);
	l->read = (struct spool_read){
		.content = c->content, .loop = l->thread->loop, .done = crowd_read
	};
	spool_read(l->thread->place->spool, &l->read);
}

static void crowd_next(struct crowd_thread *t)
{
	struct crowd_letter *l;

	if (t->begun == EACH)
		return;
	l = MEM_NEW(struct crowd_letter);
	l->thread = t;
	l->envelope = (struct envelope){ .id = t->base + t->begun++, .rcpts = &l->rcpt };
	l->envelope.rcpt_count = 1;
	l->bytes = l->rest = noise(l->envelope.id % 7 ? 5000 : 150000, l->envelope.id);
	l->commit = (struct spool_commit){ .envelope = &l->envelope, .loop = t->loop };
	l->commit.draft = spool_draft_of(t->place->spool, t->loop, l->bytes);
	l->commit.done = crowd_committed;
	spool_commit(t->place->spool, &l->commit);
}

static void crowd_start(struct loop_task *task)
{
	for (int i = 0; i < 8; i++)
		crowd_next(AROUND(task, struct crowd_thread, start));
}

/* Some 11 MB came through.  The log is made small while work goes on, if only a little. */
static void check_log_shrinks(struct place *p)
{
	struct spool_update waits = { .id = p->found_ids[0] };
	struct spool_numbers n;
	int tries = 0;

	do {
		CHECK(tries++ < 200 && record(p, &waits, 1));
		spool_numbers(p->spool, &n);
	} while (n.log_octets > 20 * (uint64_t)(256 << 10));
}

TEST(spool_serves_many_threads)
{
	struct spool_setup small = { .segment_octets = 1, .memory_octets = 300000 };
	struct crowd_thread threads[THREADS] = { 0 };
	struct spool_numbers n;
	struct place p;

	place_open(&p);
	reopen(&p, &small);
	for (size_t i = 0; i < THREADS; i++) {
		threads[i].loop = loop_new("crowd");
		threads[i].place = &p;
		threads[i].base = 1000 * (i + 1);
		threads[i].start.run = crowd_start;
		loop_start(threads[i].loop);
		loop_post(threads[i].loop, &threads[i].start);
	}
	await(&p, THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		loop_stop(threads[i].loop);
		loop_join(threads[i].loop);
	}
	spool_numbers(p.spool, &n);
	CHECK_INT(n.commits, THREADS * EACH);
	reopen(&p, &small);
	for (size_t i = 0; i < THREADS; i++)
		loop_free(threads[i].loop);
	CHECK_INT(p.found, THREADS * EACH / 10);
	for (size_t i = 0; i < p.found; i++) {
		uint64_t id = p.found_ids[i];
		str bytes = noise(id % 7 ? 5000 : 150000, id);

		check_content(&p, p.contents[i], bytes);
		mem_free((void *)(uintptr_t)bytes.p);
	}
	check_log_shrinks(&p);
	place_close(&p);
}
