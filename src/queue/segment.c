#include "queue/segment.h"

#include <assert.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/number.h"
#include "queue/pack.h"
#include "queue/record.h"

/* Where a segment of this number is, or would be. */
static size_t slot_of(const struct segments *set, uint32_t number)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->items[middle]->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct segment *segment_find(const struct segments *set, uint32_t number)
{
	size_t slot = slot_of(set, number);

	return slot < set->count && set->items[slot]->number == number ? set->items[slot] : NULL;
}

struct segment *segment_add(struct segments *set, uint32_t number, uint64_t octets)
{
	size_t slot = slot_of(set, number);
	struct segment *seg = MEM_NEW(struct segment);

	assert(slot == set->count || set->items[slot]->number != number);
	seg->number = number;
	seg->octets = octets;
	list_init(&seg->entries);
	list_init(&seg->dirty);
	if (set->count == set->size) {
		set->size = set->size ? set->size * 2 : 16;
		set->items = mem_grow(set->items, set->size * sizeof set->items[0]);
	}
	memmove(set->items + slot + 1, set->items + slot, (set->count - slot) * sizeof seg);
	set->items[slot] = seg;
	set->count++;
	set->octets += octets;
	set->dead++;
	return seg;
}

void segment_remove(struct segments *set, struct segment *seg)
{
	size_t slot = slot_of(set, seg->number);

	assert(slot < set->count && set->items[slot] == seg);
	assert(seg->living == 0 && list_empty(&seg->entries));
	set->count--;
	memmove(set->items + slot, set->items + slot + 1, (set->count - slot) * sizeof seg);
	set->octets -= seg->octets;
	set->dead--;
	list_remove(&seg->dirty);
	segment_file_close(&seg->file);
	mem_free(seg);
}

void segment_count(struct segments *set, struct segment *seg, int64_t octets)
{
	if (octets == 0)
		return;
	assert(octets > 0 || seg->living >= (uint64_t)-octets);
	if (seg->living == 0)
		set->dead--;
	seg->living += (uint64_t)octets;
	set->living += (uint64_t)octets;
	if (seg->living == 0)
		set->dead++;
}

void segment_count_block(struct segments *set, const struct content_place *place, int sign)
{
	struct segment *seg = segment_find(set, (uint32_t)(content_where(place) >> 32));

	if (seg)
		segment_count(set, seg, sign * (int64_t)record_octets(0, place->octets));
}

void segments_free(struct segments *set)
{
	for (size_t i = 0; i < set->count; i++) {
		segment_file_close(&set->items[i]->file);
		mem_free(set->items[i]);
	}
	mem_free(set->items);
	*set = (struct segments){ 0 };
}

void segment_file_close(struct disk_file **f)
{
	if (*f)
		disk_close_file(*f);
	*f = NULL;
}

str segment_name(uint32_t number, char to[SEGMENT_NAME_MAX])
{
	snprintf(to, SEGMENT_NAME_MAX, "log-%08x", number);
	return str_of(to);
}

bool segment_name_read(str name, uint32_t *number)
{
	char again[SEGMENT_NAME_MAX];
	uint64_t value;

	if (!str_starts(name, S("log-")) || !number_parse_hex(str_skip(name, 4), &value) ||
		value > UINT32_MAX)
		return false;
	*number = (uint32_t)value;
	return str_eq(segment_name(*number, again), name);
}

/* The header: a word, the version of the format, the number, zeros, and a sum of all that. */
static const str header_word = STR_INIT("facteur log\n");
#define HEADER_VERSION 1

#define FILL_PARTS 16 /* of 64 KiB, between two syncs */
#define HEADER_SUMMED (SEGMENT_START - 8)

static void header_write(uint32_t number, char to[SEGMENT_START])
{
	memset(to, 0, SEGMENT_START);
	memcpy(to, header_word.p, header_word.n);
	pack_set32(to + 12, HEADER_VERSION);
	pack_set32(to + 16, number);
	pack_set64(to + HEADER_SUMMED, record_sum(str_from(to, HEADER_SUMMED)));
}

bool segment_header_read(str bytes, uint32_t number, struct fail *why)
{
	char name[SEGMENT_NAME_MAX];

	segment_name(number, name);
	if (bytes.n < SEGMENT_START || !str_starts(bytes, header_word) ||
		pack_get64(bytes.p + HEADER_SUMMED) != record_sum(str_first(bytes, HEADER_SUMMED)))
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "%s has a rotten header", name);
	if (pack_get32(bytes.p + 12) != HEADER_VERSION)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0",
			"%s has format version %u, this program knows %u", name,
			pack_get32(bytes.p + 12), HEADER_VERSION);
	if (pack_get32(bytes.p + 16) != number)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0",
			"%s is segment %u under another name", name, pack_get32(bytes.p + 16));
	return true;
}

/* In small steps, each of which is synced: who else waits for the disk does not wait for all. */
static bool fill_all(struct disk_file *f, uint64_t octets, bool *sync_failed, struct fail *why)
{
	static const char zeros[64 << 10];
	str parts[FILL_PARTS];

	for (uint64_t at = 0; at < octets;) {
		uint64_t end = at;
		size_t count = 0;

		for (; count < FILL_PARTS && end < octets; count++) {
			parts[count] = str_first(str_from(zeros, sizeof zeros), octets - end);
			end += parts[count].n;
		}
		if (!disk_write(f, at, parts, count, why))
			return false;
		*sync_failed = !disk_sync(f, why);
		if (*sync_failed)
			return false;
		at = end;
	}
	return true;
}

struct disk_file *segment_create(struct disk *d, uint32_t number, uint64_t octets, bool fill,
	bool *sync_failed, struct fail *why)
{
	char name[SEGMENT_NAME_MAX], header[SEGMENT_START];
	struct disk_file *f = disk_create(d, segment_name(number, name), why);
	str part = { header, SEGMENT_START };

	*sync_failed = false;
	if (!f)
		return NULL;
	header_write(number, header);
	if (disk_reserve(f, octets, why) && (!fill || fill_all(f, octets, sync_failed, why)) &&
		disk_write(f, 0, &part, 1, why)) {
		if (disk_sync(f, why) && disk_sync_names(d, why))
			return f;
		*sync_failed = true;
	}
	disk_close_file(f);
	/* It holds nothing: whether its name stays does not matter but for the next try. */
	if (!disk_remove(d, str_of(name), NULL))
		fail_while(why, "; and it cannot be removed");
	return NULL;
}

bool segment_cut(struct segments *set, struct segment *seg, struct disk_file *f, uint64_t octets,
	struct fail *why)
{
	if (octets >= seg->octets)
		return true;
	if (!disk_truncate(f, octets, why))
		return false;
	set->octets -= seg->octets - octets;
	seg->octets = octets;
	return true;
}

static struct disk_file *reader_file(struct segment_reader *r, uint32_t number, struct fail *why)
{
	char name[SEGMENT_NAME_MAX];
	size_t oldest = 0;

	r->turn++;
	for (size_t i = 0; i < SEGMENT_READER_FILES; i++) {
		if (r->files[i].file && r->files[i].number == number) {
			r->files[i].used = r->turn;
			return r->files[i].file;
		}
		if (r->files[i].used < r->files[oldest].used)
			oldest = i;
	}
	segment_file_close(&r->files[oldest].file);
	r->files[oldest].file = disk_open_file(r->disk, segment_name(number, name), why);
	r->files[oldest].number = number;
	r->files[oldest].used = r->files[oldest].file ? r->turn : 0;
	return r->files[oldest].file;
}

bool segment_read(struct segment_reader *r, uint32_t number, uint64_t offset, char *to,
	size_t octets, struct fail *why)
{
	struct disk_file *f = reader_file(r, number, why);
	size_t n;

	if (!f || !disk_read(f, offset, to, octets, &n, why))
		return false;
	if (n < octets)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "segment %u ends too early", number);
	return true;
}

void segment_reader_forget(struct segment_reader *r, uint32_t number)
{
	for (size_t i = 0; i < SEGMENT_READER_FILES; i++) {
		if (r->files[i].number != number)
			continue;
		segment_file_close(&r->files[i].file);
		r->files[i].used = 0;
	}
}

void segment_reader_close(struct segment_reader *r)
{
	for (size_t i = 0; i < SEGMENT_READER_FILES; i++)
		segment_file_close(&r->files[i].file);
	*r = (struct segment_reader){ 0 };
}

/* A bad place behind what was asked for is not its trouble, and each try there may take long. */
static bool window_fill(struct segment_reader *r, struct segment_window *w, size_t octets,
	size_t fetch, struct fail *why)
{
	struct disk_file *f = reader_file(r, w->number, why);

	if (!f)
		return false;
	if (w->bad == w->number)
		fetch = octets;
	if (disk_read(f, w->offset, w->bytes, fetch, &w->octets, why))
		return true;
	if (fetch == octets)
		return false;
	w->bad = w->number;
	return disk_read(f, w->offset, w->bytes, octets, &w->octets, why);
}

bool segment_read_on(struct segment_reader *r, struct segment_window *w, uint32_t number,
	uint64_t offset, size_t octets, size_t fetch, str *to, struct fail *why)
{
	bool here = w->number == number && offset >= w->offset &&
		    offset + octets <= w->offset + w->octets;

	if (fetch < octets)
		fetch = octets;
	if (!here && w->size < fetch) {
		mem_free(w->bytes);
		w->size = fetch;
		w->bytes = mem_alloc(w->size);
	}
	if (!here) {
		w->number = number;
		w->offset = offset;
		w->octets = 0;
		if (!window_fill(r, w, octets, fetch, why))
			return false;
	}
	if (offset - w->offset + octets > w->octets)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "segment %u ends too early", number);
	*to = str_from(w->bytes + (offset - w->offset), octets);
	return true;
}

void segment_window_free(struct segment_window *w)
{
	mem_free(w->bytes);
	*w = (struct segment_window){ 0 };
}
