#include "queue/checkpoint.h"

#include "base/mem.h"
#include "queue/record.h"

/* The file: a header, then slices.  A header is a word, a version, the mark, and a sum.  A slice is
 * its length, how many entries it has, a sum of its bytes, and these; the last one is empty, and
 * its count is that of the whole file. */
static const str header_word = STR_INIT("facteur checkpoint 1\n\0\0\0");
#define HEADER_OCTETS 48
#define HEADER_SUMMED (HEADER_OCTETS - 8)
#define SLICE_HEADER_OCTETS 16
#define SLICE_OCTETS_MAX (1 << 30) /* an entry of very many recipients may be large */
#define BUCKETS_AHEAD 8
#define NAME_NEW S(CHECKPOINT_NAME ".new")

void checkpoint_begin(struct checkpoint *c, const struct checkpoint_mark *mark)
{
	*c = (struct checkpoint){ .mark = *mark };
}

static void pack_entry(const struct index_entry *e, struct buf *to)
{
	pack_u64(to, e->id);
	pack_u32(to, e->rcpt_count);
	pack_u32(to, e->segment->number);
	pack_u32(to, e->offset);
	pack_u32(to, e->octets);
	index_pack(e, to);
}

/* When the table is widened between two slices, entries of buckets behind us may be written twice,
 * and none is missed. */
void checkpoint_take(struct checkpoint *c, const struct index *ix)
{
	size_t visited = 0, ahead;
	uint32_t count = 0;

	buf_clear(&c->slice);
	buf_put(&c->slice, str_from((char[SLICE_HEADER_OCTETS]){ 0 }, SLICE_HEADER_OCTETS));
	while (c->bucket < ix->bucket_count && visited++ < CHECKPOINT_SLICE_BUCKETS &&
		buf_str(&c->slice).n < CHECKPOINT_SLICE_OCTETS) {
		/* An entry is far from the one before it in memory, and waiting for each is most of
		 * what a slice costs: one that comes soon is fetched ahead. */
		ahead = c->bucket + BUCKETS_AHEAD;
		if (ahead < ix->bucket_count)
			__builtin_prefetch(ix->buckets[ahead]);
		for (const struct index_entry *e = ix->buckets[c->bucket]; e; e = e->next) {
			pack_entry(e, &c->slice);
			count++;
		}
		c->bucket++;
	}
	c->entries += count;
	c->last = c->bucket >= ix->bucket_count;
	pack_set32(
		c->slice.p + c->slice.start, (uint32_t)buf_str(&c->slice).n - SLICE_HEADER_OCTETS);
	pack_set32(c->slice.p + c->slice.start + 4, count);
	pack_set64(c->slice.p + c->slice.start + 8,
		record_sum(str_skip(buf_str(&c->slice), SLICE_HEADER_OCTETS)));
}

static bool append(struct checkpoint *c, str bytes, struct fail *why)
{
	if (!disk_write(c->file, c->octets, &bytes, 1, why))
		return false;
	c->octets += bytes.n;
	return true;
}

/* One that stays is in nobody's way but the next one's. */
static void remove_new(struct disk *d)
{
	bool removed = disk_remove(d, NAME_NEW, NULL);

	(void)removed;
}

static bool store_header(struct checkpoint *c, struct disk *d, struct fail *why)
{
	char header[HEADER_OCTETS] = { 0 };

	remove_new(d); /* from a try that was cut off, if there is one */
	c->file = disk_create(d, NAME_NEW, why);
	if (!c->file)
		return false;
	memcpy(header, header_word.p, header_word.n);
	pack_set32(header + 24, c->mark.segment);
	pack_set32(header + 28, c->mark.offset);
	pack_set64(header + 32, c->mark.sequence);
	pack_set64(header + HEADER_SUMMED, record_sum(str_from(header, HEADER_SUMMED)));
	return append(c, str_from(header, sizeof header), why);
}

static bool store_end(struct checkpoint *c, struct disk *d, struct fail *why)
{
	char end[SLICE_HEADER_OCTETS] = { 0 };
	pack_set32(end + 4, c->entries);
	pack_set64(end + 8, record_sum((str){ 0 }));
	if (!append(c, str_from(end, sizeof end), why))
		return false;
	c->sync_failed = !disk_sync(c->file, why);
	disk_close_file(c->file);
	c->file = NULL;
	buf_free(&c->slice);
	if (c->sync_failed || !disk_rename(d, NAME_NEW, S(CHECKPOINT_NAME), why))
		return false;
	c->sync_failed = !disk_sync_names(d, why);
	return !c->sync_failed;
}

bool checkpoint_store(struct checkpoint *c, struct disk *d, struct fail *why)
{
	str slice = buf_str(&c->slice);

	if (!c->file && !store_header(c, d, why))
		return false;
	if (slice.n > SLICE_HEADER_OCTETS && !append(c, slice, why))
		return false;
	return !c->last || store_end(c, d, why);
}

void checkpoint_drop(struct checkpoint *c, struct disk *d)
{
	buf_free(&c->slice);
	if (!c->file)
		return;
	disk_close_file(c->file);
	c->file = NULL;
	remove_new(d);
}

static bool rotten(struct fail *why, uint64_t at)
{
	return fail_with(why, FAIL_TEMPORARY, "4.3.0", "checkpoint is rotten at octet %llu",
		(unsigned long long)at);
}

static bool load_entry(struct pack_reader *u, struct index *ix)
{
	uint64_t id = pack_read_u64(u);
	uint32_t rcpt_count = pack_read_u32(u), number = pack_read_u32(u);
	uint32_t offset = pack_read_u32(u), octets = pack_read_u32(u);
	struct index_entry *e;

	if (u->broken)
		return false;
	e = index_find(ix, id);
	if (!e)
		e = index_add(ix, id, rcpt_count);
	index_place(e, segment_find(ix->segments, number), offset, octets);
	index_unpack(ix, e, u);
	return !u->broken && e->waiting > 0 && e->rcpt_count == rcpt_count;
}

/* One slice; *count is how many entries it had, 0 at the end of the file. */
static bool load_slice(struct disk_file *f, uint64_t *at, struct index *ix, uint32_t *count,
	bool *end, struct fail *why)
{
	char header[SLICE_HEADER_OCTETS];
	uint32_t octets;
	char *bytes;
	bool good;
	size_t n;

	if (!disk_read(f, *at, header, sizeof header, &n, why))
		return false;
	octets = n == sizeof header ? pack_get32(header) : UINT32_MAX;
	if (octets > SLICE_OCTETS_MAX || octets > disk_size(f) - *at - n)
		return rotten(why, *at);
	bytes = mem_alloc(octets);
	*count = pack_get32(header + 4);
	*end = octets == 0;
	good = disk_read(f, *at + sizeof header, bytes, octets, &n, why);
	if (good && record_sum(str_from(bytes, n)) != pack_get64(header + 8))
		good = rotten(why, *at);
	if (good) {
		struct pack_reader u = {
			.rest = {bytes, octets}
		};

		for (uint32_t i = 0; good && i < *count && !*end; i++)
			good = load_entry(&u, ix);
		good = good && u.rest.n == 0;
		if (!good)
			rotten(why, *at);
	}
	mem_free(bytes);
	*at += sizeof header + octets;
	return good;
}

static bool load_all(struct disk_file *f, struct index *ix, struct checkpoint_mark *mark,
	uint64_t *at, struct fail *why)
{
	char header[HEADER_OCTETS];
	uint32_t total = 0, count = 0;
	bool end = false;
	size_t n;

	if (!disk_read(f, 0, header, sizeof header, &n, why))
		return false;
	if (n < sizeof header || !str_starts(str_from(header, n), header_word) ||
		pack_get64(header + HEADER_SUMMED) != record_sum(str_from(header, HEADER_SUMMED)))
		return rotten(why, 0);
	mark->segment = pack_get32(header + 24);
	mark->offset = pack_get32(header + 28);
	mark->sequence = pack_get64(header + 32);
	*at = sizeof header;
	while (!end) {
		total += count;
		if (!load_slice(f, at, ix, &count, &end, why))
			return false;
	}
	return total == count || rotten(why, *at);
}

bool checkpoint_load(struct disk *d, struct index *ix, struct checkpoint_mark *mark,
	uint64_t *octets, struct fail *why)
{
	struct disk_file *f = disk_open_file(d, S(CHECKPOINT_NAME), why);
	bool whole;

	if (!f)
		return false;
	whole = load_all(f, ix, mark, octets, why);
	disk_close_file(f);
	return whole;
}
