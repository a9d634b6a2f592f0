#include "test/test.h"

#include "queue/record.h"

#define SALT 42

static char segment[4096];

static uint32_t put(uint32_t offset, uint64_t sequence, str data)
{
	struct record_site site = { SALT, 1, offset };
	struct record r = { .type = RECORD_BLOCK,
		.data_octets = (uint32_t)data.n,
		.sequence = sequence,
		.gap = 1,
		.head_sum = record_sum((str){ 0 }),
		.data_sum = record_sum(data) };

	record_write(&r, &site, segment + offset);
	memcpy(segment + offset + RECORD_HEADER_OCTETS, data.p, data.n);
	return offset + (uint32_t)record_octets(0, data.n);
}

static size_t count(uint64_t *strange)
{
	struct record_walk w = {
		.bytes = {segment, sizeof segment},
                  .site = { SALT,      1,              0 }
	};
	size_t n = 0;

	*strange = 0;
	while (record_walk_next(&w)) {
		n += !w.rotten;
		*strange += w.strange_octets;
	}
	*strange += w.strange_octets;
	return n;
}

TEST(record_is_believed_at_its_own_place_only)
{
	uint32_t second, third, end;
	uint64_t strange;

	memset(segment, 0, sizeof segment);
	second = put(0, 1, S("first"));
	third = put(second, 2, S("second"));
	end = put(third, 3, S("third"));
	CHECK_INT(count(&strange), 3);
	CHECK_INT(strange, 0);
	/* a copy elsewhere, as in the body of a message or from an older use of the space */
	memcpy(segment + end, segment + second, third - second);
	CHECK_INT(count(&strange), 3);
	CHECK(strange > 0);
	/* one that a failed write left, older than what stands before it */
	put(end, 2, S("left-over"));
	CHECK_INT(count(&strange), 3);
	/* damage in the middle costs what it hits */
	segment[second + 20] ^= 1;
	CHECK_INT(count(&strange), 2);
	segment[second + 20] ^= 1;
	segment[second + RECORD_HEADER_OCTETS] ^= 1;
	CHECK_INT(count(&strange), 2);
}
