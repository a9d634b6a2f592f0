/*
 * Recovery: the checkpoint, then the log from its mark on, then the messages themselves.
 *
 * The log behind the mark is read twice, whole, and everything in it is verified.  The first time
 * tells up to which record everything had been durable: each record says what was known of that
 * when it was written.  So the second time knows, of what cannot be believed, whether it is the
 * torn end of the last writes, which nobody was told of, or rot.
 */
#include "queue/spool_parts.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "queue/letter.h"

#define FIRST_PART 4             /* of a segment: the first of a life is so small */
#define REPORTS_MAX 1000         /* more bad places are only counted */
#define RECORD_OCTETS_FIRST 8192 /* enough for most envelopes */
#define NEAR_OCTETS 16384        /* so near, the next head is worth to be read along, */
#define FETCH_OCTETS 262144      /* with those behind it */

struct recovery {
	struct spool *s;
	spool_found_fn *found;
	void *owner;
	bool measuring;                     /* the first reading */
	uint64_t sequence;                  /* of the last record believed */
	uint64_t durable;                   /* all records up to this one had been durable */
	uint32_t tear_segment, tear_offset; /* the last bytes that are no record, 0: none; */
	uint64_t tear_sequence;             /* of the last record before them */
	uint32_t fresh; /* the last segment, when it was never written to: it can be the tail */
	uint32_t end_segment, end_offset; /* of the last record believed */
	size_t bad, messages;
	char *bytes; /* of one segment */
	size_t bytes_size;
	struct segment_window window;
	const struct index_entry *next; /* told behind the present one; null: none */
	struct arena arena;
};

/* Records from this one on are missing, or cannot be believed, before or at this place. */
static void report_bad(
	struct recovery *r, uint64_t sequence, uint64_t id, uint32_t segment, uint32_t offset)
{
	bool rotten = sequence <= r->durable;
	struct fail why;

	if (r->measuring || r->bad++ >= REPORTS_MAX)
		return;
	fail_with(&why, FAIL_TEMPORARY, "4.3.0",
		rotten ? "A part of the log that was durable cannot be read any more"
		       : "The last writes before the end were not completed");
	spool_report(rotten ? LOG_ERROR : LOG_WARNING, rotten ? "spool_rotten" : "spool_torn", id,
		segment, offset, &why);
}

/* --- the files -------------------------------------------------------------------------------- */

static bool find_segments(struct recovery *r, bool *checkpoint, struct fail *why)
{
	struct spool *s = r->s;
	size_t count;
	str *names;

	if (!disk_list(s->disk, &r->arena, &names, &count, why))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct disk_file *f;
		uint32_t number;

		*checkpoint |= str_eq(names[i], S(CHECKPOINT_NAME));
		if (!segment_name_read(names[i], &number))
			continue;
		f = disk_open_file(s->disk, names[i], why);
		if (!f)
			return false;
		segment_add(&s->segments, number, disk_size(f));
		disk_close_file(f);
	}
	return true;
}

static void load_checkpoint(struct recovery *r, bool there)
{
	struct spool *s = r->s;
	struct fail why;

	if (!there || checkpoint_load(s->disk, &s->index, &s->mark, &s->checkpoint_octets, &why))
		return;
	/* Without it the whole log is read, and what has ended long ago may be found again: a
	 * second copy is better than none. */
	spool_report(LOG_ERROR, "spool_checkpoint_lost", 0, 0, 0, &why);
	index_free(&s->index);
	index_init(&s->index, &s->segments);
	s->mark = (struct checkpoint_mark){ 0 };
	s->checkpoint_octets = 0;
}

/* --- the log ---------------------------------------------------------------------------------- */

static bool block_whole(struct recovery *r, const struct content_place *place)
{
	char *bytes = mem_alloc(place->octets);
	bool whole = segment_read(&r->s->reader, (uint32_t)(place->at >> 32), (uint32_t)place->at,
			     bytes, place->octets, NULL) &&
		     content_checksum(str_from(bytes, place->octets)) == place->checksum;

	mem_free(bytes);
	return whole;
}

/* Of one of the last records: the sync that it waited for may not have come to an end, and then
 * some of its blocks may be torn.  Nobody was told of it. */
static bool blocks_whole(struct recovery *r, const struct letter *l)
{
	struct content *c = letter_content(l, r->s->budget, 0, 0, 0);
	bool whole = true;

	for (size_t i = 0; whole && i < c->block_count; i++)
		whole = block_whole(r, &c->blocks[i].place);
	content_drop(c);
	return whole;
}

static bool apply_message(struct recovery *r, struct segment *seg, const struct record_walk *w)
{
	struct index *ix = &r->s->index;
	struct index_entry *e = index_find(ix, w->record.id);
	struct letter l;

	if (!letter_read(w->head, &l) || (w->record.sequence > r->durable && !blocks_whole(r, &l)))
		return false;
	if (e && e->rcpt_count != l.rcpt_count) {
		index_remove(ix, e);
		e = NULL;
	}
	if (!e)
		e = index_add(ix, w->record.id, l.rcpt_count);
	index_place(e, seg, w->offset, w->site.offset - w->offset);
	index_unpack(ix, e, &l.outcomes);
	if (e->waiting == 0)
		index_remove(ix, e);
	return !l.outcomes.broken && l.outcomes.rest.n == 0;
}

static bool apply_updates(struct recovery *r, str head)
{
	struct pack_reader u = { .rest = head };

	while (u.rest.n > 0 && !u.broken) {
		uint64_t id = pack_read_u64(&u);
		uint32_t rcpt = pack_read_u32(&u);
		struct spool_rcpt now;

		outcome_unpack(&u, &now);
		if (!u.broken)
			index_update(&r->s->index, id, rcpt, &now);
	}
	return !u.broken;
}

static void apply(struct recovery *r, struct segment *seg, const struct record_walk *w)
{
	const struct record *record = &w->record;
	bool good = !w->rotten;

	if (r->s->mark.segment == 0 && r->sequence == 0)
		r->sequence = record->sequence - record->gap; /* no checkpoint: what was before? */
	if (record->sequence - record->gap > r->sequence)
		report_bad(r, r->sequence + 1, 0, seg->number, w->offset);
	r->sequence = record->sequence;
	if (r->measuring) {
		if (record->sequence - record->doubt > r->durable)
			r->durable = record->sequence - record->doubt;
		return;
	}
	if (good && record->type == RECORD_MESSAGE)
		good = apply_message(r, seg, w);
	if (good && record->type == RECORD_UPDATES)
		good = apply_updates(r, w->head);
	if (!good)
		report_bad(r, record->sequence, record->id, seg->number, w->offset);
}

static void walk(struct recovery *r, struct segment *seg, str bytes)
{
	uint32_t from = seg->number == r->s->mark.segment ? r->s->mark.offset : 0;
	struct record_walk w = {
		.bytes = bytes,
		.site = {r->s->salt, seg->number, from > SEGMENT_START ? from : SEGMENT_START},
		.sequence = r->sequence,
	};
	bool empty = w.site.offset == SEGMENT_START;
	uint32_t end = w.site.offset;

	while (record_walk_next(&w)) {
		apply(r, seg, &w);
		end = w.site.offset;
		empty = false;
		r->end_segment = seg->number;
		r->end_offset = end;
	}
	if (w.strange_octets > 0) {
		r->tear_segment = seg->number;
		r->tear_offset = end;
		r->tear_sequence = r->sequence;
	}
	if (empty && w.strange_octets == 0 && seg->octets >= SEGMENT_OCTETS_MIN)
		r->fresh = seg->number;
}

/* Records stand for themselves; a header that is not there is one more thing to report.  Without
 * any record, the file was being made when the end came. */
static void replay_bytes(struct recovery *r, struct segment *seg, str bytes)
{
	uint64_t before = r->sequence;
	struct fail why;
	bool torn;

	walk(r, seg, bytes);
	if (segment_header_read(bytes, seg->number, &why))
		return;
	r->fresh = 0;
	torn = r->sequence == before;
	if (r->measuring)
		return;
	spool_report(torn ? LOG_WARNING : LOG_ERROR, torn ? "spool_torn" : "spool_rotten", 0,
		seg->number, 0, &why);
}

/* What is read here may be in the system's memory only, as after kill -9; what follows builds on
 * it.  And a sync that failed in the life before may have left there what is not on the disk. */
static bool settle_file(struct recovery *r, struct disk_file *f, struct fail *why)
{
	if (!r->measuring)
		return true;
	if (!disk_sync(f, why))
		return false;
	disk_forget(f);
	return true;
}

static bool replay_segment(struct recovery *r, struct segment *seg, struct fail *why)
{
	struct disk_file *f;
	char name[SEGMENT_NAME_MAX];
	bool read;
	size_t n;

	r->fresh = 0;
	if (seg->octets > SEGMENT_OCTETS_MAX)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "Segment %u is too large to be ours",
			seg->number);
	f = disk_open_file(r->s->disk, segment_name(seg->number, name), why);
	if (!f)
		return false;
	if (!settle_file(r, f, why)) {
		disk_close_file(f);
		return false;
	}
	if (r->bytes_size < seg->octets) {
		mem_free(r->bytes);
		r->bytes_size = seg->octets;
		r->bytes = mem_alloc(r->bytes_size);
	}
	read = disk_read(f, 0, r->bytes, seg->octets, &n, why);
	if (read)
		replay_bytes(r, seg, str_from(r->bytes, n));
	disk_close_file(f);
	return read;
}

static bool read_log(struct recovery *r, bool measuring, struct fail *why)
{
	struct segments *set = &r->s->segments;

	r->measuring = measuring;
	r->sequence = r->s->mark.sequence;
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i]->number >= r->s->mark.segment &&
			!replay_segment(r, set->items[i], why))
			return false;
	return true;
}

static bool replay(struct recovery *r, struct fail *why)
{
	r->durable = r->s->mark.sequence;
	if (!read_log(r, true, why) || !read_log(r, false, why))
		return false;
	/* Left-overs that other records follow are of a write that failed and was made anew. */
	if (r->tear_segment && r->tear_sequence == r->sequence)
		report_bad(r, r->sequence + 1, 0, r->tear_segment, r->tear_offset);
	if (r->bad > REPORTS_MAX)
		log_line(LOG_ERROR, "spool_rotten", "%zu bad places in all", r->bad);
	return true;
}

/* --- the messages ----------------------------------------------------------------------------- */

/* The heads of large messages are far from each other: what is between them is not read. */
static bool next_is_near(const struct recovery *r, const struct index_entry *e)
{
	return r->next && r->next->segment == e->segment &&
	       r->next->offset - e->offset <= NEAR_OCTETS;
}

/* The head of an entry's record, verified; valid until the next one is read. */
static bool read_head(struct recovery *r, const struct index_entry *e, struct record *record,
	str *head, struct fail *why)
{
	struct record_site site = { r->s->salt, e->segment->number, e->offset };
	size_t first = e->octets < RECORD_OCTETS_FIRST ? e->octets : RECORD_OCTETS_FIRST;
	size_t fetch = next_is_near(r, e) ? FETCH_OCTETS : first;
	str bytes;

	if (!segment_read_on(&r->s->reader, &r->window, site.segment, site.offset, first, fetch,
		    &bytes, why))
		return false;
	if (!record_read(bytes, &site, record) || record->id != e->id ||
		record->type != RECORD_MESSAGE ||
		record_octets(record->head_octets, record->data_octets) != e->octets)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "The record is rotten");
	if (RECORD_HEADER_OCTETS + record->head_octets > first &&
		!segment_read_on(&r->s->reader, &r->window, site.segment, site.offset,
			RECORD_HEADER_OCTETS + record->head_octets, 0, &bytes, why))
		return false;
	*head = str_from(bytes.p + RECORD_HEADER_OCTETS, record->head_octets);
	return record_sum(*head) == record->head_sum ||
	       fail_with(why, FAIL_TEMPORARY, "4.3.0", "The head of the record is rotten");
}

static bool read_message(struct recovery *r, struct index_entry *e, struct envelope *envelope,
	struct content **content, struct fail *why)
{
	struct record record;
	struct letter m;
	uint64_t data_at;
	str head;

	if (!e->segment)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "Its segment is missing");
	if (!read_head(r, e, &record, &head, why))
		return false;
	if (!letter_read(head, &m) || m.rcpt_count != e->rcpt_count ||
		!envelope_read(m.envelope, &r->arena, envelope, why) || envelope->id != e->id ||
		envelope->rcpt_count != e->rcpt_count)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "The envelope is rotten");
	data_at = content_at(
		e->segment->number, e->offset + RECORD_HEADER_OCTETS + record.head_octets);
	*content = letter_content(&m, r->s->budget, data_at, record.data_octets, record.data_sum);
	return true;
}

static void tell(struct recovery *r, struct index_entry *e)
{
	struct spool_found found = { 0 };
	struct spool_rcpt *rcpts;
	struct envelope envelope;
	struct content *content = NULL;
	struct fail why;

	if (!read_message(r, e, &envelope, &content, &why)) {
		spool_report(LOG_ERROR, "spool_rotten", e->id, e->segment ? e->segment->number : 0,
			e->offset, &why);
		index_remove(&r->s->index, e);
		return;
	}
	index_fill(&r->s->index, e, content);
	rcpts = mem_alloc(e->rcpt_count * sizeof *rcpts);
	for (uint32_t i = 0; i < e->rcpt_count; i++)
		index_outcome(e, i, &rcpts[i]);
	found.envelope = &envelope;
	found.rcpts = rcpts;
	found.content = content;
	r->messages++;
	r->found(r->owner, &found);
	mem_free(rcpts);
	content_drop(content);
}

/* In the order of the log, so that the disk is read from front to back. */
static int by_place(const void *a, const void *b)
{
	const struct index_entry *const *left = a, *const *right = b;
	uint64_t l = (*left)->segment ? content_at((*left)->segment->number, (*left)->offset) : 0;
	uint64_t r =
		(*right)->segment ? content_at((*right)->segment->number, (*right)->offset) : 0;

	return l < r ? -1 : l > r;
}

static void tell_all(struct recovery *r)
{
	struct index *ix = &r->s->index;
	struct index_entry **entries = mem_alloc(ix->count * sizeof *entries);
	size_t count = 0;

	for (size_t i = 0; i < ix->bucket_count; i++)
		for (struct index_entry *e = ix->buckets[i]; e; e = e->next)
			entries[count++] = e;
	qsort(entries, count, sizeof *entries, by_place);
	for (size_t i = 0; i < count; i++) {
		r->next = i + 1 < count ? entries[i + 1] : NULL;
		tell(r, entries[i]);
		arena_reset(&r->arena);
	}
	mem_free(entries);
}

/* --- a new beginning -------------------------------------------------------------------------- */

/* Cut the log behind its last record: what is torn there, and the space that it had reserved. */
static bool cut_tail(struct recovery *r, struct fail *why)
{
	struct spool *s = r->s;
	struct segment *seg = segment_find(&s->segments, r->end_segment);
	char name[SEGMENT_NAME_MAX];
	struct disk_file *f;
	bool cut;

	if (!seg)
		return true;
	f = disk_open_file(s->disk, segment_name(seg->number, name), why);
	cut = f && segment_cut(&s->segments, seg, f, r->end_offset, why);
	segment_file_close(&f);
	return cut;
}

/* A segment that is ready but was never written to: the reserve of the life before. */
static bool take_fresh(struct recovery *r, struct fail *why)
{
	struct spool *s = r->s;
	char name[SEGMENT_NAME_MAX];

	s->tail = segment_find(&s->segments, r->fresh);
	s->tail->file = disk_open_file(s->disk, segment_name(r->fresh, name), why);
	return s->tail->file;
}

/* Never go on in a segment that was written before: what is torn in it stays behind us.  The first
 * of a life is small, for it is filled while the start waits.  On a full disk a yet smaller one
 * will do, for the updates that make room. */
static bool new_tail(struct recovery *r, struct fail *why)
{
	struct spool *s = r->s;
	uint64_t octets = s->setup.segment_octets / FIRST_PART;
	uint32_t number = s->mark.segment;
	struct disk_file *f;
	bool sync_failed;

	if (s->segments.count > 0 && s->segments.items[s->segments.count - 1]->number > number)
		number = s->segments.items[s->segments.count - 1]->number;
	if (octets < SEGMENT_OCTETS_MIN)
		octets = SEGMENT_OCTETS_MIN;
	for (number++; !(f = segment_create(s->disk, number, octets, true, &sync_failed, why));
		number++) {
		if (sync_failed || !spool_disk_full(why) || octets < 4 * SEGMENT_OCTETS_SMALL)
			return false;
		octets /= 4;
	}
	s->tail = segment_add(&s->segments, number, octets);
	s->tail->file = f;
	return true;
}

bool spool_recover(struct spool *s, spool_found_fn *found, void *owner, struct fail *why)
{
	struct recovery *r = MEM_NEW(struct recovery);
	struct checkpoint_mark mark;
	bool checkpoint = false, good;

	r->s = s;
	r->found = found;
	r->owner = owner;
	arena_init(&r->arena, ARENA_UNLIMITED);
	good = find_segments(r, &checkpoint, why);
	if (good) {
		load_checkpoint(r, checkpoint);
		good = replay(r, why);
	}
	if (good) {
		arena_reset(&r->arena);
		tell_all(r);
		good = cut_tail(r, why) && (r->fresh ? take_fresh(r, why) : new_tail(r, why));
		s->tail_at = SEGMENT_START;
	}
	if (good) {
		s->sequence = s->previous = s->durable = r->sequence;
		mark = (struct checkpoint_mark){ s->tail->number, s->tail_at, s->sequence };
		good = spool_keep_now(s, &mark, why);
	}
	if (good && (r->messages > 0 || r->bad > 0))
		log_line(LOG_INFO, "spool_recovered", "%zu messages", r->messages);
	segment_reader_close(&s->reader);
	s->reader.disk = s->disk;
	arena_free(&r->arena);
	segment_window_free(&r->window);
	mem_free(r->bytes);
	mem_free(r);
	return good;
}
