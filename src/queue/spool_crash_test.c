/*
 * The spool's promises, whatever happens to the disk: random work, the power cut at any of its
 * operations, and what is found afterwards compared with what was promised.
 */
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/prng.h"
#include "queue/segment.h"
#include "queue/spool.h"
#include "queue/spool_fake.h"

#define SEEDS 120
#define LETTERS_MAX 900
#define RCPTS_MAX 3
#define DRAFTS_MAX 6
#define LARGE_MAX 300000

/* What a sender and a scheduler remember of a message: what was asked, and what was answered. */
struct letter {
	uint64_t id;
	size_t octets;
	bool accepted;  /* answered: it is durable */
	bool refused;   /* answered no, before any power cut */
	bool in_flight; /* a commit or an update is on its way */
	bool ended;     /* not to be found again */
	unsigned rcpt_count;
	struct {
		unsigned asked, known; /* the newest update sent, and the newest answered */
		unsigned ended;        /* the update that ended it; 0: none */
	} rcpts[RCPTS_MAX];
	struct content *content;
	/* for the spool: */
	struct envelope envelope;
	struct envelope_rcpt envelope_rcpts[RCPTS_MAX];
	struct spool_commit commit;
	struct spool_record record;
	struct spool_update updates[RCPTS_MAX];
	unsigned found; /* how often, at this opening */
	bool checked;   /* its bytes have been seen since then */
};

/* A message on its way in, portion by portion. */
struct writing {
	struct spool_draft *draft;
	struct letter *letter;
	size_t written;
	size_t head; /* so much of it is known only at the end */
	bool enough;
};

static struct prng dice;
static struct spool *spool;
static struct loop *loop;
static struct letter letters[LETTERS_MAX];
static size_t letter_count;
static struct writing writings[DRAFTS_MAX];
static char noise[LARGE_MAX + 256];
static char last_problem[500];
static uint64_t seed_now;
static uint64_t problems; /* log records that say that something durable was lost */

static void listen_log(enum log_level level, str line)
{
	if (level != LOG_ERROR)
		return;
	problems++;
	str_to_c(line, last_problem, sizeof last_problem);
}

/* Each message has its own bytes, and none of them looks like another's. */
static str bytes_of(const struct letter *l)
{
	return str_from(noise + l->id % 251, l->octets);
}

static void check(bool holds, const char *what, const struct letter *l)
{
	if (holds)
		return;
	fprintf(stderr, "seed %llu: %s: message %llu\n", (unsigned long long)seed_now, what,
		l ? (unsigned long long)l->id : 0);
	abort();
}

/* --- what the spool says ---------------------------------------------------------------------- */

static void committed(struct spool_commit *c)
{
	struct letter *l = AROUND(c, struct letter, commit);

	l->in_flight = false;
	l->accepted = c->ok;
	l->refused = !c->ok && !fake_is_cut();
	l->content = c->content;
	check(c->ok || c->why.kind == FAIL_TEMPORARY, "refused for good", l);
}

static void recorded(struct spool_record *r)
{
	struct letter *l = AROUND(r, struct letter, record);

	l->in_flight = false;
	for (size_t i = 0; r->ok && i < r->count; i++)
		l->rcpts[r->updates[i].rcpt].known = r->updates[i].now.attempts;
}

static void found(void *owner, const struct spool_found *f)
{
	struct letter *l = letters;

	(void)owner;
	while (l < letters + letter_count && l->id != f->envelope->id)
		l++;
	check(l < letters + letter_count, "found what nobody sent", NULL);
	check(++l->found == 1, "found twice", l);
	check(!l->refused, "found though refused", l);
	check(!l->ended, "found though ended", l);
	check(f->envelope->rcpt_count == l->rcpt_count && f->content->octets == l->octets &&
			str_eq(f->envelope->rcpts[0].address, S("b@y.test")),
		"found changed", l);
	for (unsigned i = 0; i < l->rcpt_count; i++) {
		const struct spool_rcpt *now = &f->rcpts[i];

		check(now->attempts >= l->rcpts[i].known && now->attempts <= l->rcpts[i].asked,
			"an update was lost, or invented", l);
		check((now->state == SPOOL_DELIVERED) ==
				(l->rcpts[i].ended && now->attempts == l->rcpts[i].ended),
			"another state than was recorded", l);
		l->rcpts[i].known = l->rcpts[i].asked = now->attempts;
		if (now->state == SPOOL_WAITING)
			l->rcpts[i].ended = 0;
	}
	content_drop(l->content);
	l->content = content_keep(f->content);
	l->checked = l->accepted && prng_chance(&dice, 800); /* one that was cut off is looked at */
	l->accepted = true;
}

/* Not found: that is right when all its recipients have ended, or if nobody was told that it was
 * accepted. */
static void check_absent(struct letter *l)
{
	bool ended = true;

	for (unsigned i = 0; i < l->rcpt_count; i++)
		ended &= l->rcpts[i].ended > 0;
	check(!l->accepted || ended, "lost", l);
	l->ended = true;
	content_drop(l->content);
	l->content = NULL;
}

static void open_spool(uint64_t memory_octets)
{
	struct spool_setup setup = { .dir = S("/spool"),
		.segment_octets = SEGMENT_OCTETS_MIN,
		.reserve_octets = 1000,
		.memory_octets = memory_octets };
	struct fail why;

	for (size_t i = 0; i < letter_count; i++)
		letters[i].found = 0;
	problems = 0;
	spool = spool_open(&setup, found, NULL, &why);
	if (!spool && fake_is_cut())
		return;
	check(spool, why.text, NULL);
	check(problems == 0, last_problem, NULL);
	for (size_t i = 0; i < letter_count; i++)
		if (letters[i].found == 0 && !letters[i].ended)
			check_absent(&letters[i]);
}

static void close_spool(void)
{
	for (size_t i = 0; i < DRAFTS_MAX; i++) {
		if (writings[i].draft)
			spool_draft_drop(writings[i].draft);
		writings[i].draft = NULL;
	}
	while (fake_run(1000))
		;
	spool_close(spool);
	while (fake_run(1000)) /* the last answers */
		;
}

/* --- what is done with it --------------------------------------------------------------------- */

static void writable(void *owner)
{
	((struct writing *)owner)->enough = false;
}

static void start_writing(void)
{
	struct writing *w = &writings[prng_below(&dice, DRAFTS_MAX)];
	struct letter *l = &letters[letter_count];

	if (w->draft || letter_count == LETTERS_MAX)
		return;
	letter_count++;
	*l = (struct letter){ .id = letter_count };
	l->octets = (size_t)prng_below(&dice, prng_chance(&dice, 200) ? LARGE_MAX : 9000);
	l->rcpt_count = 1 + (unsigned)prng_below(&dice, RCPTS_MAX);
	*w = (struct writing){ .draft = spool_draft_new(spool, loop, writable, w), .letter = l };
	if (prng_chance(&dice, 300))
		w->head = (size_t)prng_below(
			&dice, prng_chance(&dice, 100) ? SPOOL_HEAD_OCTETS_MAX : 900);
	if (w->head > l->octets)
		w->head = l->octets;
	w->written = w->head;
}

static void commit(struct writing *w)
{
	struct letter *l = w->letter;

	l->envelope = (struct envelope){ .id = l->id,
		.sender = S("a@x.test"),
		.octets = l->octets,
		.rcpts = l->envelope_rcpts,
		.rcpt_count = l->rcpt_count };
	for (unsigned i = 0; i < l->rcpt_count; i++)
		l->envelope_rcpts[i].address = S("b@y.test");
	l->commit = (struct spool_commit){
		.draft = w->draft, .envelope = &l->envelope, .loop = loop, .done = committed
	};
	l->in_flight = true;
	w->draft = NULL;
	spool_commit(spool, &l->commit);
}

static void go_on_writing(void)
{
	struct writing *w = &writings[prng_below(&dice, DRAFTS_MAX)];
	str rest;

	if (!w->draft || w->enough)
		return;
	if (prng_chance(&dice, 20)) { /* the client went away */
		w->letter->ended = true;
		spool_draft_drop(w->draft);
		w->draft = NULL;
		return;
	}
	rest = str_first(str_skip(bytes_of(w->letter), w->written), 1 + prng_below(&dice, 60000));
	w->enough = spool_draft_write(w->draft, rest) == SPOOL_WRITE_ENOUGH;
	w->written += rest.n;
	if (w->written < w->letter->octets)
		return;
	spool_draft_head(w->draft, str_first(bytes_of(w->letter), w->head));
	commit(w);
}

/* An attempt has ended: for some recipients for good. */
static void update(unsigned ended_chance)
{
	struct letter *l;
	size_t count = 0;

	if (letter_count == 0)
		return;
	l = &letters[prng_below(&dice, letter_count)];
	if (prng_chance(&dice, 700)) /* most end while they are young */
		l = &letters[letter_count - 1 -
			     prng_below(&dice, letter_count < 20 ? letter_count : 20)];
	if (!l->accepted || l->in_flight || l->ended)
		return;
	for (unsigned i = 0; i < l->rcpt_count; i++) {
		struct spool_update *u = &l->updates[count];

		if (l->rcpts[i].ended || prng_chance(&dice, 300))
			continue;
		*u = (struct spool_update){ .id = l->id, .rcpt = i };
		u->now.attempts = ++l->rcpts[i].asked;
		if (prng_chance(&dice, ended_chance)) {
			u->now.state = SPOOL_DELIVERED;
			l->rcpts[i].ended = u->now.attempts;
		} else {
			fail_with(&u->now.last, FAIL_TEMPORARY, "4.2.1", "not now");
		}
		count++;
	}
	if (count == 0)
		return;
	l->record = (struct spool_record){
		.updates = l->updates, .count = count, .loop = loop, .done = recorded
	};
	l->in_flight = true;
	spool_record(spool, &l->record);
}

struct reading {
	struct spool_read read;
	bool done;
};

static void was_read(struct spool_read *r)
{
	AROUND(r, struct reading, read)->done = true;
}

static void check_bytes(struct letter *l)
{
	str want = bytes_of(l);

	for (size_t i = 0; i < l->content->block_count; i++) {
		struct reading r = {
			.read = {.content = l->content, .block = i}
		};

		r.read.loop = loop;
		r.read.done = was_read;
		spool_read(spool, &r.read);
		while (!r.done)
			fake_run(1);
		check(r.read.bytes, r.read.why.text, l);
		check(str_eq(str_from(r.read.bytes, r.read.octets), str_first(want, r.read.octets)),
			"other bytes in the log", l);
		check(!l->content->blocks[i].bytes ||
				!memcmp(l->content->blocks[i].bytes, r.read.bytes, r.read.octets),
			"other bytes in memory", l);
		want = str_skip(want, r.read.octets);
		mem_free(r.read.bytes);
	}
	check(want.n == 0, "bytes are missing", l);
	l->checked = true;
}

static bool living(const struct letter *l)
{
	bool waits = false;

	for (unsigned i = 0; i < l->rcpt_count; i++)
		waits |= l->rcpts[i].ended == 0;
	return l->accepted && !l->ended && waits && l->content;
}

static void check_some(unsigned chance)
{
	for (size_t i = 0; i < letter_count; i++)
		if (living(&letters[i]) && (!letters[i].checked || prng_chance(&dice, chance)))
			check_bytes(&letters[i]);
}

static void work(unsigned steps, unsigned ended_chance)
{
	while (steps-- > 0 && !fake_is_cut()) {
		switch (prng_below(&dice, 8)) {
		case 0:
			start_writing();
			break;
		case 1:
		case 2:
			go_on_writing();
			break;
		case 3:
		case 4:
			update(ended_chance);
			break;
		case 5:
		case 6:
			fake_run((unsigned)prng_below(&dice, 12));
			break;
		default:
			fake_sleep(prng_between(&dice, 0, 30));
		}
	}
}

static void begin(uint64_t seed)
{
	log_setup(listen_log, LOG_WARNING, LOG_PLAIN);
	seed_now = seed;
	fake_reset(seed);
	prng_seed(&dice, seed);
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (char)(i * i >> 7 ^ i * 11);
	letter_count = 0;
	memset(writings, 0, sizeof writings);
	loop = loop_new("test");
}

static void end(void)
{
	for (size_t i = 0; i < letter_count; i++)
		content_drop(letters[i].content);
	loop_free(loop);
	fake_reset(0);
	log_setup(NULL, LOG_INFO, LOG_PLAIN);
}

/* One life of the spool, from the opening to a power cut at some operation, or to a close. */
static void live(uint64_t cut_after, unsigned steps)
{
	if (cut_after)
		fake_cut_at(fake_operations() + cut_after);
	open_spool(prng_below(&dice, 2) ? 1 << 20 : 100000);
	if (prng_chance(&dice, 500)) /* a write finds the disk full midway */
		fake_write_fails_at(fake_operations() + 1 + prng_below(&dice, 100));
	if (spool) {
		check_some(300);
		work(steps, (unsigned)prng_below(&dice, 900));
		if (!fake_is_cut())
			check_some(200);
		close_spool();
	}
	fake_write_fails_at(0);
	fake_power_on();
}

TEST(spool_keeps_its_promises_when_the_power_goes_at_any_time)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		for (int lives = 0; lives < 5; lives++)
			live(prng_chance(&dice, 800) ? 1 + prng_below(&dice, 300) : 0,
				200 + (unsigned)prng_below(&dice, 1200));
		live(0, 10);
		end();
	}
}

TEST(spool_keeps_its_promises_when_the_power_goes_at_every_operation)
{
	uint64_t before, operations = 1;

	for (uint64_t cut = 1; cut <= operations; cut++) {
		begin(SEEDS + 1);
		live(0, 150);
		before = fake_operations();
		live(cut, 300);
		operations = fake_operations() - before;
		live(0, 10);
		end();
	}
}
