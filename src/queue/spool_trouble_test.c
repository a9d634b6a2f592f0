/* The spool in trouble: full disks, failing disks, rotten bytes, and a log that must stay small. */
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "queue/segment.h"
#include "queue/spool.h"
#include "queue/spool_fake.h"

#define SEGMENT SEGMENT_OCTETS_MIN
#define IDS_MAX 4000

static struct spool *spool;
static struct loop *loop;
static size_t found_count, errors;
static bool found_id[IDS_MAX];
static char last_error[500], noise[200000];
static struct content *found_content;

static void listen_log(enum log_level level, str line)
{
	if (level != LOG_ERROR)
		return;
	errors++;
	str_to_c(line, last_error, sizeof last_error);
}

static void found(void *owner, const struct spool_found *f)
{
	(void)owner;
	CHECK(f->envelope->id < IDS_MAX && !found_id[f->envelope->id]);
	found_id[f->envelope->id] = true;
	found_count++;
	content_drop(found_content);
	found_content = content_keep(f->content);
}

static void open_spool(void)
{
	struct spool_setup setup = { .dir = S("/spool"),
		.segment_octets = SEGMENT,
		.reserve_octets = 1000,
		.memory_octets = 1000 };
	struct fail why;

	found_count = errors = 0;
	memset(found_id, 0, sizeof found_id);
	spool = spool_open(&setup, found, NULL, &why);
	if (!spool)
		fprintf(stderr, "%s\n", why.text);
	CHECK(spool);
}

static void close_spool(void)
{
	spool_close(spool);
	while (fake_run(1000))
		;
}

/* The power goes, and comes back. */
static void crash(void)
{
	fake_cut_at(1);
	close_spool();
	fake_power_on();
}

static void begin_with(uint64_t seed)
{
	log_setup(listen_log, LOG_WARNING, LOG_PLAIN);
	fake_reset(seed);
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (char)(i * i >> 7 ^ i * 11);
	loop = loop_new("test");
	open_spool();
}

static void begin(void)
{
	begin_with(1);
}

static void end(void)
{
	close_spool();
	content_drop(found_content);
	found_content = NULL;
	loop_free(loop);
	fake_reset(0);
	log_setup(NULL, LOG_INFO, LOG_PLAIN);
}

struct sending {
	struct spool_commit commit;
	bool done;
};

static void committed(struct spool_commit *c)
{
	AROUND(c, struct sending, commit)->done = true;
	content_drop(c->content);
}

/* The code of the answer: 250, or why not. */
static int put(uint64_t id, size_t octets)
{
	struct envelope_rcpt rcpt = { .address = S("b@y.test") };
	struct envelope e = { .id = id, .octets = octets, .rcpts = &rcpt, .rcpt_count = 1 };
	struct sending s = {
		.commit = {.envelope = &e, .loop = loop, .done = committed}
	};

	s.commit.draft = spool_draft_of(spool, loop, str_from(noise + id % 251, octets));
	spool_commit(spool, &s.commit);
	while (!s.done)
		fake_sleep(1);
	return s.commit.ok ? 250 : fail_code(&s.commit.why);
}

struct recording {
	struct spool_record record;
	bool done;
};

static void recorded(struct spool_record *r)
{
	AROUND(r, struct recording, record)->done = true;
}

static bool record(uint64_t id, enum spool_rcpt_state state)
{
	struct spool_update u = {
		.id = id, .now = {.state = state, .attempts = 1}
	};
	struct recording r = {
		.record = {.updates = &u, .count = 1, .loop = loop, .done = recorded}
	};

	spool_record(spool, &r.record);
	for (int ms = 0; !r.done; ms++) {
		CHECK(ms <= SPOOL_UPDATE_MS_MAX);
		fake_sleep(1);
	}
	return r.record.ok;
}

static int accepts(void)
{
	struct fail why;

	return spool_accepts(spool, &why) ? 250 : fail_code(&why);
}

static struct spool_numbers numbers(void)
{
	struct spool_numbers n;

	spool_numbers(spool, &n);
	return n;
}

struct reading {
	struct spool_read read;
	bool done;
};

static void was_read(struct spool_read *r)
{
	AROUND(r, struct reading, read)->done = true;
}

static bool reads(struct content *c, uint64_t id)
{
	struct reading r = {
		.read = {.content = c, .loop = loop, .done = was_read}
	};
	bool same;

	spool_read(spool, &r.read);
	while (!r.done)
		fake_sleep(1);
	same = r.read.bytes && str_eq(str_from(r.read.bytes, r.read.octets),
				       str_from(noise + id % 251, r.read.octets));
	mem_free(r.read.bytes);
	return same;
}

TEST(spool_syncs_no_more_after_a_failed_sync)
{
	uint64_t syncs;

	begin();
	CHECK_INT(put(1, 100), 250);
	fake_sync_fails(true);
	CHECK_INT(put(2, 100), 451);
	fake_sync_fails(false);
	syncs = numbers().syncs;
	CHECK_INT(put(3, 100), 451);
	CHECK_INT(put(4, 190000), 451);
	CHECK(!record(1, SPOOL_DELIVERED));
	CHECK_INT(accepts(), 451);
	CHECK(numbers().fenced);
	CHECK_INT(numbers().syncs, syncs);
	close_spool();
	open_spool();
	CHECK(found_id[1] && !found_id[3] && !found_id[4]);
	CHECK_INT(put(5, 100), 250);
	end();
}

/* Three commits in one write that fails behind the second. */
static void fail_three(void)
{
	struct envelope_rcpt rcpt = { .address = S("b@y.test") };
	struct envelope e[3];
	struct sending s[3];

	fake_write_fails_at(fake_operations() + 1);
	for (uint64_t i = 0; i < 3; i++) {
		e[i] = (struct envelope){ .id = 10 + i, .rcpts = &rcpt, .rcpt_count = 1 };
		s[i] = (struct sending){
			.commit = {.envelope = &e[i], .loop = loop}
		};
		s[i].commit.done = committed;
		s[i].commit.draft = spool_draft_of(spool, loop, str_from(noise, 1000));
		spool_commit(spool, &s[i].commit);
	}
	while (!s[0].done || !s[1].done || !s[2].done)
		fake_sleep(1);
	for (int i = 0; i < 3; i++)
		CHECK(!s[i].commit.ok && fail_code(&s[i].commit.why) == 452);
	CHECK_INT(accepts(), 452);
}

TEST(spool_does_not_find_what_a_failed_write_left)
{
	begin();
	CHECK_INT(put(1, 100), 250);
	fail_three();
	CHECK(record(1, SPOOL_WAITING));
	fake_sleep(2000);
	CHECK_INT(accepts(), 250);
	CHECK_INT(put(2, 100), 250);
	crash();
	open_spool();
	CHECK(found_count == 2 && found_id[1] && found_id[2]);
	CHECK_INT(errors, 0);
	end();
}

/* Nothing was written over it yet, and the disk kept what it had, or some of it. */
TEST(spool_does_not_find_what_a_failed_write_left_when_the_power_goes_at_once)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		begin_with(seed);
		CHECK_INT(put(1, 100), 250);
		fail_three();
		crash();
		open_spool();
		CHECK(found_count == 1 && found_id[1]);
		CHECK_INT(errors, 0);
		end();
	}
}

TEST(spool_says_452_on_a_full_disk_and_records_updates_on)
{
	uint64_t id = 1, accepted;

	begin();
	fake_capacity(5 * SEGMENT);
	while (put(id, 50000) == 250)
		id++;
	accepted = id - 1;
	CHECK(accepted > 5);
	CHECK_INT(accepts(), 452);
	for (uint64_t i = 1; i <= 3; i++)
		CHECK(record(i, SPOOL_DELIVERED));
	for (int i = 0; i < 300; i++) /* many, and none of them is lost for want of space */
		CHECK(record(4, SPOOL_WAITING));
	CHECK_INT(put(accepted + 1, 100), 452);
	CHECK(!numbers().fenced);
	fake_capacity(50 * SEGMENT);
	fake_sleep(2500);
	CHECK_INT(accepts(), 250);
	CHECK_INT(put(accepted + 2, 100), 250);
	crash();
	open_spool();
	CHECK_INT(found_count, accepted - 3 + 1);
	CHECK_INT(errors, 0);
	end();
}

TEST(spool_is_not_fenced_by_a_file_that_cannot_be_made)
{
	uint64_t id = 1, accepted;

	begin();
	fake_create_fails(true);
	while (put(id, 50000) == 250)
		id++;
	accepted = id - 1;
	CHECK_INT(accepts(), 452);
	CHECK(!numbers().fenced);
	CHECK(record(1, SPOOL_DELIVERED));
	fake_create_fails(false);
	fake_sleep(2500);
	CHECK_INT(accepts(), 250);
	for (int i = 0; i < 40; i++) /* a checkpoint is due somewhere among these */
		CHECK_INT(put(1000 + (uint64_t)i, 50000), 250);
	crash();
	open_spool();
	CHECK_INT(found_count, accepted - 1 + 40);
	CHECK_INT(errors, 0);
	end();
}

TEST(spool_starts_on_a_full_disk)
{
	uint64_t id = 1;

	begin();
	fake_capacity(5 * SEGMENT + 70000);
	while (put(id, 50000) == 250)
		id++;
	for (int lives = 0; lives < 5; lives++) {
		crash();
		open_spool();
		CHECK_INT(found_count, id - 1 - lives);
		CHECK(record(1 + (uint64_t)lives, SPOOL_DELIVERED));
		CHECK_INT(put(3000, 50000), 452);
	}
	end();
}

TEST(spool_keeps_the_reserve_free)
{
	begin();
	CHECK_INT(put(1, 100), 250);
	fake_free_shown(999);
	fake_sleep(1000);
	CHECK_INT(put(2, 100), 452);
	CHECK_INT(accepts(), 452);
	CHECK(record(1, SPOOL_DELIVERED));
	fake_free_shown(1000);
	fake_sleep(2000);
	CHECK_INT(accepts(), 250);
	CHECK_INT(put(3, 100), 250);
	end();
}

TEST(spool_reports_a_rotten_record_and_goes_on)
{
	static const uint64_t header = 4, data = 1000; /* in the record */

	for (int i = 0; i < 2; i++) {
		begin();
		for (uint64_t id = 1; id <= 3; id++)
			CHECK_INT(put(id, 2000), 250);
		crash();
		/* a record is 64 octets, the envelope and two counts, and 2000 */
		CHECK(fake_rot(S("log-00000001"), SEGMENT_START + 2200 + (i ? header : data)));
		open_spool();
		CHECK_INT(found_count, 2);
		CHECK(found_id[1] && found_id[3]);
		CHECK_INT(errors, 1);
		CHECK(strstr(last_error, "spool_rotten") &&
			strstr(last_error, "segment=log-00000001"));
		end();
	}
}

static void fill(uint64_t count, size_t octets)
{
	begin();
	for (uint64_t id = 1; id <= count; id++)
		CHECK_INT(put(id, octets), 250);
	close_spool();
	open_spool();
	close_spool(); /* with a checkpoint behind them: nothing of the log is replayed */
	fake_reads = fake_octets_read = 0;
	open_spool();
	CHECK_INT(found_count, count);
}

/* Heads that are near each other are read many at a time; of large messages, nothing but these. */
TEST(spool_reads_no_more_than_heads_when_it_opens)
{
	fill(400, 300);
	CHECK(fake_reads < 40);
	end();
	fill(40, 150000);
	CHECK(fake_octets_read < 1000000);
	end();
}

/* What follows a message is read along with it, and is not its trouble. */
TEST(spool_finds_what_is_before_and_behind_a_bad_place)
{
	begin();
	for (uint64_t id = 1; id <= 9; id++)
		CHECK_INT(put(id, 2000), 250);
	close_spool();
	open_spool(); /* with a checkpoint behind them: nothing of the log is replayed */
	close_spool();
	CHECK(fake_bad_place(S("log-00000001"), SEGMENT_START + 4 * 2200 + 4));
	open_spool();
	CHECK_INT(found_count, 8);
	for (uint64_t id = 1; id <= 9; id++)
		CHECK(found_id[id] == (id != 5));
	CHECK_INT(errors, 1);
	CHECK(strstr(last_error, "input/output error"));
	end();
}

TEST(spool_says_when_a_message_is_damaged)
{
	begin();
	CHECK_INT(put(1, 2000), 250);
	close_spool();
	open_spool();
	CHECK_INT(found_count, 1);
	CHECK(reads(found_content, 1));
	CHECK(fake_rot(S("log-00000001"), SEGMENT_START + 1000));
	CHECK(!reads(found_content, 1));
	CHECK_INT(errors, 1);
	end();
}

TEST(spool_finds_everything_without_its_checkpoint)
{
	begin();
	for (uint64_t id = 1; id <= 50; id++)
		CHECK_INT(put(id, 20000), 250);
	for (uint64_t id = 1; id <= 20; id++)
		CHECK(record(id, SPOOL_DELIVERED));
	close_spool();
	CHECK(fake_rot(S("checkpoint"), 100));
	open_spool();
	for (uint64_t id = 21; id <= 50; id++)
		CHECK(found_id[id]);
	CHECK(errors >= 1 && strstr(last_error, "spool_checkpoint_lost"));
	end();
}

/* About twice what lives, two segments, and what may come between two checkpoints. */
static void check_log_small(void)
{
	struct spool_numbers n = numbers();

	CHECK(n.log_octets <= 2 * n.living_octets + (2 + 4 + 1) * SEGMENT);
}

TEST(spool_log_stays_small)
{
	uint64_t id = 1;
	size_t living = 0;

	begin();
	for (int round = 0; round < 6; round++) {
		for (int i = 0; i < 300; i++, id++)
			CHECK_INT(put(id, id % 40 == 0 ? 150000 : 4000), 250);
		for (uint64_t old = id - 300; old < id; old++)
			if (old % 20)
				CHECK(record(old, SPOOL_DELIVERED));
		living += 300 / 20;
		fake_sleep(2000);
		check_log_small();
	}
	/* The last of a large backlog go one by one: no mail comes to move the log along. */
	for (uint64_t old = 20; old < id; old += 20) {
		fake_sleep(500);
		CHECK(record(old, old % 100 ? SPOOL_DELIVERED : SPOOL_WAITING));
		living -= old % 100 != 0;
		check_log_small();
	}
	crash();
	open_spool();
	CHECK_INT(found_count, living);
	CHECK(reads(found_content, 1700) || reads(found_content, 1600));
	CHECK_INT(errors, 0);
	end();
}

static void write_format(const char *text)
{
	struct fail why;
	struct disk *d = disk_open(S("/spool"), &why);
	struct disk_file *f = disk_create(d, S("format"), &why);
	str part = str_of(text);

	CHECK(disk_write(f, 0, &part, 1, &why));
	disk_close_file(f);
	disk_close(d);
}

TEST(spool_refuses_a_format_it_does_not_know)
{
	struct spool_setup setup = { .dir = S("/spool") };
	struct fail why;

	fake_reset(1);
	write_format("facteur spool 3\n0123456789abcdef\n");
	CHECK(!spool_open(&setup, found, NULL, &why));
	CHECK(strstr(why.text, "version"));
	fake_reset(0);
}
