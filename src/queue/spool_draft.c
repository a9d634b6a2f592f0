#include "queue/spool_parts.h"

#include <assert.h>

#include "base/mem.h"
#include "queue/letter.h"

#define BLOCK_OCTETS_FIRST 8192 /* most messages are small; then it doubles */

struct spool_draft *spool_draft_new(
	struct spool *s, struct loop *loop, void (*writable)(void *owner), void *owner)
{
	struct spool_draft *d = MEM_NEW(struct spool_draft);

	d->spool = s;
	d->loop = loop;
	d->writable = writable;
	d->owner = owner;
	spool_begin(s);
	return d;
}

/* --- on the loop of whoever writes ------------------------------------------------------------ */

static void end_arrived(struct loop_task *task)
{
	struct spool_draft *d = AROUND(task, struct spool_draft, end);
	struct spool *s = d->spool;

	spool_draft_clear(d);
	mem_free(d);
	spool_end(s);
}

/* Nobody wants it any more.  While blocks are on their way it has to stay. */
static void end_dropped(struct spool_draft *d)
{
	if (d->in_flight > 0)
		return;
	d->end.run = end_arrived;
	loop_post(d->spool->committer, &d->end);
}

void spool_draft_drop(struct spool_draft *d)
{
	assert(!d->committed && !d->dropped);
	d->dropped = true;
	end_dropped(d);
}

static void block_returned(struct loop_task *task)
{
	struct spool_item *item = AROUND(task, struct spool_item, task);
	struct spool_draft *d = item->draft;

	mem_free(item);
	d->in_flight--;
	if (d->dropped) {
		end_dropped(d);
	} else if (d->full && !d->committed && d->in_flight < SPOOL_DRAFT_BLOCKS_MAX) {
		d->full = false;
		if (d->writable)
			d->writable(d->owner);
	}
}

void spool_draft_return(struct spool_item *block)
{
	block->task.run = block_returned;
	loop_post(block->draft->loop, &block->task);
}

static void item_arrived(struct loop_task *task)
{
	struct spool_item *item = AROUND(task, struct spool_item, task);
	struct spool *s = item->draft->spool;

	list_append(&s->items, &item->link);
	spool_round_want(s);
}

static void send_block(struct spool_draft *d)
{
	struct spool_item *item = MEM_NEW(struct spool_item);

	item->type = RECORD_BLOCK;
	item->draft = d;
	item->blocks = &d->blocks;
	item->data = str_from(d->bytes, d->n);
	item->data_sum = content_checksum(item->data);
	item->task.run = item_arrived;
	d->bytes = content_bytes_grow(d->spool->budget, d->bytes, d->size, d->n);
	item->data.p = d->bytes;
	d->bytes = NULL;
	d->n = d->size = 0;
	d->sent++;
	d->in_flight++;
	loop_post(d->spool->committer, &item->task);
}

static void make_room(struct spool_draft *d, size_t n)
{
	size_t size = d->size ? d->size : BLOCK_OCTETS_FIRST;

	while (size < d->n + n)
		size *= 2;
	if (size == d->size)
		return;
	d->bytes = content_bytes_grow(d->spool->budget, d->bytes, d->size, size);
	d->size = size;
}

enum spool_write spool_draft_write(struct spool_draft *d, str bytes)
{
	assert(!d->committed && !d->dropped);
	while (bytes.n > 0) {
		str part;

		/* A full block waits for one more byte: a message of one block goes with its
		 * envelope. */
		if (d->n == CONTENT_BLOCK_OCTETS)
			send_block(d);
		part = str_first(bytes, CONTENT_BLOCK_OCTETS - d->n);
		make_room(d, part.n);
		memcpy(d->bytes + d->n, part.p, part.n);
		d->n += part.n;
		d->octets += part.n;
		bytes = str_skip(bytes, part.n);
	}
	d->full = d->in_flight >= SPOOL_DRAFT_BLOCKS_MAX;
	return d->full ? SPOOL_WRITE_ENOUGH : SPOOL_WRITE_ON;
}

void spool_draft_head(struct spool_draft *d, str bytes)
{
	assert(!d->committed && !d->dropped && !d->headed && bytes.n <= SPOOL_HEAD_OCTETS_MAX);
	if (bytes.n == 0)
		return;
	if (d->sent > 0 || d->n + bytes.n > CONTENT_BLOCK_OCTETS) {
		send_block(d);
		d->headed = true;
	}
	make_room(d, bytes.n);
	if (d->n > 0)
		memmove(d->bytes + bytes.n, d->bytes, d->n);
	memcpy(d->bytes, bytes.p, bytes.n);
	d->n += bytes.n;
	d->octets += bytes.n;
}

struct spool_draft *spool_draft_of(struct spool *s, struct loop *loop, str bytes)
{
	struct spool_draft *d = spool_draft_new(s, loop, NULL, NULL);

	spool_draft_write(d, bytes); /* it is in memory already: enough or not */
	return d;
}

void spool_draft_commit(struct spool *s, struct spool_commit *c)
{
	struct spool_draft *d = c->draft;
	struct spool_item *m = &d->message;

	assert(s == d->spool && c->loop == d->loop && !d->committed && !d->dropped);
	d->committed = true;
	d->commit = c;
	if (d->sent > 0)
		send_block(d);
	if (d->size > d->n)
		d->bytes = content_bytes_grow(s->budget, d->bytes, d->size, d->n);
	d->size = d->n;
	m->type = RECORD_MESSAGE;
	m->draft = d;
	m->blocks = &d->blocks;
	m->id = c->envelope->id;
	m->rcpt_count = (uint32_t)c->envelope->rcpt_count;
	m->data = str_from(d->bytes, d->n);
	m->data_sum = content_checksum(m->data);
	letter_pack_envelope(c->envelope, &m->head);
	m->head_own = buf_str(&m->head).n;
	m->task.run = item_arrived;
	loop_post(s->committer, &m->task);
}

/* --- on the committer ------------------------------------------------------------------------- */

void spool_draft_blocks_add(struct spool_blocks *b, const struct content_place *place)
{
	if (b->count == b->size) {
		b->size = b->size ? b->size * 2 : 16;
		b->items = mem_grow(b->items, b->size * sizeof b->items[0]);
	}
	b->items[b->count++] = (struct content_block){ .place = *place };
}

void spool_draft_blocks_release(struct spool_blocks *b, struct segments *segments)
{
	for (size_t i = 0; i < b->count; i++)
		segment_count_block(segments, &b->items[i].place, -1);
	mem_free(b->items);
	*b = (struct spool_blocks){ 0 };
}

size_t spool_draft_first(const struct spool_draft *d)
{
	return d->headed ? d->blocks.count - 1 : 0;
}

struct content *spool_draft_content(struct spool_draft *d)
{
	struct content_budget *b = d->spool->budget;
	size_t count = d->blocks.count ? d->blocks.count : d->n > 0;
	struct content *c = content_new(b, count);

	c->octets = d->octets;
	for (size_t i = 0; i < d->blocks.count; i++) {
		struct content_block *block =
			&d->blocks.items[(spool_draft_first(d) + i) % d->blocks.count];

		c->blocks[i] = *block;
		block->bytes = NULL;
	}
	if (d->blocks.count > 0 || d->n == 0)
		return c;
	c->blocks[0].place.at = content_at(d->message.segment->number,
		d->message.offset + RECORD_HEADER_OCTETS + (uint32_t)buf_str(&d->message.head).n);
	c->blocks[0].place.octets = (uint32_t)d->n;
	c->blocks[0].place.checksum = d->message.data_sum;
	if (!content_budget_over(b)) {
		c->blocks[0].bytes = d->bytes;
		d->bytes = NULL;
	}
	return c;
}

void spool_draft_clear(struct spool_draft *d)
{
	for (size_t i = 0; i < d->blocks.count; i++)
		content_bytes_free(d->spool->budget, d->blocks.items[i].bytes,
			d->blocks.items[i].place.octets);
	spool_draft_blocks_release(&d->blocks, &d->spool->segments);
	content_bytes_free(d->spool->budget, d->bytes, d->size);
	d->bytes = NULL;
	buf_free(&d->message.head);
}
