#include "queue/spool_fake.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "world/disk.h"

#define SECTOR 512
#define FILES_MAX 512
#define NAME_OPS_MAX 4096

/* --- the disk --------------------------------------------------------------------------------- */

struct change { /* not yet synced */
	struct change *next;
	uint64_t at;
	size_t n;
	bool resize; /* to at */
	char bytes[];
};

struct image {
	char *p;
	uint64_t n;
};

struct disk_file { /* an inode, and every handle on it */
	struct image now, stable;
	struct change *changes, **changes_end;
	uint64_t bad; /* a byte that cannot be read; 0: none */
};

struct entry {
	char name[32];
	struct disk_file *file;
};

struct folder {
	struct entry entries[FILES_MAX];
	size_t count;
};

struct disk {
	int unused;
};

static struct disk the_disk;
static struct disk_file *files[FILES_MAX * 8];
static size_t file_count;
static struct folder names, stable_names;
static struct folder history[64]; /* names after each operation since their sync */
static size_t history_count;
static uint64_t operations, cut_at, write_fails_at, capacity, free_shown;
static bool cut, sync_fails, create_fails;
static size_t renames;
uint64_t fake_reads, fake_octets_read;

static void resize(struct image *m, uint64_t n)
{
	m->p = mem_grow(m->p, n);
	if (n > m->n)
		memset(m->p + m->n, 0, n - m->n);
	m->n = n;
}

static void put(struct image *m, uint64_t at, const char *bytes, size_t n)
{
	if (at + n > m->n)
		resize(m, at + n);
	if (n > 0) /* of an empty file there is no p */
		memcpy(m->p + at, bytes, n);
}

static struct change *note(struct disk_file *f, uint64_t at, size_t n, bool is_resize)
{
	struct change *c = mem_zero(sizeof *c + n);

	c->at = at;
	c->n = n;
	c->resize = is_resize;
	*f->changes_end = c;
	f->changes_end = &c->next;
	return c;
}

static void changes_drop(struct disk_file *f)
{
	while (f->changes) {
		struct change *c = f->changes;

		f->changes = c->next;
		mem_free(c);
	}
	f->changes_end = &f->changes;
}

/* Is the power still on for this operation? */
static bool powered(struct fail *why)
{
	operations++;
	if (cut_at && operations >= cut_at)
		cut = true;
	return !cut || fail_with(why, FAIL_TEMPORARY, "4.3.0", "the power is off");
}

void fake_cut_at(uint64_t operation)
{
	cut_at = operation;
}

uint64_t fake_operations(void)
{
	return operations;
}

bool fake_is_cut(void)
{
	return cut;
}

/* One change as the platter may show it. */
static void settle(struct disk_file *f, const struct change *c)
{
	uint64_t fate = prng_below(&fake_dice, 3);

	if (fate == 0)
		return;
	if (c->resize) {
		resize(&f->stable, c->at);
		return;
	}
	for (size_t i = 0; i < c->n;) {
		size_t n = SECTOR - (c->at + i) % SECTOR;

		if (n > c->n - i)
			n = c->n - i;
		if (fate == 1 || prng_chance(&fake_dice, 500))
			put(&f->stable, c->at + i, c->bytes + i, n);
		i += n;
	}
}

static bool named(const struct disk_file *f)
{
	for (size_t i = 0; i < names.count; i++)
		if (names.entries[i].file == f)
			return true;
	return false;
}

static void file_free(struct disk_file *f)
{
	changes_drop(f);
	mem_free(f->now.p);
	mem_free(f->stable.p);
	mem_free(f);
}

void fake_reset(uint64_t seed)
{
	prng_seed(&fake_dice, seed);
	for (size_t i = 0; i < file_count; i++)
		file_free(files[i]);
	file_count = names.count = stable_names.count = history_count = renames = 0;
	operations = cut_at = write_fails_at = capacity = free_shown = 0;
	fake_now_ms = 0;
	cut = sync_fails = create_fails = false;
}

static void file_survive(struct disk_file *f)
{
	for (struct change *c = f->changes; c; c = c->next)
		settle(f, c);
	changes_drop(f);
	resize(&f->now, f->stable.n);
	if (f->stable.n > 0)
		memcpy(f->now.p, f->stable.p, f->stable.n);
}

void fake_power_on(void)
{
	size_t kept = prng_below(&fake_dice, history_count + 1), count = 0;

	if (kept > 0)
		stable_names = history[kept - 1];
	names = stable_names;
	history_count = 0;
	for (size_t i = 0; i < file_count; i++) {
		if (named(files[i])) {
			file_survive(files[i]);
			files[count++] = files[i];
		} else {
			file_free(files[i]);
		}
	}
	file_count = count;
	cut = sync_fails = false;
	cut_at = 0;
}

void fake_write_fails_at(uint64_t operation)
{
	write_fails_at = operation;
}

void fake_create_fails(bool fails)
{
	create_fails = fails;
}

void fake_sync_fails(bool fails)
{
	sync_fails = fails;
}

void fake_capacity(uint64_t octets)
{
	capacity = octets;
}

void fake_free_shown(uint64_t octets)
{
	free_shown = octets;
}

size_t fake_renames(void)
{
	return renames;
}

static struct entry *find(str name)
{
	for (size_t i = 0; i < names.count; i++)
		if (str_eq(str_of(names.entries[i].name), name))
			return &names.entries[i];
	return NULL;
}

static void name_changed(void)
{
	if (history_count < LENGTH(history))
		history[history_count++] = names;
	else
		history[history_count - 1] = names;
}

bool fake_rot(str name, uint64_t offset)
{
	struct entry *e = find(name);

	if (!e || offset >= e->file->now.n)
		return false;
	e->file->now.p[offset] ^= 0x10;
	return true;
}

bool fake_bad_place(str name, uint64_t offset)
{
	struct entry *e = find(name);

	if (!e || offset >= e->file->now.n)
		return false;
	e->file->bad = offset;
	return true;
}

struct disk *disk_open(str path, struct fail *why)
{
	(void)path;
	(void)why;
	return &the_disk;
}

void disk_close(struct disk *d)
{
	assert(d == &the_disk);
}

bool disk_lock(struct disk *d, str name, struct fail *why)
{
	(void)name;
	(void)why;
	return d == &the_disk;
}

struct disk_file *disk_create(struct disk *d, str name, struct fail *why)
{
	struct disk_file *f;

	assert(d == &the_disk);
	if (!powered(why))
		return NULL;
	assert(!find(name));
	if (create_fails) {
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "too many open files");
		return NULL;
	}
	f = MEM_NEW(struct disk_file);
	f->changes_end = &f->changes;
	assert(file_count < LENGTH(files) && names.count < FILES_MAX);
	files[file_count++] = f;
	str_to_c(name, names.entries[names.count].name, sizeof names.entries[0].name);
	names.entries[names.count++].file = f;
	name_changed();
	return f;
}

struct disk_file *disk_open_file(struct disk *d, str name, struct fail *why)
{
	struct entry *e = find(name);

	assert(d == &the_disk);
	if (!e)
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "no such file");
	return e ? e->file : NULL;
}

void disk_close_file(struct disk_file *f)
{
	assert(f);
}

static uint64_t used(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < names.count; i++)
		sum += names.entries[i].file->now.n;
	return sum;
}

static bool fits(struct disk_file *f, uint64_t size, struct fail *why)
{
	if (!capacity || size <= f->now.n || used() + size - f->now.n <= capacity)
		return true;
	return fail_with(why, FAIL_TEMPORARY, "4.3.1", "the disk is full");
}

bool disk_reserve(struct disk_file *f, uint64_t size, struct fail *why)
{
	if (!powered(why) || !fits(f, size, why))
		return false;
	if (size > f->now.n) {
		resize(&f->now, size);
		note(f, size, 0, true);
	}
	return true;
}

uint64_t disk_size(struct disk_file *f)
{
	return f->now.n;
}

bool disk_truncate(struct disk_file *f, uint64_t size, struct fail *why)
{
	if (!powered(why))
		return false;
	resize(&f->now, size);
	note(f, size, 0, true);
	return true;
}

bool disk_write(struct disk_file *f, uint64_t at, const str *parts, size_t count, struct fail *why)
{
	uint64_t from = at;
	struct change *c;
	size_t n = 0;
	bool on = powered(why);
	bool full = on && operations == write_fails_at;

	for (size_t i = 0; i < count; i++)
		n += parts[i].n;
	if (!on && operations != cut_at) /* the one at the cut may be there in part */
		return false;
	if (on && !fits(f, at + n, why))
		return false;
	c = note(f, from, n, false);
	for (size_t i = 0; i < count; i++) {
		memcpy(c->bytes + (at - from), parts[i].p, parts[i].n);
		at += parts[i].n;
	}
	if (full)
		c->n = n -= n < SECTOR ? n : SECTOR;
	put(&f->now, from, c->bytes, n);
	if (full)
		fail_with(why, FAIL_TEMPORARY, "4.3.1", "the disk is full");
	return on && !full;
}

bool disk_read(struct disk_file *f, uint64_t at, char *to, size_t size, size_t *n, struct fail *why)
{
	*n = 0;
	fake_reads++;
	if (f->bad > 0 && at <= f->bad && f->bad - at < size)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "input/output error");
	*n = at >= f->now.n ? 0 : f->now.n - at < size ? (size_t)(f->now.n - at) : size;
	memcpy(to, f->now.p + at, *n);
	fake_octets_read += *n;
	return true;
}

bool disk_sync(struct disk_file *f, struct fail *why)
{
	if (!powered(why))
		return false;
	if (sync_fails)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "input/output error");
	for (struct change *c = f->changes; c; c = c->next) {
		if (c->resize)
			resize(&f->stable, c->at);
		else
			put(&f->stable, c->at, c->bytes, c->n);
	}
	changes_drop(f);
	return true;
}

void disk_forget(struct disk_file *f)
{
	(void)f; /* what is read here is what is there */
}

bool disk_sync_names(struct disk *d, struct fail *why)
{
	assert(d == &the_disk);
	if (!powered(why))
		return false;
	stable_names = names;
	history_count = 0;
	return true;
}

static void unlink_entry(struct entry *e)
{
	*e = names.entries[--names.count];
}

bool disk_rename(struct disk *d, str from, str to, struct fail *why)
{
	struct entry *e;

	assert(d == &the_disk);
	if (!powered(why))
		return false;
	e = find(to);
	if (e)
		unlink_entry(e);
	e = find(from);
	assert(e);
	str_to_c(to, e->name, sizeof e->name);
	renames++;
	name_changed();
	return true;
}

bool disk_remove(struct disk *d, str name, struct fail *why)
{
	struct entry *e = find(name);

	assert(d == &the_disk);
	if (!powered(why))
		return false;
	if (!e)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "no such file");
	unlink_entry(e);
	name_changed();
	return true;
}

static int by_name(const void *a, const void *b)
{
	const str *left = a, *right = b;

	return str_compare(*left, *right);
}

bool disk_list(struct disk *d, struct arena *a, str **list, size_t *count, struct fail *why)
{
	str *all = arena_alloc(a, (names.count + 1) * sizeof *all);

	(void)why;
	assert(d == &the_disk && all);
	for (size_t i = 0; i < names.count; i++)
		all[i] = arena_copy(a, str_of(names.entries[i].name));
	qsort(all, names.count, sizeof *all, by_name);
	*list = all;
	*count = names.count;
	return true;
}

uint64_t disk_free_octets(struct disk *d)
{
	assert(d == &the_disk);
	if (free_shown)
		return free_shown;
	return capacity ? (capacity > used() ? capacity - used() : 0) : UINT64_MAX;
}
