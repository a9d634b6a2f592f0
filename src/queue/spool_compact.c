/*
 * Compaction: what still lives in a segment of mostly dead records is written anew at the tail, a
 * little a round, so that the file can go.
 *
 * A copy is a message record like any other, further on in the log; it says what was known of the
 * recipients at that moment.  Copying reads no more than SPOOL_COPY_OCTETS at a time, on the
 * helper's loop, and one slice is durable before the next one is read.
 */
#include "queue/spool_parts.h"

#include <assert.h>

#include "base/mem.h"
#include "queue/letter.h"

#define LOOK_MS 1000
#define LIVING_PERCENT 30       /* less living octets: not worth its file */
#define LIVING_PERCENT_LARGE 50 /* the same, where the whole log is larger than it should be */

/* More than twice what lives, two segments, and what has come since the checkpoint. */
static bool log_is_large(const struct spool *s)
{
	return s->segments.octets >
	       2 * s->segments.living + 2 * s->setup.segment_octets + s->grown_octets;
}

static struct segment *choose_victim(const struct spool *s)
{
	uint64_t percent = log_is_large(s) ? LIVING_PERCENT_LARGE : LIVING_PERCENT;
	struct segment *victim = NULL;

	for (size_t i = 0; i < s->segments.count; i++) {
		struct segment *seg = s->segments.items[i];

		/* one that the checkpoint still needs would have to stay anyhow */
		if (seg->number >= s->mark.segment || seg == s->tail || seg->tried ||
			seg->living * 100 >= percent * seg->octets)
			continue;
		if (!victim || seg->living < victim->living)
			victim = seg;
	}
	return victim;
}

static struct spool_fetch *fetch_add(
	struct spool *s, enum record_type type, uint64_t id, uint64_t at, uint32_t octets)
{
	struct spool_fetch *f = &s->copy.fetches[s->copy.fetch_count++];

	assert(s->copy.fetch_count <= SPOOL_COPY_MAX);
	*f = (struct spool_fetch){ .segment = (uint32_t)(at >> 32), .offset = (uint32_t)at };
	f->octets = octets;
	f->item.type = type;
	f->item.id = id;
	f->item.blocks = &s->copy.large;
	return f;
}

static void fetch_record(struct spool *s, const struct index_entry *e)
{
	fetch_add(s, RECORD_MESSAGE, e->id, content_at(e->segment->number, e->offset), e->octets);
}

/* The next blocks of the message of many blocks, or at the end its record. */
static void fetch_large(struct spool *s, const struct index_entry *e)
{
	uint32_t octets = 0;

	for (size_t i = s->copy.large.count; i < e->content->block_count; i++) {
		const struct content_place *place = &e->content->blocks[i].place;

		if (octets + place->octets > SPOOL_COPY_OCTETS ||
			s->copy.fetch_count == SPOOL_COPY_MAX)
			break;
		octets += place->octets;
		fetch_add(s, RECORD_BLOCK, e->id, content_where(place), place->octets);
	}
	if (s->copy.fetch_count == 0)
		fetch_record(s, e);
}

static void fetch_small(struct spool *s)
{
	uint64_t octets = 0;

	LIST_EACH (link, &s->copy.victim->entries) {
		const struct index_entry *e = AROUND(link, struct index_entry, link);

		octets += e->octets;
		if (s->copy.fetch_count == SPOOL_COPY_MAX ||
			(s->copy.fetch_count > 0 && octets > SPOOL_COPY_OCTETS))
			return;
		fetch_record(s, e);
	}
}

static bool touches(const struct index_entry *e, const struct segment *victim)
{
	if (e->segment == victim)
		return true;
	for (size_t i = 0; i < e->content->block_count; i++)
		if (content_where(&e->content->blocks[i].place) >> 32 == victim->number)
			return true;
	return false;
}

/* A message of many blocks that has anything in the victim.  They come first in each segment. */
static const struct index_entry *find_large(const struct spool *s)
{
	for (size_t i = 0; i < s->segments.count; i++) {
		LIST_EACH (link, &s->segments.items[i]->entries) {
			const struct index_entry *e = AROUND(link, struct index_entry, link);

			if (e->content->block_count < 2)
				break;
			if (touches(e, s->copy.victim))
				return e;
		}
	}
	return NULL;
}

static void end(struct spool *s)
{
	spool_draft_blocks_release(&s->copy.large, &s->segments);
	s->copy.large_id = 0;
	s->copy.victim->tried = true; /* empty now, or not to be emptied: drafts, rotten blocks */
	s->copy.victim = NULL;
	s->copy.failed = s->copy.small = false;
	s->dead_seen = SIZE_MAX;
}

static void step(struct spool *s)
{
	const struct index_entry *large = NULL;

	if (s->copy.large_id)
		large = index_find(&s->index, s->copy.large_id);
	if (!large) {
		/* it has ended meanwhile, if there was one */
		spool_draft_blocks_release(&s->copy.large, &s->segments);
		if (!s->copy.small)
			large = find_large(s);
		s->copy.large_id = large ? large->id : 0;
		s->copy.small = !large;
	}
	if (large)
		fetch_large(s, large);
	else
		fetch_small(s);
	if (s->copy.fetch_count > 0)
		spool_helper_fetch(s);
	else
		end(s);
}

void spool_compact_look(struct spool *s)
{
	int64_t now_ms = loop_now_ms(s->committer);

	if (s->copy.victim || s->scarce || now_ms < s->copy.look_ms)
		return;
	s->copy.victim = choose_victim(s);
	if (s->copy.victim)
		step(s);
	else
		s->copy.look_ms = now_ms + LOOK_MS;
}

/* Make an item of what was read.  False: it is not what was written; *why says so. */
static bool make_message(struct spool *s, struct spool_fetch *f)
{
	struct record_site site = { s->salt, f->segment, f->offset };
	str bytes = str_from(f->bytes, f->octets), head;
	struct letter m;
	struct record r;

	if (!record_read(bytes, &site, &r) || r.type != RECORD_MESSAGE || r.id != f->item.id ||
		record_octets(r.head_octets, r.data_octets) != f->octets)
		return fail_with(&f->why, FAIL_TEMPORARY, "4.3.0", "Rotten record");
	head = str_first(str_skip(bytes, RECORD_HEADER_OCTETS), r.head_octets);
	f->item.data =
		str_first(str_skip(bytes, RECORD_HEADER_OCTETS + r.head_octets), r.data_octets);
	f->item.data_sum = r.data_sum;
	if (record_sum(head) != r.head_sum || record_sum(f->item.data) != r.data_sum ||
		!letter_read(head, &m))
		return fail_with(&f->why, FAIL_TEMPORARY, "4.3.0", "Rotten record");
	buf_put(&f->item.head, m.before_places);
	f->item.head_own = m.before_places.n;
	return true;
}

static bool make_block(struct spool *s, struct spool_fetch *f, size_t block)
{
	const struct index_entry *e = index_find(&s->index, f->item.id);

	f->item.data = str_from(f->bytes, f->octets);
	f->item.data_sum = record_sum(f->item.data);
	if (e && e->content->blocks[block].place.checksum != f->item.data_sum)
		return fail_with(&f->why, FAIL_TEMPORARY, "4.3.0", "Rotten block");
	return true;
}

static void fetches_free(struct spool *s)
{
	for (size_t i = 0; i < s->copy.fetch_count; i++) {
		buf_free(&s->copy.fetches[i].item.head);
		mem_free(s->copy.fetches[i].bytes);
	}
	s->copy.fetch_count = 0;
}

/* A slice is done: the next one, or the end. */
static void go_on(struct spool *s)
{
	fetches_free(s);
	if (s->copy.failed || s->fenced)
		end(s);
	else
		step(s);
}

void spool_compact_fetched(struct spool *s)
{
	size_t blocks = s->copy.large.count;

	for (size_t i = 0; i < s->copy.fetch_count; i++) {
		struct spool_fetch *f = &s->copy.fetches[i];

		if (f->ok)
			f->ok = f->item.type == RECORD_BLOCK ? make_block(s, f, blocks + i)
							     : make_message(s, f);
		if (!f->ok) {
			spool_report(LOG_ERROR, "spool_rotten", f->item.id, f->segment, f->offset,
				&f->why);
			s->copy.failed = true;
			continue;
		}
		s->copy.unsettled++;
		list_append(&s->copies, &f->item.link);
	}
	if (s->copy.unsettled > 0) {
		spool_round_want(s);
		return;
	}
	go_on(s);
	spool_keep_house(s);
}

/* A small message: its only block is in the new record.  One of many: all of them are new. */
static void moved(struct spool *s, struct spool_item *item)
{
	struct index_entry *e = index_find(&s->index, item->id);
	struct content_block only = { 0 };

	only.place.at = content_at(item->segment->number,
		item->offset + RECORD_HEADER_OCTETS + (uint32_t)buf_str(&item->head).n);
	index_move(&s->index, e, item->segment, item->offset, item->octets,
		s->copy.large.count ? s->copy.large.items : &only);
	if (s->copy.large.count > 0) {
		spool_draft_blocks_release(&s->copy.large, &s->segments);
		s->copy.large_id = 0;
	}
}

void spool_compact_settle(struct spool *s, struct spool_item *item)
{
	if (item->fate == SPOOL_WRITTEN && item->type == RECORD_MESSAGE)
		moved(s, item);
	/* refused because the message has ended: that is as good */
	if (item->fate == SPOOL_REFUSED && index_find(&s->index, item->id))
		s->copy.failed = true;
	if (--s->copy.unsettled == 0)
		go_on(s);
}

void spool_compact_free(struct spool *s)
{
	if (s->copy.victim)
		end(s);
	fetches_free(s);
}
