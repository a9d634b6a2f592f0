/*
 * The input is a segment: plain bytes, and records that are written into it, whole or with damage.
 * Laws: the walk ends; it believes a record only at its own site, with sums that fit, and in the
 * order of the numbers; a record that was written whole, and that nothing was written over, is
 * found and equal.
 */
#include "test/fuzz.h"

#include "queue/pack.h"
#include "queue/record.h"

#define SALT 0x1122334455667788u
#define SEGMENT 7
#define RECORDS_MAX 64

static char segment[8192];

/* What was written, in order of their places. */
static struct written {
	uint32_t offset;
	struct record record;
	bool damaged;
} written[RECORDS_MAX + 1]; /* one that did not fit */
static size_t written_count;

static str bytes_of(uint32_t offset, const struct record *r, bool head)
{
	const char *at = segment + offset + RECORD_HEADER_OCTETS;

	return head ? str_from(at, r->head_octets) : str_from(at + r->head_octets, r->data_octets);
}

/* Write a record of the segment's own bytes at the offset; returns the octets it takes, or 0. */
static uint32_t put(uint32_t offset, uint8_t shape, uint8_t damage)
{
	struct record_site site = { SALT, SEGMENT, offset };
	struct written *w = &written[written_count];
	struct record *r = &w->record;
	uint64_t octets;

	*w = (struct written){ .offset = offset };
	r->type = (enum record_type)(1 + shape % 3);
	r->head_octets = shape & 0x38;
	r->data_octets = shape & 0xc7;
	r->id = shape;
	r->sequence = written_count + 1;
	r->gap = 1;
	r->doubt = damage & 1;
	octets = record_octets(r->head_octets, r->data_octets);
	if (offset + octets > sizeof segment || written_count == RECORDS_MAX)
		return 0;
	r->head_sum = record_sum(bytes_of(offset, r, true));
	r->data_sum = record_sum(bytes_of(offset, r, false));
	record_write(r, &site, segment + offset);
	w->damaged = damage & 2;
	if (w->damaged)
		segment[offset + damage % (RECORD_HEADER_OCTETS + r->head_octets +
						  r->data_octets)] ^= (char)(1 + damage / 4);
	written_count++;
	return (uint32_t)octets;
}

/* Three bytes an instruction: skip, put a record, or a foreign one. */
static void build(const uint8_t *data, size_t size)
{
	uint32_t offset = 64;

	memset(segment, 0, sizeof segment);
	for (size_t i = 0; i < size && i < sizeof segment; i++)
		segment[i] = (char)data[i];
	written_count = 0;
	for (; size >= 3; data += 3, size -= 3) {
		if (data[0] & 1)
			offset += put(offset, data[1], data[2]);
		else
			offset += data[1] & 0xf8;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record_walk w = {
		.bytes = {segment,  sizeof segment},
                  .site = { SALT, SEGMENT,             64 }
	};
	size_t next = 0, steps = 0;

	build(data, size);
	while (record_walk_next(&w)) {
		struct record again;
		struct record_site site = { SALT, SEGMENT, w.offset };

		LAW(++steps <= sizeof segment / RECORD_HEADER_OCTETS);
		LAW(record_read(str_skip(w.bytes, w.offset), &site, &again));
		while (next < written_count && written[next].offset < w.offset)
			LAW(written[next++].damaged);
		/* nobody but us can have written it */
		LAW(next < written_count && written[next].offset == w.offset);
		LAW(!memcmp(&w.record, &written[next].record, sizeof w.record));
		LAW(w.rotten == (record_sum(w.head) != w.record.head_sum ||
					record_sum(w.data) != w.record.data_sum));
		LAW(w.rotten <= written[next].damaged);
		LAW(w.head.n == w.record.head_octets && w.data.n == w.record.data_octets);
		next++;
	}
	while (next < written_count)
		LAW(written[next++].damaged);
	return 0;
}
