/*
 * Keeping house: a checkpoint when the log has grown, away with segments that nobody needs.
 */
#include "queue/spool_parts.h"

/* How far the log may grow before the next checkpoint: reading that much is the price of a crash.
 */
#define GROWN_SEGMENTS_MIN 4
#define DEAD_SEGMENTS_MIN 4
#define ENTRY_OCTETS 64         /* of a message in a checkpoint, about */
#define GROWN_CHECKPOINTS_MIN 4 /* but a checkpoint costs no more than a part of what it saves */

static void grown_max(struct spool *s)
{
	uint64_t by_segments = GROWN_SEGMENTS_MIN * s->setup.segment_octets;
	uint64_t by_checkpoint = GROWN_CHECKPOINTS_MIN * s->checkpoint_octets;

	s->grown_octets_max = by_segments > by_checkpoint ? by_segments : by_checkpoint;
}

/* A segment can go when nothing in it lives, and the checkpoint in force does not want its updates:
 * it may name messages in it, but these have been copied, or have ended, later in the log. */
static void sweep(struct spool *s)
{
	size_t i = 0;

	if (s->segments.dead == s->dead_seen)
		return;
	while (i < s->segments.count && s->segments.items[i]->number < s->mark.segment) {
		struct segment *seg = s->segments.items[i];

		if (seg->living > 0 || seg == s->tail || seg == s->copy.victim) {
			i++;
			continue;
		}
		spool_helper_remove(s, seg->number);
		segment_remove(&s->segments, seg);
	}
	s->dead_seen = s->segments.dead;
}

static void in_force(struct spool *s)
{
	s->mark = s->checkpoint.mark;
	s->checkpoint_octets = s->checkpoint.octets;
	grown_max(s);
	s->dead_seen = SIZE_MAX; /* look anew: more can go */
	s->copy.look_ms = 0;     /* and more is worth copying */
	for (size_t i = 0; i < s->segments.count; i++)
		s->segments.items[i]->tried = false;
}

bool spool_keep_now(struct spool *s, const struct checkpoint_mark *mark, struct fail *why)
{
	checkpoint_begin(&s->checkpoint, mark);
	do {
		checkpoint_take(&s->checkpoint, &s->index);
		if (!checkpoint_store(&s->checkpoint, s->disk, why)) {
			checkpoint_drop(&s->checkpoint, s->disk);
			return fail_while(why, " while writing a checkpoint");
		}
	} while (!s->checkpoint.last);
	s->grown_octets = 0;
	in_force(s);
	sweep(s);
	return true;
}

/* More than twice what lives and some segments: most of what came since the mark has ended, too,
 * and only waits for the next one.  What has grown pays for writing it. */
static bool mostly_dead(const struct spool *s)
{
	return s->segments.octets >
		       2 * s->segments.living + DEAD_SEGMENTS_MIN * s->setup.segment_octets &&
	       s->grown_octets >= s->setup.segment_octets &&
	       s->grown_octets >= s->index.count * ENTRY_OCTETS;
}

/* Now, or when it would let segments go. */
static bool checkpoint_due(const struct spool *s)
{
	if (loop_now_ms(s->committer) < s->checkpoint_ms)
		return false;
	if (s->grown_octets >= s->grown_octets_max || mostly_dead(s))
		return true;
	return (s->low || s->scarce) && s->segments.dead > 1 &&
	       s->grown_octets >= s->setup.segment_octets;
}

static void checkpoint_start(struct spool *s)
{
	struct checkpoint_mark mark = { s->tail->number, s->tail_at, s->previous };

	s->checkpointing = true;
	s->checkpoint_grown_octets = s->grown_octets;
	s->grown_octets = 0;
	checkpoint_begin(&s->checkpoint, &mark);
	checkpoint_take(&s->checkpoint, &s->index);
	spool_helper_save(s);
}

/* What is already in the log is as safe as before: only a failed sync is a reason to stop. */
void spool_keep_trouble(struct spool *s, const struct spool_job *job)
{
	if (job->sync_failed)
		spool_write_fence(s, &job->why);
	else if (!spool_disk_full(&job->why))
		spool_report(LOG_WARNING, "spool_trouble", 0, 0, 0, &job->why);
}

void spool_keep_saved(struct spool *s)
{
	if (!s->save.ok) {
		s->checkpointing = false;
		s->grown_octets += s->checkpoint_grown_octets;
		s->checkpoint_ms = loop_now_ms(s->committer) + SPOOL_SPACE_MS;
		spool_keep_trouble(s, &s->save);
	} else if (!s->checkpoint.last) {
		checkpoint_take(&s->checkpoint, &s->index);
		spool_helper_save(s);
	} else {
		s->checkpointing = false;
		in_force(s);
	}
	spool_keep_house(s);
	spool_round_publish(s);
}

void spool_keep_house(struct spool *s)
{
	if (s->fenced || s->closing)
		return;
	if (!s->scarce)
		spool_helper_prepare(s);
	sweep(s);
	if (s->checkpointing)
		return;
	if (checkpoint_due(s) && !s->copy.victim)
		checkpoint_start(s);
	else
		spool_compact_look(s);
}
