/*
 * The spool over a simulated disk: messages come, large and small, many at a time; their recipients
 * end one by one; the power fails at any operation, syncs fail, the disk fills.  What was said to
 * be durable is there after every boot, once, whole, and with its recipients' states (P1, P2).
 */
#include "queue/spool.h"

#include <assert.h>
#include <stdio.h>

#include "base/mem.h"
#include "test/sim/sim.h"
#include "test/sim/store.h"
#include "test/sim/trace.h"
#include "test/test.h"
#include "world/clock.h"

#define MAILS_MAX 120
#define RCPTS_MAX 3
#define WRITERS 6
#define BOOTS_MAX 6
#define SEEDS 60

struct mail {
	bool asked, safe; /* committed; and we have heard so */
	bool found;       /* at this boot */
	size_t octets, rcpts;
	/* of each recipient: asked to end, and heard that it is durable */
	bool ends[RCPTS_MAX], ended[RCPTS_MAX];
};

/* What the world knows, whatever becomes of the machine. */
static struct {
	struct mail mails[MAILS_MAX];
	size_t count;
	bool calm;
	bool killed; /* what is found now may be in the page cache only: not yet to be relied on */
	unsigned boots;
} book;

/* --- the machine: all of it is gone after a cut --- */

struct writer {
	struct loop_timer timer;
	struct spool_draft *draft;
	struct spool_commit commit;
	struct envelope envelope;
	struct envelope_rcpt rcpts[RCPTS_MAX];
	size_t mail, written;
	bool waits;
};

struct end {
	struct spool_record record;
	struct spool_update update;
	size_t mail, rcpt;
};

struct check {
	struct spool_read read;
	struct content *content;
	size_t mail;
};

static struct {
	struct loop *loop;
	struct spool *spool;
	struct writer *writers;
	struct content *found[MAILS_MAX];
	unsigned busy; /* answers that we wait for */
	bool fenced;
} machine;

static char letter(size_t mail, size_t at)
{
	return (char)(mail * 31 + at * 7 + at / 251);
}

static void end_done(struct spool_record *r)
{
	struct end *e = AROUND(r, struct end, record);

	machine.busy--;
	if (r->ok)
		book.mails[e->mail].ended[e->rcpt] = true;
	else
		machine.fenced = true;
	mem_free(e);
}

static void end_some(size_t mail)
{
	struct mail *m = &book.mails[mail];

	for (size_t i = 0; i < m->rcpts; i++) {
		struct end *e;

		if (m->ends[i] || (!book.calm && sim_chance(400)))
			continue;
		m->ends[i] = true;
		e = MEM_NEW(struct end);
		e->mail = mail;
		e->rcpt = i;
		e->update = (struct spool_update){
			.id = mail + 1,
			.rcpt = (uint32_t)i,
			.now = {.state = SPOOL_DELIVERED, .attempts = 1}
		};
		e->record = (struct spool_record){
			.updates = &e->update, .count = 1, .loop = machine.loop, .done = end_done
		};
		machine.busy++;
		spool_record(machine.spool, &e->record);
	}
}

/* --- reading back --- */

static void check_next(struct check *c);

static void check_done(struct spool_read *r)
{
	struct check *c = AROUND(r, struct check, read);
	size_t at = r->block * CONTENT_BLOCK_OCTETS;

	machine.busy--;
	if (!r->bytes)
		sim_fail("mail %zu, block %zu cannot be read: %s", c->mail, r->block, r->why.text);
	for (size_t i = 0; r->bytes && i < r->octets; i++)
		if (r->bytes[i] != letter(c->mail, at + i)) {
			sim_fail("mail %zu is rotten at %zu", c->mail, at + i);
			break;
		}
	mem_free(r->bytes);
	c->read.block++;
	check_next(c);
}

static void check_next(struct check *c)
{
	if (c->read.block == c->content->block_count) {
		content_drop(c->content);
		end_some(c->mail);
		mem_free(c);
		return;
	}
	c->read.content = c->content;
	c->read.loop = machine.loop;
	c->read.done = check_done;
	machine.busy++;
	spool_read(machine.spool, &c->read);
}

static void check(size_t mail, struct content *content)
{
	struct check *c = MEM_NEW(struct check);

	c->mail = mail;
	c->content = content;
	check_next(c);
}

/* --- writing --- */

static void write_on(struct writer *w);

static void committed(struct spool_commit *commit)
{
	struct writer *w = AROUND(commit, struct writer, commit);

	machine.busy--;
	w->draft = NULL;
	assert(commit->ok || commit->why.kind == FAIL_TEMPORARY);
	if (commit->ok) {
		book.mails[w->mail].safe = true;
		check(w->mail, commit->content);
	}
	loop_timer_set(machine.loop, &w->timer,
		loop_now_ms(machine.loop) + sim_between(0, sim_chance(100) ? 5000 : 30));
}

static void commit(struct writer *w)
{
	struct mail *m = &book.mails[w->mail];

	for (size_t i = 0; i < m->rcpts; i++)
		w->rcpts[i] = (struct envelope_rcpt){ .address = S("rcpt@sink.test"),
			.original = S("rcpt@example.org") };
	w->envelope = (struct envelope){ .id = w->mail + 1,
		.received_ms = clock_wall_ms(),
		.sender = S("sender@sender.test"),
		.octets = m->octets,
		.rcpts = w->rcpts,
		.rcpt_count = m->rcpts };
	w->commit = (struct spool_commit){
		.draft = w->draft, .envelope = &w->envelope, .loop = machine.loop, .done = committed
	};
	m->asked = true;
	machine.busy++;
	spool_commit(machine.spool, &w->commit);
}

static void write_on(struct writer *w)
{
	struct mail *m = &book.mails[w->mail];
	char some[9000];

	while (w->written < m->octets) {
		size_t n = (size_t)sim_between(1, sizeof some);

		if (n > m->octets - w->written)
			n = m->octets - w->written;
		for (size_t i = 0; i < n; i++)
			some[i] = letter(w->mail, w->written + i);
		w->written += n;
		if (spool_draft_write(w->draft, (str){ some, n }) == SPOOL_WRITE_ENOUGH) {
			w->waits = true;
			return;
		}
	}
	commit(w);
}

static void writable(void *owner)
{
	struct writer *w = owner;

	if (!w->waits) {
		sim_fail("writable was called, and nobody waited");
		return;
	}
	w->waits = false;
	write_on(w);
}

static void writer_run(struct loop_timer *timer)
{
	struct writer *w = AROUND(timer, struct writer, timer);
	struct mail *m;

	if (book.calm || book.count == MAILS_MAX)
		return;
	w->mail = book.count++;
	w->written = 0;
	m = &book.mails[w->mail];
	m->rcpts = (size_t)sim_between(1, RCPTS_MAX);
	m->octets = (size_t)(sim_chance(200) ? sim_between(0, 250000) : sim_between(0, 9000));
	w->draft = spool_draft_new(machine.spool, machine.loop, writable, w);
	if (sim_chance(30)) { /* the client has gone */
		spool_draft_drop(w->draft);
		loop_timer_set(machine.loop, timer, loop_now_ms(machine.loop) + 10);
		return;
	}
	write_on(w);
}

/* --- booting --- */

static void found(void *owner, const struct spool_found *f)
{
	size_t mail = (size_t)f->envelope->id - 1;
	struct mail *m = &book.mails[mail];

	(void)owner;
	if (mail >= book.count || !m->asked || m->found || f->envelope->rcpt_count != m->rcpts ||
		f->content->octets != m->octets || f->envelope->octets != m->octets) {
		sim_fail("the spool finds a mail %zu that it should not find so", mail);
		return;
	}
	m->found = true;
	machine.found[mail] = content_keep(f->content);
	for (size_t i = 0; i < m->rcpts; i++) {
		bool ended = spool_rcpt_ended(f->rcpts[i].state);

		if (m->ended[i] && !ended)
			sim_fail("recipient %zu of mail %zu had ended, and waits again", i, mail);
		if (!m->ends[i] && ended)
			sim_fail(
				"recipient %zu of mail %zu has ended, and nobody said so", i, mail);
		m->ends[i] = ended;
		m->ended[i] = ended && (m->ended[i] || !book.killed);
	}
}

static void compare(void)
{
	for (size_t i = 0; i < book.count; i++) {
		struct mail *m = &book.mails[i];
		bool open = false, never = true;

		for (size_t r = 0; r < m->rcpts; r++) {
			open |= !m->ends[r];
			never &= !m->ended[r];
		}
		if (m->safe && open && !m->found)
			sim_fail("mail %zu was safe, has not ended, and is lost", i);
		if (!open && !never && m->found)
			sim_fail("mail %zu has ended and is found again", i);
		if (book.killed)
			continue;
		if (m->found)
			m->safe = true; /* from now on it may not vanish any more */
		for (size_t r = 0; r < m->rcpts && !m->found && !open; r++)
			m->ended[r] = true;
	}
}

static void boot(void *owner)
{
	struct spool_setup setup = { .dir = S("/spool"),
		.segment_octets = 1 << 20,
		.reserve_octets = 1000,
		.memory_octets = 100000 };
	struct fail why = { 0 };

	(void)owner;
	memset(&machine, 0, sizeof machine);
	for (size_t i = 0; i < MAILS_MAX; i++)
		book.mails[i].found = false;
	machine.loop = loop_new("writers");
	loop_start(machine.loop);
	machine.spool = spool_open(&setup, found, NULL, &why);
	if (!machine.spool) {
		if (!sim.here_node->store->fenced &&
			sim.here_node->store->faults.octets_max == UINT64_MAX)
			sim_fail("the spool does not open: %s", why.text);
		return;
	}
	compare();
	for (size_t i = 0; i < MAILS_MAX; i++)
		if (machine.found[i])
			check(i, machine.found[i]);
	machine.writers = mem_zero(WRITERS * sizeof *machine.writers);
	for (size_t i = 0; i < WRITERS; i++) {
		machine.writers[i].timer.run = writer_run;
		loop_timer_set(machine.loop, &machine.writers[i].timer,
			loop_now_ms(machine.loop) + sim_between(0, 50));
	}
}

static void finish(void *owner)
{
	(void)owner;
	spool_close(machine.spool);
	for (size_t i = 0; i < WRITERS; i++)
		loop_timer_cancel(machine.loop, &machine.writers[i].timer);
	mem_free(machine.writers);
	loop_stop(machine.loop);
	loop_join(machine.loop);
	loop_free(machine.loop);
}

static bool down_or_quiet(void *owner)
{
	const struct node *n = owner;

	return !n->alive || (book.calm && machine.busy == 0);
}

static bool all_ended(void)
{
	for (size_t i = 0; i < book.count; i++)
		for (size_t r = 0; r < book.mails[i].rcpts; r++)
			if (book.mails[i].safe && !book.mails[i].ended[r])
				return false;
	return true;
}

static void live(struct node *n)
{
	struct store_faults *f = &n->store->faults;

	book.boots++;
	book.calm = book.boots >= BOOTS_MAX;
	f->cut_in = book.calm ? 0 : sim_between(1, 300);
	f->sync_fails_in = !book.calm && sim_chance(150) ? sim_between(1, 40) : 0;
	f->octets_max =
		!book.calm && sim_chance(150)
			? store_used_octets(n->store) + (uint64_t)sim_between(400000, 900000)
			: UINT64_MAX;
	if (!sim_boot(n, boot, NULL)) {
		book.killed = false;
		return;
	}
	if (machine.spool)
		sim_run(sim.now_ns + 60 * SIM_S, down_or_quiet, n);
	if (!n->alive)
		book.killed = false;
	if (!n->alive || sim.failed)
		return;
	if (!book.calm) {
		book.killed = sim_chance(500);
		sim_end(n, book.killed ? SIM_KILLED : SIM_POWER_CUT);
		return;
	}
	if (machine.busy > 0)
		sim_fail("%u answers never came", machine.busy);
	sim_call(n, finish, NULL);
	sim_end(n, SIM_FINISHED);
	book.killed = false;
}

TEST(sim_spool_keeps_its_promises)
{
	unsigned mails = 0, cuts = 0;

	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct node *n;

		sim_open(seed);
		memset(&book, 0, sizeof book);
		n = sim_node("spool", "10.0.0.1");
		n->store = store_new();
		n->store->faults.names_in_order = sim_chance(500);
		while (book.boots <= BOOTS_MAX + 1 && !sim.failed && !(book.calm && all_ended()))
			live(n);
		if (!sim.failed && !all_ended())
			sim_fail("not all has ended");
		mails += (unsigned)book.count;
		cuts += n->store->cuts;
		sim_close();
		if (sim.failed)
			fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, sim.failure);
		CHECK(!sim.failed);
	}
	printf("%d seeds, %u mails, %u power cuts\n", SEEDS, mails, cuts);
}
