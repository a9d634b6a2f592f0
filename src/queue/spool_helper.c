/*
 * The helper: a loop of its own for what takes long and no commit should wait for.
 */
#include "queue/spool_parts.h"

#include "base/mem.h"

/* --- reading ---------------------------------------------------------------------------------- */

static void read_answer(struct loop_task *task)
{
	struct spool_read *r = AROUND(task, struct spool_read, task);
	struct spool *s = r->spool;

	r->done(r);
	spool_end(s);
}

static void read_block(struct spool_read *r)
{
	const struct content_place *place = &r->content->blocks[r->block].place;
	uint64_t at = content_where(place);
	uint32_t segment = (uint32_t)(at >> 32), offset = (uint32_t)at;

	r->octets = place->octets;
	r->bytes = mem_alloc(r->octets);
	if (!segment_read(&r->spool->reader, segment, offset, r->bytes, r->octets, &r->why))
		fail_while(&r->why, " while reading a message");
	else if (content_checksum(str_from(r->bytes, r->octets)) != place->checksum)
		fail_with(&r->why, FAIL_TEMPORARY, "4.3.0", "The message is damaged on disk");
	else
		return;
	spool_report(LOG_ERROR, "spool_read_failed", 0, segment, offset, &r->why);
	mem_free(r->bytes);
	r->bytes = NULL;
	r->octets = 0;
}

static void read_run(struct loop_task *task)
{
	struct spool_read *r = AROUND(task, struct spool_read, task);

	read_block(r);
	r->task.run = read_answer;
	loop_post(r->loop, &r->task);
}

void spool_helper_read(struct spool *s, struct spool_read *r)
{
	r->spool = s;
	r->task.run = read_run;
	spool_begin(s);
	loop_post(s->helper, &r->task);
}

/* --- jobs: there and back --------------------------------------------------------------------- */

static void job_start(struct spool *s, struct spool_job *job, void (*run)(struct loop_task *task))
{
	job->running = true;
	job->task.run = run;
	loop_post(s->helper, &job->task);
}

static void job_end(struct spool *s, struct spool_job *job, void (*ended)(struct loop_task *task))
{
	job->task.run = ended;
	loop_post(s->committer, &job->task);
}

static void prepared(struct loop_task *task)
{
	struct spool *s = AROUND(task, struct spool, prepare.task);

	spool_helper_prepared(s);
	spool_round_run(s); /* somebody may wait for it */
}

static void prepare_run(struct loop_task *task)
{
	struct spool *s = AROUND(task, struct spool, prepare.task);

	s->prepared = segment_create(s->disk, s->prepare_number, s->setup.segment_octets,
		s->prepare_filled, &s->prepare.sync_failed, &s->prepare.why);
	job_end(s, &s->prepare, prepared);
}

void spool_helper_prepare(struct spool *s)
{
	uint32_t last;

	if (s->next || s->prepare.running || s->fenced || s->closing)
		return;
	/* A number is never used again, not even one of a file that could not be made. */
	last = s->segments.items[s->segments.count - 1]->number;
	s->prepare_number = (last > s->prepare_number ? last : s->prepare_number) + 1;
	job_start(s, &s->prepare, prepare_run);
}

void spool_helper_prepared(struct spool *s)
{
	s->prepare.running = false;
	s->scarce = !s->prepared;
	if (s->prepared) {
		s->next = segment_add(&s->segments, s->prepare_number, s->setup.segment_octets);
		s->next->file = s->prepared;
		s->prepared = NULL;
	} else {
		spool_keep_trouble(s, &s->prepare);
	}
}

static void fetched(struct loop_task *task)
{
	struct spool *s = AROUND(task, struct spool, read.task);

	s->read.running = false;
	spool_compact_fetched(s);
}

static void fetch_run(struct loop_task *task)
{
	struct spool *s = AROUND(task, struct spool, read.task);

	for (size_t i = 0; i < s->copy.fetch_count; i++) {
		struct spool_fetch *f = &s->copy.fetches[i];

		f->bytes = mem_alloc(f->octets);
		f->ok = segment_read(
			&s->reader, f->segment, f->offset, f->bytes, f->octets, &f->why);
	}
	job_end(s, &s->read, fetched);
}

void spool_helper_fetch(struct spool *s)
{
	job_start(s, &s->read, fetch_run);
}

static void saved(struct loop_task *task)
{
	struct spool *s = AROUND(task, struct spool, save.task);

	s->save.running = false;
	spool_keep_saved(s);
}

static void save_run(struct loop_task *task)
{
	struct spool *s = AROUND(task, struct spool, save.task);

	s->save.ok = checkpoint_store(&s->checkpoint, s->disk, &s->save.why);
	s->save.sync_failed = s->checkpoint.sync_failed;
	if (!s->save.ok)
		checkpoint_drop(&s->checkpoint, s->disk);
	job_end(s, &s->save, saved);
}

void spool_helper_save(struct spool *s)
{
	job_start(s, &s->save, save_run);
}

/* --- removing: nobody waits for it ------------------------------------------------------------ */

struct removal {
	struct loop_task task;
	struct spool *spool;
	uint32_t number;
};

static void removal_run(struct loop_task *task)
{
	struct removal *r = AROUND(task, struct removal, task);
	char name[SEGMENT_NAME_MAX];
	struct fail why;

	segment_reader_forget(&r->spool->reader, r->number);
	/* A name that comes back after a crash is removed again then: no sync. */
	if (!disk_remove(r->spool->disk, segment_name(r->number, name), &why))
		spool_report(LOG_WARNING, "spool_remove_failed", 0, r->number, 0, &why);
	mem_free(r);
}

void spool_helper_remove(struct spool *s, uint32_t number)
{
	struct removal *r = MEM_NEW(struct removal);

	r->spool = s;
	r->number = number;
	r->task.run = removal_run;
	if (s->closing)
		removal_run(&r->task);
	else
		loop_post(s->helper, &r->task);
}
