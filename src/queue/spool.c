#include "queue/spool.h"

#include "base/mem.h"
#include "base/number.h"
#include "queue/spool_parts.h"
#include "world/clock.h"

#include <stdio.h>

#define FORMAT_NAME S("format")
#define FORMAT_WORD "facteur spool 2\n"
#define FORMAT_OCTETS_MAX 64

bool spool_disk_full(const struct fail *why)
{
	return str_eq(str_of(why->status), S("4.3.1"));
}

void spool_report(enum log_level level, const char *event, uint64_t id, uint32_t segment,
	uint64_t offset, const struct fail *why)
{
	char name[SEGMENT_NAME_MAX];
	struct log_record r;

	log_open(&r, level, event);
	if (id)
		log_id(&r, "id", id);
	if (segment)
		log_str(&r, "segment", segment_name(segment, name));
	if (segment)
		log_int(&r, "offset", (int64_t)offset);
	log_fail(&r, why);
	log_close(&r);
}

/* --- opening ---------------------------------------------------------------------------------- */

/* The file "format" says which version the log has, and its salt; it is written once. */
static bool format_write(struct spool *s, struct fail *why)
{
	char text[FORMAT_OCTETS_MAX];
	struct disk_file *f;
	str part = { text, 0 };
	bool done, removed;

	s->salt = clock_random();
	part.n = (size_t)snprintf(
		text, sizeof text, FORMAT_WORD "%016llx\n", (unsigned long long)s->salt);
	removed =
		disk_remove(s->disk, S("format.new"), NULL); /* of a first start that was cut off */
	(void)removed;
	f = disk_create(s->disk, S("format.new"), why);
	if (!f)
		return false;
	done = disk_write(f, 0, &part, 1, why) && disk_sync(f, why);
	disk_close_file(f);
	return done && disk_rename(s->disk, S("format.new"), FORMAT_NAME, why) &&
	       disk_sync_names(s->disk, why);
}

static bool format_read(struct spool *s, struct fail *why)
{
	struct disk_file *f = disk_open_file(s->disk, FORMAT_NAME, why);
	char bytes[FORMAT_OCTETS_MAX];
	size_t n;
	str text;
	bool read;

	if (!f)
		return false;
	read = disk_read(f, 0, bytes, sizeof bytes, &n, why);
	disk_close_file(f);
	if (!read)
		return false;
	text = str_from(bytes, n);
	if (!str_starts(text, S(FORMAT_WORD)))
		return fail_with(why, FAIL_PERMANENT, "5.3.0",
			"%.*s/format says that this is no spool of a version this program knows",
			STR(s->setup.dir));
	text = str_trim(str_skip(text, sizeof FORMAT_WORD - 1));
	return (text.n == 16 && number_parse_hex(text, &s->salt)) ||
	       fail_with(why, FAIL_PERMANENT, "5.3.0", "%.*s/format is rotten", STR(s->setup.dir));
}

/* A new directory gets its format; one that has a log must have it. */
static bool format_settle(struct spool *s, struct fail *why)
{
	bool format = false, log = false;
	struct arena a;
	uint32_t number;
	size_t count;
	str *names;

	arena_init(&a, ARENA_UNLIMITED);
	if (!disk_list(s->disk, &a, &names, &count, why)) {
		arena_free(&a);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		format |= str_eq(names[i], FORMAT_NAME);
		log |= segment_name_read(names[i], &number);
	}
	arena_free(&a);
	if (format)
		return format_read(s, why);
	if (log)
		return fail_with(why, FAIL_PERMANENT, "5.3.0",
			"%.*s has a log, but its file format is missing", STR(s->setup.dir));
	return format_write(s, why);
}

static void setup_settle(struct spool *s, const struct spool_setup *setup)
{
	uint64_t octets = setup->segment_octets ? setup->segment_octets : SEGMENT_OCTETS_DEFAULT;

	if (octets < SEGMENT_OCTETS_MIN)
		octets = SEGMENT_OCTETS_MIN;
	if (octets > SEGMENT_OCTETS_MAX)
		octets = SEGMENT_OCTETS_MAX;
	s->setup = *setup;
	s->setup.dir = mem_copy(setup->dir);
	s->setup.segment_octets = octets;
	s->head_octets_max = octets / 4 < RECORD_HEAD_MAX ? octets / 4 : RECORD_HEAD_MAX;
}

/* Both loops have ended, or were never started. */
static void spool_free(struct spool *s)
{
	spool_compact_free(s);
	checkpoint_drop(&s->checkpoint, s->disk);
	segment_reader_close(&s->reader);
	index_free(&s->index);
	segments_free(&s->segments);
	content_budget_drop(s->budget);
	loop_free(s->committer);
	loop_free(s->helper);
	if (s->disk)
		disk_close(s->disk);
	mem_free(s->unit.stage);
	mem_free((void *)(uintptr_t)s->setup.dir.p);
	mem_free(s);
}

struct spool *spool_open(
	const struct spool_setup *setup, spool_found_fn *found, void *owner, struct fail *why)
{
	struct spool *s = MEM_NEW(struct spool);

	setup_settle(s, setup);
	s->budget = content_budget_new(setup->memory_octets);
	s->committer = loop_new("spool");
	s->helper = loop_new("spool-helper");
	loop_gathers(s->committer);
	s->prepare_filled = true;
	s->unit.stage = mem_alloc(SPOOL_UNIT_STAGE_OCTETS);
	s->records_end = &s->records;
	s->updates_timer.run = spool_round_updates_due;
	s->trouble_timer.run = spool_round_trouble;
	list_init(&s->items);
	list_init(&s->copies);
	list_init(&s->dirty);
	index_init(&s->index, &s->segments);
	s->disk = disk_open(setup->dir, why);
	s->reader.disk = s->disk;
	if (!s->disk || !disk_lock(s->disk, S("lock"), why) || !format_settle(s, why) ||
		!spool_recover(s, found, owner, why)) {
		spool_free(s);
		fail_while(why, " (spool %.*s)", STR(setup->dir));
		return NULL;
	}
	spool_round_publish(s);
	loop_start(s->committer);
	loop_start(s->helper);
	return s;
}

/* Both loops have ended: whatever the helper had been given is done, its answers were not heard. */
static void gather_ends(struct spool *s)
{
	s->closing = true;
	if (s->prepare.running)
		spool_helper_prepared(s);
	list_init(&s->copies);
	spool_compact_free(s);
	checkpoint_drop(&s->checkpoint, s->disk);
	s->checkpointing = false;
}

void spool_close(struct spool *s)
{
	struct checkpoint_mark mark;
	struct fail why;

	loop_stop(s->committer);
	loop_join(s->committer);
	loop_stop(s->helper);
	loop_join(s->helper);
	gather_ends(s);
	s->updates_due = true;
	spool_round_run(s);
	/* The mark is behind all of this segment: what a failed write may have left in it is not
	 * looked at again. */
	mark = (struct checkpoint_mark){ s->tail->number + 1, 0, s->sequence };
	if (!s->fenced &&
		(!spool_keep_now(s, &mark, &why) ||
			!segment_cut(&s->segments, s->tail, s->tail->file, s->tail_at, &why)))
		spool_report(LOG_WARNING, "spool_checkpoint_failed", 0, 0, 0, &why);
	if (!list_empty(&s->items) || s->records) {
		s->fenced = true; /* the disk is full to the last octet: these are answered no */
		spool_round_run(s);
	}
	spool_free(s);
}

/* --- for other threads ------------------------------------------------------------------------ */

void spool_begin(struct spool *s)
{
	__atomic_add_fetch(&s->unended, 1, __ATOMIC_RELAXED);
}

void spool_end(struct spool *s)
{
	__atomic_sub_fetch(&s->unended, 1, __ATOMIC_RELEASE);
}

unsigned spool_unended(const struct spool *s)
{
	return __atomic_load_n(&s->unended, __ATOMIC_ACQUIRE);
}

bool spool_accepts(const struct spool *s, struct fail *why)
{
	int refusal = __atomic_load_n(&s->refusal, __ATOMIC_RELAXED);

	if (refusal != SPOOL_OPEN)
		spool_refusal_say((enum spool_refusal)refusal, why);
	return refusal == SPOOL_OPEN;
}

void spool_refusal_say(enum spool_refusal refusal, struct fail *why)
{
	if (refusal == SPOOL_FENCED)
		fail_reply(why, 451, "4.3.0", "The queue cannot be written");
	else
		fail_reply(why, 452, "4.3.1", "Insufficient system storage");
}

void spool_numbers(const struct spool *s, struct spool_numbers *n)
{
	n->log_octets = __atomic_load_n(&s->numbers.log_octets, __ATOMIC_RELAXED);
	n->living_octets = __atomic_load_n(&s->numbers.living_octets, __ATOMIC_RELAXED);
	n->memory_octets = content_budget_used(s->budget);
	n->commits = __atomic_load_n(&s->numbers.commits, __ATOMIC_RELAXED);
	n->syncs = __atomic_load_n(&s->numbers.syncs, __ATOMIC_RELAXED);
	n->fenced = __atomic_load_n(&s->refusal, __ATOMIC_RELAXED) == SPOOL_FENCED;
}

/* --- requests --------------------------------------------------------------------------------- */

void spool_commit(struct spool *s, struct spool_commit *c)
{
	spool_draft_commit(s, c);
}

void spool_read(struct spool *s, struct spool_read *r)
{
	spool_helper_read(s, r);
}

static void record_arrived(struct loop_task *task)
{
	spool_round_record(AROUND(task, struct spool_record, task)->spool, task);
}

void spool_record(struct spool *s, struct spool_record *r)
{
	r->spool = s;
	r->task.run = record_arrived;
	loop_post(s->committer, &r->task);
}
