#include "flow/body.h"

#include "base/mem.h"
#include "mail/downgrade.h"

struct body {
	struct flow *flow;
	struct content *content;
	size_t block;
	uint64_t octets;
	void (*ready)(void *owner); /* null: nobody is interested any more */
	void *owner;
	struct spool_read read;
	bool reading;
	char *held; /* a block that came from the spool, until the next one */
	size_t held_octets;
	struct downgrade *downgrade;
	bool converting_over;
	struct buf converted;
};

struct body *body_new(
	struct flow *f, struct content *content, void (*ready)(void *owner), void *owner)
{
	struct body *b = MEM_NEW(struct body);

	b->flow = f;
	b->content = content_keep(content);
	b->octets = content->octets;
	b->ready = ready;
	b->owner = owner;
	return b;
}

void body_free(struct body *b)
{
	if (!b)
		return;
	b->ready = NULL;
	if (b->reading)
		return; /* read_done comes back here */
	content_drop(b->content);
	downgrade_free(b->downgrade);
	buf_free(&b->converted);
	mem_free(b->held);
	mem_free(b);
}

uint64_t body_octets(const struct body *b)
{
	return b->octets;
}

static void read_done(struct spool_read *r)
{
	struct body *b = AROUND(r, struct body, read);

	b->reading = false;
	mem_free(b->held);
	b->held = r->bytes;
	b->held_octets = r->octets;
	if (b->ready)
		b->ready(b->owner);
	else
		body_free(b);
}

/* The bytes of the next block, as they are stored. */
static enum body_portion next_block(struct body *b, str *bytes, struct fail *why)
{
	struct content_block *block;

	*bytes = S("");
	if (b->reading) /* asked again too early */
		return BODY_LATER;
	if (b->block == b->content->block_count)
		return BODY_READY;
	block = &b->content->blocks[b->block];
	if (block->bytes) {
		*bytes = str_from(block->bytes, block->place.octets);
		b->block++;
		return BODY_READY;
	}
	if (b->read.done && b->read.block == b->block) { /* it was read for us */
		b->read.done = NULL;
		if (!b->held) {
			*why = b->read.why;
			return BODY_FAILED;
		}
		*bytes = str_from(b->held, b->held_octets);
		b->block++;
		return BODY_READY;
	}
	b->read = (struct spool_read){
		.content = b->content, .block = b->block, .loop = b->flow->loop, .done = read_done
	};
	b->reading = true;
	spool_read(b->flow->spool, &b->read);
	return BODY_LATER;
}

void body_downgrade(struct body *b)
{
	b->downgrade = downgrade_new();
}

enum body_portion body_measure(struct body *b, struct fail *why)
{
	str bytes;
	enum body_portion portion;
	bool converts = true;

	while ((portion = next_block(b, &bytes, why)) == BODY_READY && bytes.n > 0 && converts)
		converts = downgrade_scan(b->downgrade, bytes);
	if (portion != BODY_READY)
		return portion;
	if (!converts || !downgrade_scan_end(b->downgrade, &b->octets)) {
		fail_with(why, FAIL_PERMANENT, "5.6.3",
			"The next server takes 7-bit mail only, and this message cannot be "
			"converted");
		return BODY_FAILED;
	}
	b->block = 0;
	return BODY_READY;
}

enum body_portion body_next(struct body *b, str *bytes, struct fail *why)
{
	enum body_portion portion;
	str raw;

	if (!b->downgrade)
		return next_block(b, bytes, why);
	buf_clear(&b->converted);
	while (buf_str(&b->converted).n == 0 && !b->converting_over) {
		portion = next_block(b, &raw, why);
		if (portion != BODY_READY)
			return portion;
		if (raw.n > 0) {
			downgrade_convert(b->downgrade, raw, &b->converted);
		} else {
			downgrade_convert_end(b->downgrade, &b->converted);
			b->converting_over = true;
		}
	}
	*bytes = buf_str(&b->converted);
	return BODY_READY;
}
