#include "world/disk.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "test/sim/store.h"
#include "test/sim/trace.h"

#define READ_NS_MAX (100 * 1000)
#define NAME_NS_MAX (300 * 1000)

struct disk {
	struct store *store;
	char path[96];
	bool locks;
};

struct disk_file {
	struct disk *disk;
	struct inode *inode;
	char name[128];
};

static void full_name(const struct disk *d, str name, char to[128])
{
	assert(!str_starts(name, S("/")) && str_find_str(name, S("..")) == name.n);
	snprintf(to, 128, "%s/%.*s", d->path, STR(name));
}

struct disk *disk_open(str path, struct fail *why)
{
	struct disk *d;

	if (!sim.here_node->store) {
		fail_with(
			why, FAIL_TEMPORARY, "4.3.0", "%.*s: No such file or directory", STR(path));
		return NULL;
	}
	d = MEM_NEW(struct disk);
	d->store = sim.here_node->store;
	str_to_c(path, d->path, sizeof d->path);
	return d;
}

void disk_close(struct disk *d)
{
	if (d->locks)
		d->store->locked = false;
	mem_free(d);
}

bool disk_lock(struct disk *d, str name, struct fail *why)
{
	if (d->store->locked)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "%s/%.*s: another daemon holds it",
			d->path, STR(name));
	d->store->locked = d->locks = true;
	return true;
}

static struct disk_file *file_new(struct disk *d, struct inode *inode, const char *name)
{
	struct disk_file *f = MEM_NEW(struct disk_file);

	f->disk = d;
	f->inode = inode;
	inode->opened++;
	str_to_c(str_of(name), f->name, sizeof f->name);
	return f;
}

struct disk_file *disk_create(struct disk *d, str name, struct fail *why)
{
	char full[128];
	struct inode *inode;

	full_name(d, name, full);
	sim_spend(sim_between(1000, NAME_NS_MAX));
	if (!store_create(d->store, full, &inode, why))
		return NULL;
	store_operation(d->store, "create", full);
	return file_new(d, inode, full);
}

struct disk_file *disk_open_file(struct disk *d, str name, struct fail *why)
{
	char full[128];
	struct inode *inode;

	full_name(d, name, full);
	inode = store_find(d->store, full);
	sim_spend(sim_between(1000, READ_NS_MAX));
	if (!inode) {
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "%s: No such file or directory", full);
		return NULL;
	}
	return file_new(d, inode, full);
}

void disk_close_file(struct disk_file *f)
{
	assert(f->inode->opened > 0);
	f->inode->opened--;
	mem_free(f);
}

bool disk_reserve(struct disk_file *f, uint64_t size, struct fail *why)
{
	sim_spend(sim_between(1000, NAME_NS_MAX));
	if (size <= f->inode->now.size)
		return true;
	if (!store_resize(f->disk->store, f->inode, size, why))
		return fail_while(why, " (%s)", f->name);
	store_operation(f->disk->store, "reserve", f->name);
	return true;
}

uint64_t disk_size(struct disk_file *f)
{
	return f->inode->now.size;
}

bool disk_truncate(struct disk_file *f, uint64_t size, struct fail *why)
{
	sim_spend(sim_between(1000, NAME_NS_MAX));
	if (!store_resize(f->disk->store, f->inode, size, why))
		return false;
	store_operation(f->disk->store, "truncate", f->name);
	return true;
}

bool disk_write(struct disk_file *f, uint64_t at, const str *parts, size_t count, struct fail *why)
{
	struct store *s = f->disk->store;
	struct node *before = mem_as(NULL);
	size_t n = 0;
	char *all;
	bool whole;

	for (size_t i = 0; i < count; i++)
		n += parts[i].n;
	all = mem_alloc(n);
	n = 0;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].n > 0)
			memcpy(all + n, parts[i].p, parts[i].n);
		n += parts[i].n;
	}
	whole = store_write(s, f->inode, at, (str){ all, n }, why);
	mem_free(all);
	mem_as(before);
	sim_spend(sim_between(1000, s->faults.write_ns_max));
	store_operation(s, "write", f->name);
	return whole ? whole : fail_while(why, " (%s)", f->name);
}

bool disk_read(struct disk_file *f, uint64_t at, char *to, size_t size, size_t *n, struct fail *why)
{
	(void)why;
	sim_spend(sim_between(1000, READ_NS_MAX));
	*n = store_read(f->inode, at, to, size);
	return true;
}

static void spend_sync(const struct store *s)
{
	bool stalls = sim_chance(s->faults.stall_per_mille);

	sim_spend(sim_between(20000, stalls ? s->faults.stall_ns_max : s->faults.sync_ns_max));
}

/* The power may go before a sync has done anything, or when all is done and nobody was told. */
bool disk_sync(struct disk_file *f, struct fail *why)
{
	struct store *s = f->disk->store;
	bool early = sim_chance(500), ok;

	spend_sync(s);
	if (early)
		store_operation(s, "sync", f->name);
	ok = store_sync(s, f->inode, why);
	if (!early)
		store_operation(s, "sync", f->name);
	return ok ? ok : fail_while(why, " (%s)", f->name);
}

void disk_forget(struct disk_file *f)
{
	store_forget(f->inode);
}

bool disk_sync_names(struct disk *d, struct fail *why)
{
	bool early = sim_chance(500), ok;

	spend_sync(d->store);
	if (early)
		store_operation(d->store, "sync names", d->path);
	ok = store_sync_names(d->store, why);
	if (!early)
		store_operation(d->store, "sync names", d->path);
	return ok;
}

bool disk_rename(struct disk *d, str from, str to, struct fail *why)
{
	char full_from[128], full_to[128];

	full_name(d, from, full_from);
	full_name(d, to, full_to);
	sim_spend(sim_between(1000, NAME_NS_MAX));
	if (!store_rename(d->store, full_from, full_to, why))
		return false;
	store_operation(d->store, "rename", full_to);
	return true;
}

bool disk_remove(struct disk *d, str name, struct fail *why)
{
	char full[128];

	full_name(d, name, full);
	sim_spend(sim_between(1000, NAME_NS_MAX));
	if (!store_remove(d->store, full, why))
		return false;
	store_operation(d->store, "remove", full);
	return true;
}

static int compare(const void *a, const void *b)
{
	return str_compare(*(const str *)a, *(const str *)b);
}

bool disk_list(struct disk *d, struct arena *a, str **names, size_t *count, struct fail *why)
{
	struct store_names *all = &d->store->names;
	str prefix = str_of(d->path);

	(void)why;
	*names = arena_alloc(a, (all->count + 1) * sizeof **names);
	assert(*names);
	*count = 0;
	for (size_t i = 0; i < all->count; i++) {
		str name = str_of(all->items[i].name);

		if (!str_starts(name, prefix) || name.p[prefix.n] != '/')
			continue;
		name = str_skip(name, prefix.n + 1);
		if (!str_has(name, '/'))
			(*names)[(*count)++] = arena_copy(a, name);
	}
	qsort(*names, *count, sizeof **names, compare);
	return true;
}

uint64_t disk_free_octets(struct disk *d)
{
	uint64_t used = store_used_octets(d->store);

	return used < d->store->faults.octets_max ? d->store->faults.octets_max - used : 0;
}
