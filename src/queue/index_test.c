#include "test/test.h"

#include "base/mem.h"
#include "queue/index.h"
#include "queue/record.h"

static struct content *content_of(struct content_budget *b, size_t block_count, uint32_t segment)
{
	struct content *c = content_new(b, block_count);

	for (size_t i = 0; i < block_count; i++)
		c->blocks[i].place =
			(struct content_place){ .at = content_at(segment, (uint32_t)(100000 * i)),
				.octets = 1000 };
	return c;
}

TEST(index_counts_what_lives)
{
	struct content_budget *b = content_budget_new(0);
	struct segments set = { 0 };
	struct segment *one = segment_add(&set, 1, 1 << 20), *two = segment_add(&set, 2, 1 << 20);
	struct spool_rcpt delivered = { .state = SPOOL_DELIVERED };
	struct index ix;

	index_init(&ix, &set);
	CHECK_INT(set.dead, 2);
	for (uint64_t id = 1; id <= 1000; id++) {
		/* each tenth has three blocks in the first segment and its record in the second */
		struct content *c = content_of(b, id % 10 ? 1 : 3, 1);
		struct index_entry *e = index_add(&ix, id, 2);

		index_place(e, id % 10 ? one : two, (uint32_t)(id * 500), 500);
		index_fill(&ix, e, c);
		content_drop(c);
	}
	CHECK_INT(set.dead, 0);
	CHECK_INT(two->living, 100 * 500);
	CHECK_INT(one->living, 900 * 500 + 100 * 3 * record_octets(0, 1000));
	CHECK_INT(set.living, one->living + two->living);
	for (uint64_t id = 1; id <= 1000; id++) {
		index_update(&ix, id, 0, &delivered);
		index_update(&ix, id, 0, &delivered); /* said twice, ended once */
		CHECK(index_find(&ix, id) && !index_wants(&ix, id, 0) && index_wants(&ix, id, 1));
		if (id % 2)
			index_update(&ix, id, 1, &delivered);
	}
	CHECK_INT(ix.count, 500);
	for (uint64_t id = 2; id <= 1000; id += 2)
		index_update(&ix, id, 1, &delivered);
	CHECK_INT(set.living, 0);
	CHECK_INT(set.dead, 2);
	segment_remove(&set, one);
	CHECK(!segment_find(&set, 1) && segment_find(&set, 2) == two);
	index_free(&ix);
	segments_free(&set);
	content_budget_drop(b);
}

TEST(index_outcomes_are_read_as_they_were_packed)
{
	struct segments set = { 0 };
	struct spool_rcpt put_off = { .attempts = 2, .next_ms = 99 }, ended = { 0 }, known;
	struct buf bytes = { 0 };
	struct pack_reader u = { 0 };
	struct index ix;
	struct index_entry *e;

	ended.state = SPOOL_DELETED;
	index_init(&ix, &set);
	e = index_add(&ix, 5, 4);
	index_update(&ix, 5, 1, &put_off);
	index_update(&ix, 5, 3, &ended);
	CHECK_INT(e->waiting, 3);
	index_pack(e, &bytes);
	index_remove(&ix, e);
	e = index_add(&ix, 5, 4);
	u.rest = buf_str(&bytes);
	index_unpack(&ix, e, &u);
	CHECK(!u.broken && u.rest.n == 0 && e->waiting == 3);
	index_outcome(e, 1, &known);
	CHECK(known.attempts == 2 && known.next_ms == 99);
	u = (struct pack_reader){ .rest = str_first(buf_str(&bytes), buf_str(&bytes).n - 1) };
	index_unpack(&ix, e, &u);
	CHECK(u.broken);
	buf_free(&bytes);
	index_free(&ix);
}

TEST(content_gives_its_memory_back)
{
	struct content_budget *b = content_budget_new(1000);
	struct content *c = content_new(b, 1);

	c->blocks[0].place.octets = 2000;
	c->blocks[0].bytes = content_bytes_grow(b, NULL, 0, 2000);
	CHECK(content_budget_over(b));
	content_drop(content_keep(c));
	content_forget(c);
	CHECK(!c->blocks[0].bytes && content_budget_used(b) == 0);
	content_budget_drop(b); /* a content may be the last that needs it */
	content_drop(c);
}
