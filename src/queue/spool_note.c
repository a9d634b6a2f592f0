/*
 * The note: a few bytes that their owner replaces as a whole, in a file of their own beside the
 * log. What the schedule knows of providers is kept so: it is small, and only the last state
 * matters.
 */
#include "queue/spool_parts.h"

#include "base/mem.h"

#define NOTE_NAME S("note")
#define NOTE_NAME_NEW S("note.new")
#define NOTE_SUM_OCTETS 8

static bool store(struct spool *s, str bytes, struct fail *why)
{
	char sum[NOTE_SUM_OCTETS] = { 0 };
	str parts[] = { bytes, str_from(sum, sizeof sum) };
	struct disk_file *f;
	bool written, removed;

	pack_set64(sum, record_sum(bytes));
	removed = disk_remove(s->disk, NOTE_NAME_NEW, NULL); /* of a try that was cut off */
	(void)removed;
	f = disk_create(s->disk, NOTE_NAME_NEW, why);
	if (!f)
		return false;
	written = disk_write(f, 0, parts, LENGTH(parts), why) && disk_sync(f, why);
	disk_close_file(f);
	return written && disk_rename(s->disk, NOTE_NAME_NEW, NOTE_NAME, why) &&
	       disk_sync_names(s->disk, why);
}

static void note_answer(struct loop_task *task)
{
	struct spool_note *n = AROUND(task, struct spool_note, task);
	struct spool *s = n->spool;

	n->done(n);
	spool_end(s);
}

static void note_run(struct loop_task *task)
{
	struct spool_note *n = AROUND(task, struct spool_note, task);

	n->ok = store(n->spool, n->bytes, &n->why);
	n->task.run = note_answer;
	loop_post(n->loop, &n->task);
}

void spool_note(struct spool *s, struct spool_note *n)
{
	n->spool = s;
	n->task.run = note_run;
	spool_begin(s);
	loop_post(s->helper, &n->task);
}

/* Without it nothing is lost but what can be learnt anew. */
str spool_noted(struct spool *s, struct arena *a)
{
	struct fail why;
	struct disk_file *f = disk_open_file(s->disk, NOTE_NAME, &why);
	size_t size, n = 0;
	char *bytes;
	str note;

	if (!f)
		return (str){ 0 };
	size = disk_size(f) < NOTE_OCTETS_MAX ? disk_size(f) : NOTE_OCTETS_MAX;
	bytes = arena_alloc(a, size);
	if (!bytes || !disk_read(f, 0, bytes, size, &n, &why))
		n = 0;
	disk_close_file(f);
	note = str_first(str_from(bytes, n), n > NOTE_SUM_OCTETS ? n - NOTE_SUM_OCTETS : 0);
	if (n > NOTE_SUM_OCTETS && pack_get64(note.p + note.n) == record_sum(note))
		return note;
	fail_with(&why, FAIL_TEMPORARY, "4.3.0", "The note is rotten");
	spool_report(LOG_WARNING, "spool_rotten", 0, 0, 0, &why);
	return (str){ 0 };
}
