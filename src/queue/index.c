#include "queue/index.h"

#include <assert.h>

#include "base/mem.h"
#include "queue/record.h"

#define BUCKETS_MIN 64

void index_init(struct index *ix, struct segments *segments)
{
	*ix = (struct index){ .segments = segments, .bucket_count = BUCKETS_MIN };
	ix->buckets = mem_zero(BUCKETS_MIN * sizeof(struct index_entry *));
}

/* Ids are ours, no stranger chooses them; they only have to be spread. */
static struct index_entry **bucket_of(const struct index *ix, uint64_t id)
{
	return &ix->buckets[id * 0x9e3779b97f4a7c15u >> 24 & (ix->bucket_count - 1)];
}

static void widen(struct index *ix)
{
	struct index wide = { .bucket_count = ix->bucket_count * 2 };

	wide.buckets = mem_zero(wide.bucket_count * sizeof(struct index_entry *));
	for (size_t i = 0; i < ix->bucket_count; i++) {
		struct index_entry *e = ix->buckets[i];

		while (e) {
			struct index_entry *next = e->next;
			struct index_entry **bucket = bucket_of(&wide, e->id);

			e->next = *bucket;
			*bucket = e;
			e = next;
		}
	}
	mem_free(ix->buckets);
	ix->buckets = wide.buckets;
	ix->bucket_count = wide.bucket_count;
}

struct index_entry *index_find(const struct index *ix, uint64_t id)
{
	struct index_entry *e = *bucket_of(ix, id);

	while (e && e->id != id)
		e = e->next;
	return e;
}

struct index_entry *index_add(struct index *ix, uint64_t id, uint32_t rcpt_count)
{
	struct index_entry *e = MEM_NEW(struct index_entry), **bucket;

	assert(!index_find(ix, id));
	if (ix->count == ix->bucket_count)
		widen(ix);
	ix->count++;
	bucket = bucket_of(ix, id);
	e->next = *bucket;
	*bucket = e;
	e->id = id;
	e->rcpt_count = e->waiting = rcpt_count;
	list_init(&e->link);
	return e;
}

/* Octets that an entry keeps alive: its record, and the blocks that are not in it. */
static void count_living(struct index *ix, const struct index_entry *e, int sign)
{
	const struct content *c = e->content;

	if (!c)
		return;
	segment_count(ix->segments, e->segment, sign * (int64_t)e->octets);
	for (size_t i = 0; c->block_count > 1 && i < c->block_count; i++)
		segment_count_block(ix->segments, &c->blocks[i].place, sign);
}

static void enlist(struct index_entry *e)
{
	list_remove(&e->link);
	if (!e->content)
		return;
	/* those of many blocks first: who looks for blocks looks at these only */
	if (e->content->block_count > 1)
		list_prepend(&e->segment->entries, &e->link);
	else
		list_append(&e->segment->entries, &e->link);
}

static void forget_outcomes(struct index *ix, struct index_entry *e)
{
	for (uint32_t i = 0; e->outcomes && i < e->rcpt_count; i++)
		intern_drop(&ix->words, e->outcomes[i].words);
	mem_free(e->outcomes);
	e->outcomes = NULL;
	e->waiting = e->rcpt_count;
}

static void entry_free(struct index *ix, struct index_entry *e)
{
	forget_outcomes(ix, e);
	content_drop(e->content);
	mem_free(e);
}

void index_remove(struct index *ix, struct index_entry *e)
{
	struct index_entry **at = bucket_of(ix, e->id);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	ix->count--;
	count_living(ix, e, -1);
	list_remove(&e->link);
	entry_free(ix, e);
}

void index_free(struct index *ix)
{
	for (size_t i = 0; i < ix->bucket_count; i++) {
		struct index_entry *e = ix->buckets[i];

		while (e) {
			struct index_entry *next = e->next;

			entry_free(ix, e);
			e = next;
		}
	}
	mem_free(ix->buckets);
	intern_free(&ix->words);
	*ix = (struct index){ 0 };
}

void index_place(struct index_entry *e, struct segment *segment, uint32_t offset, uint32_t octets)
{
	assert(!e->content);
	e->segment = segment;
	e->offset = offset;
	e->octets = octets;
}

void index_fill(struct index *ix, struct index_entry *e, struct content *content)
{
	assert(!e->content && e->segment);
	e->content = content_keep(content);
	count_living(ix, e, 1);
	enlist(e);
}

void index_move(struct index *ix, struct index_entry *e, struct segment *segment, uint32_t offset,
	uint32_t octets, const struct content_block *blocks)
{
	count_living(ix, e, -1);
	for (size_t i = 0; i < e->content->block_count; i++)
		content_moved(&e->content->blocks[i].place, content_where(&blocks[i].place));
	e->segment = segment;
	e->offset = offset;
	e->octets = octets;
	count_living(ix, e, 1);
	enlist(e);
}

static bool entry_wants(const struct index_entry *e, uint32_t rcpt)
{
	return rcpt < e->rcpt_count &&
	       !(e->outcomes && spool_rcpt_ended((enum spool_rcpt_state)e->outcomes[rcpt].state));
}

bool index_wants(const struct index *ix, uint64_t id, uint32_t rcpt)
{
	const struct index_entry *e = index_find(ix, id);

	return e && entry_wants(e, rcpt);
}

static void keep_outcome(
	struct index *ix, struct index_entry *e, uint32_t rcpt, const struct spool_rcpt *now)
{
	struct intern_text *was;
	struct buf words = { 0 };

	if (!e->outcomes)
		e->outcomes = mem_zero(e->rcpt_count * sizeof e->outcomes[0]);
	outcome_pack_words(&now->last, &words);
	was = e->outcomes[rcpt].words;
	e->outcomes[rcpt] = (struct index_outcome){ .next_ms = now->next_ms,
		.words = intern_keep(&ix->words, buf_str(&words)),
		.attempts = now->attempts,
		.state = (uint8_t)now->state };
	intern_drop(&ix->words, was);
	buf_free(&words);
	if (outcome_ended(now))
		e->waiting--;
}

void index_update(struct index *ix, uint64_t id, uint32_t rcpt, const struct spool_rcpt *now)
{
	struct index_entry *e = index_find(ix, id);

	if (!e || !entry_wants(e, rcpt))
		return;
	if (outcome_ended(now) && e->waiting == 1)
		index_remove(ix, e);
	else
		keep_outcome(ix, e, rcpt, now);
}

void index_outcome(const struct index_entry *e, uint32_t rcpt, struct spool_rcpt *known)
{
	const struct index_outcome *o = e->outcomes ? &e->outcomes[rcpt] : NULL;
	struct pack_reader u = { 0 };

	*known = (struct spool_rcpt){ 0 };
	if (!o || !o->words)
		return;
	known->state = (enum spool_rcpt_state)o->state;
	known->attempts = o->attempts;
	known->next_ms = o->next_ms;
	u.rest = intern_bytes(o->words);
	outcome_unpack_words(&u, &known->last);
	assert(!u.broken); /* we packed it */
}

void index_pack(const struct index_entry *e, struct buf *to)
{
	uint32_t count = 0;

	for (uint32_t i = 0; e->outcomes && i < e->rcpt_count; i++)
		count += e->outcomes[i].words != NULL;
	pack_u32(to, count);
	for (uint32_t i = 0; e->outcomes && i < e->rcpt_count; i++) {
		const struct index_outcome *o = &e->outcomes[i];

		if (!o->words)
			continue;
		pack_u32(to, i);
		outcome_pack_head((enum spool_rcpt_state)o->state, o->attempts, o->next_ms, to);
		buf_put(to, intern_bytes(o->words));
	}
}

void index_unpack(struct index *ix, struct index_entry *e, struct pack_reader *u)
{
	uint32_t count = pack_read_u32(u);

	forget_outcomes(ix, e);
	for (uint32_t i = 0; i < count && !u->broken; i++) {
		uint32_t rcpt = pack_read_u32(u);
		struct spool_rcpt known;

		outcome_unpack(u, &known);
		if (rcpt >= e->rcpt_count)
			u->broken = true;
		if (!u->broken && entry_wants(e, rcpt))
			keep_outcome(ix, e, rcpt, &known);
	}
}
