#include "queue/spool_parts.h"

#include <assert.h>

#include "queue/letter.h"

#define FILLED_SYNC_OCTETS_MAX (128 << 10)

static const char zeros[RECORD_ALIGN];

void spool_write_fence(struct spool *s, const struct fail *why)
{
	struct log_record r;

	if (s->fenced)
		return;
	s->fenced = true;
	log_open(&r, LOG_ERROR, "spool_fenced");
	log_fail(&r, why);
	log_c(&r, "effect", "nothing is accepted until the daemon starts anew");
	log_close(&r);
}

void spool_write_refuse(struct spool *s, struct spool_item *item)
{
	/* Updates are kept until there is room; only the fence is final. */
	if (item->type == RECORD_UPDATES && !s->fenced)
		return;
	item->fate = SPOOL_REFUSED;
	if (item->draft && !item->draft->broken.kind)
		spool_refusal_say(s->fenced ? SPOOL_FENCED : SPOOL_FULL, &item->draft->broken);
}

/* Some of a unit may be in the file, whole messages too.  It goes, for good, before anybody hears
 * no: a start after a power cut would take it for ours, and the client has kept it. */
static void take_back(struct spool *s)
{
	struct fail why;

	s->previous = s->unit.previous;
	if (!disk_truncate(s->tail->file, s->tail_at, &why) || !disk_sync(s->tail->file, &why))
		spool_write_fence(s, &why);
}

void spool_write_unit(struct spool *s)
{
	struct spool_unit *u = &s->unit;
	struct fail why;
	bool written;

	if (u->item_count == 0)
		return;
	written = disk_write(s->tail->file, s->tail_at, u->parts, u->part_count, &why);
	if (written) {
		s->tail_at += u->octets;
		s->grown_octets += u->octets;
		list_remove(&s->tail->dirty);
		list_append(&s->dirty, &s->tail->dirty);
	} else {
		if (!spool_disk_full(&why))
			spool_write_fence(s, &why);
		take_back(s);
		s->low = true;
		s->space_ms = loop_now_ms(s->committer) + SPOOL_SPACE_MS;
	}
	for (size_t i = 0; i < u->item_count; i++) {
		if (written)
			u->items[i]->fate = SPOOL_WRITTEN;
		else
			spool_write_refuse(s, u->items[i]);
	}
	u->part_count = u->item_count = u->staged = 0;
	u->octets = 0;
}

void spool_write_sync(struct spool *s)
{
	struct fail why;

	LIST_EACH_SAFE (link, &s->dirty) {
		struct segment *seg = AROUND(link, struct segment, dirty);

		if (s->fenced)
			return;
		if (!disk_sync(seg->file, &why)) {
			spool_write_fence(s, &why);
			return;
		}
		list_remove(&seg->dirty);
		if (seg != s->tail)
			segment_file_close(&seg->file);
	}
	s->durable = s->previous;
	s->tail_syncs++;
	__atomic_add_fetch(&s->numbers.syncs, 1, __ATOMIC_RELAXED);
}

/* Add to the unit; small pieces are gathered, so that many records are few parts. */
static void add(struct spool_unit *u, str bytes)
{
	str *last = u->part_count ? &u->parts[u->part_count - 1] : NULL;
	char *stage = u->stage + u->staged;

	if (bytes.n == 0)
		return;
	if (bytes.n > SPOOL_UNIT_STAGED_MAX) {
		u->parts[u->part_count++] = bytes;
		return;
	}
	memcpy(stage, bytes.p, bytes.n);
	u->staged += bytes.n;
	if (last && last->p + last->n == stage)
		last->n += bytes.n;
	else
		u->parts[u->part_count++] = str_from(stage, bytes.n);
}

static bool unit_has_room(const struct spool_unit *u)
{
	return u->part_count + 4 <= SPOOL_UNIT_PARTS_MAX && u->item_count < SPOOL_UNIT_ITEMS_MAX &&
	       u->staged + RECORD_HEADER_OCTETS + 2 * SPOOL_UNIT_STAGED_MAX + RECORD_ALIGN <=
		       SPOOL_UNIT_STAGE_OCTETS;
}

static void put(struct spool *s, struct spool_item *item)
{
	struct spool_unit *u = &s->unit;
	str head = buf_str(&item->head);
	struct record_site site = { s->salt, s->tail->number, s->tail_at + u->octets };
	char header[RECORD_HEADER_OCTETS];
	struct record r = {
		.type = item->type,
		.head_octets = (uint32_t)head.n,
		.data_octets = (uint32_t)item->data.n,
		.id = item->id,
		.sequence = ++s->sequence,
		.gap = (uint32_t)(s->sequence - s->previous),
		.doubt = (uint32_t)(s->sequence - s->durable),
		.head_sum = record_sum(head),
		.data_sum = item->data_sum,
	};

	if (u->item_count == 0)
		u->previous = s->previous;
	s->previous = r.sequence;
	item->segment = s->tail;
	item->offset = site.offset;
	record_write(&r, &site, header);
	add(u, str_from(header, sizeof header));
	add(u, head);
	add(u, item->data);
	add(u, str_from(zeros, item->octets - RECORD_HEADER_OCTETS - head.n - item->data.n));
	u->octets += item->octets;
	u->items[u->item_count++] = item;
	if (item->type == RECORD_BLOCK) {
		struct content_place place = {
			.at = content_at(site.segment, site.offset + RECORD_HEADER_OCTETS),
			.octets = r.data_octets,
			.checksum = item->data_sum,
		};

		item->block = item->blocks->count;
		spool_draft_blocks_add(item->blocks, &place);
		segment_count_block(&s->segments, &place, 1);
	}
}

/* Quick syncs are worth the double writing where there are many: not for a flow of large messages,
 * which wants all that the disk can write. */
static bool worth_filling(const struct spool *s)
{
	return s->tail_at / (s->tail_syncs + 1) < FILLED_SYNC_OCTETS_MAX;
}

/* The tail is full: go on in the next segment.  False: there is none yet. */
static bool turn(struct spool *s)
{
	spool_write_unit(s);
	if (!s->next)
		return false;
	s->prepare_filled = worth_filling(s);
	s->tail_syncs = 0;
	if (list_empty(&s->tail->dirty))
		segment_file_close(&s->tail->file);
	s->tail = s->next;
	s->tail_at = SEGMENT_START;
	s->next = NULL;
	spool_helper_prepare(s);
	return true;
}

/* May it be written now?  When not, its fate is said. */
static bool allowed(struct spool *s, struct spool_item *item)
{
	bool is_update = item->type == RECORD_UPDATES;

	if (s->fenced || (s->scarce && !is_update) || (s->low && item->draft) ||
		(item->draft && item->draft->broken.kind)) {
		spool_write_refuse(s, item);
		return false;
	}
	return is_update || !s->stalled; /* order is kept: who waits, waits for all behind him */
}

/* The rest of a message's head is known only now. */
static bool finish_head(struct spool *s, struct spool_item *item)
{
	const struct index_entry *e = index_find(&s->index, item->id);

	item->head.end = item->head.start + item->head_own; /* an earlier round had no room */
	letter_pack_places(item->blocks->items, item->blocks->count,
		item->draft ? spool_draft_first(item->draft) : 0, &item->head);
	if (item->draft)
		pack_u32(&item->head, 0); /* nothing has happened yet */
	else if (e)
		index_pack(e, &item->head);
	if (buf_str(&item->head).n <= s->head_octets_max && !item->draft == !!e)
		return true;
	/* Too many recipients, a number that is taken, or a copy of what has ended meanwhile. */
	item->fate = SPOOL_REFUSED;
	if (item->draft && e)
		fail_reply(&item->draft->broken, 554, "5.3.0", "This message is here already");
	else if (item->draft)
		fail_reply(&item->draft->broken, 452, "4.5.3", "Too many recipients");
	return false;
}

void spool_write_item(struct spool *s, struct spool_item *item)
{
	item->fate = SPOOL_UNWRITTEN;
	if (!allowed(s, item) || (item->type == RECORD_MESSAGE && !finish_head(s, item)))
		return;
	item->octets = (uint32_t)record_octets(buf_str(&item->head).n, item->data.n);
	if (s->tail_at + s->unit.octets + item->octets > s->tail->octets && !turn(s)) {
		s->stalled |= item->type != RECORD_UPDATES;
		return;
	}
	if (!unit_has_room(&s->unit))
		spool_write_unit(s);
	if (allowed(s, item)) /* what was written just now may have changed it */
		put(s, item);
}
