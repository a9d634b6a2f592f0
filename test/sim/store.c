#include "test/sim/store.h"

#include <assert.h>

#include "base/mem.h"
#include "test/sim/trace.h"

/* A write (bytes is set) or a new size, not yet synced. */
struct change {
	struct list link;
	uint64_t at;
	str bytes;
};

/* A name that now leads to inode, or, null, nowhere. */
struct name_change {
	struct list link;
	char name[128];
	struct inode *inode;
	bool with_next; /* the two halves of a rename are kept or lost as one */
};

struct store *store_new(void)
{
	struct store *s = sim_alloc(sizeof *s);

	list_init(&s->inodes);
	list_init(&s->name_changes);
	list_init(&s->messages);
	s->faults = (struct store_faults){
		.octets_max = UINT64_MAX,
		.write_ns_max = SIM_MS,
		.sync_ns_max = 8 * SIM_MS,
		.stall_ns_max = 300 * SIM_MS,
		.stall_per_mille = 5,
	};
	return s;
}

void store_operation(struct store *s, const char *what, const char *name)
{
	s->operations++;
	trace("disk %s %s", what, name);
	if (s->faults.cut_in > 0 && --s->faults.cut_in == 0)
		sim_cut_here();
}

/* --- bytes --- */

static void put(struct image *i, uint64_t at, str data)
{
	size_t end = (size_t)at + data.n;

	if (data.n == 0)
		return;
	if (end > i->room) {
		struct node *before = mem_as(NULL);

		i->room = end < 2 * i->room ? 2 * i->room : end;
		i->bytes = mem_grow(i->bytes, i->room);
		mem_as(before);
	}
	if (end > i->n) {
		memset(i->bytes + i->n, 0, end - i->n);
		i->n = end;
	}
	memcpy(i->bytes + at, data.p, data.n);
	if (end > i->size)
		i->size = end;
}

static void resize(struct image *i, uint64_t size)
{
	i->size = size;
	if (i->n > size)
		i->n = (size_t)size;
}

/* A null p: a new size. */
static void change_add(struct inode *i, uint64_t at, str bytes)
{
	struct change *c = sim_alloc(sizeof *c);

	c->at = at;
	if (bytes.n > 0) {
		struct node *before = mem_as(NULL);

		c->bytes = mem_copy(bytes);
		mem_as(before);
	}
	list_append(&i->changes, &c->link);
}

static void change_free(struct change *c)
{
	list_remove(&c->link);
	mem_free((char *)c->bytes.p);
	mem_free(c);
}

static void keep(struct inode *i, const struct change *c)
{
	if (c->bytes.p)
		put(&i->stable, c->at, c->bytes);
	else
		resize(&i->stable, c->at);
}

/* Some sectors of it, or the first ones only. */
static void tear(struct store *s, struct inode *i, const struct change *c)
{
	bool prefix = sim_chance(500);
	uint64_t end = c->at + c->bytes.n;

	s->torn++;
	for (uint64_t at = c->at; at < end;) {
		uint64_t next = (at / STORE_SECTOR_OCTETS + 1) * STORE_SECTOR_OCTETS;

		if (next > end)
			next = end;
		if (sim_chance(prefix ? 800 : 500))
			put(&i->stable, at,
				str_from(c->bytes.p + (at - c->at), (size_t)(next - at)));
		else if (prefix)
			break;
		at = next;
	}
	if (end > i->stable.size && sim_chance(500)) /* the size came through, the bytes did not */
		i->stable.size = end;
}

/* What is left of the changes when nobody synced them. */
static void settle(struct store *s, struct inode *i)
{
	unsigned luck = (unsigned)sim_between(0, 3);

	LIST_EACH_SAFE (link, &i->changes) {
		struct change *c = AROUND(link, struct change, link);
		unsigned fate = luck == 0 ? 0 : luck == 1 ? 1 : (unsigned)sim_between(0, 2);

		if (fate == 0)
			keep(i, c);
		else if (fate == 1 && c->bytes.p)
			tear(s, i, c);
		change_free(c);
	}
}

static void show_stable(struct inode *i)
{
	resize(&i->now, 0);
	put(&i->now, 0, (str){ i->stable.bytes, i->stable.n });
	i->now.size = i->stable.size;
}

uint64_t store_used_octets(const struct store *s)
{
	uint64_t used = 0;

	LIST_EACH (link, &s->inodes) {
		used += AROUND(link, struct inode, link)->now.size;
	}
	return used;
}

/* From now on a careful writer writes nothing more. */
static void fence(struct store *s)
{
	s->failures++;
	if (!s->fenced)
		s->fenced_ns = sim_here_ns();
	s->fenced = true;
}

static bool fits(const struct store *s, const struct inode *i, uint64_t size, struct fail *why)
{
	uint64_t used = store_used_octets(s);

	if (size <= i->now.size)
		return true;
	if (used <= s->faults.octets_max && size - i->now.size <= s->faults.octets_max - used)
		return true;
	return fail_with(why, FAIL_TEMPORARY, "4.3.1", "No space left on device");
}

static bool write_fails(struct store *s, struct fail *why)
{
	if (s->faults.write_fails_in == 0 || --s->faults.write_fails_in > 0)
		return false;
	fence(s);
	fail_with(why, FAIL_TEMPORARY, "4.3.0", "Input/output error");
	trace("a write fails");
	return true;
}

/* A full disk takes a part of what does not fit, a broken one a part of anything. */
bool store_write(struct store *s, struct inode *i, uint64_t at, str bytes, struct fail *why)
{
	bool whole = fits(s, i, at + bytes.n, why);

	if (!whole) {
		bytes = str_first(bytes, i->now.size > at ? (size_t)(i->now.size - at) : 0);
	} else if (write_fails(s, why)) {
		bytes = str_first(bytes, (size_t)sim_between(0, (int64_t)bytes.n));
		whole = false;
	}
	if (bytes.n > 0) {
		change_add(i, at, bytes);
		put(&i->now, at, bytes);
	}
	return whole;
}

bool store_resize(struct store *s, struct inode *i, uint64_t size, struct fail *why)
{
	if (!fits(s, i, size, why))
		return false;
	change_add(i, size, S(""));
	resize(&i->now, size);
	return true;
}

size_t store_read(struct inode *i, uint64_t at, char *to, size_t size)
{
	const struct image *now = &i->now;

	if (at >= now->size)
		return 0;
	if (size > now->size - at)
		size = (size_t)(now->size - at);
	memset(to, 0, size);
	if (at < now->n) {
		size_t n = now->n - (size_t)at;

		memcpy(to, now->bytes + at, n < size ? n : size);
	}
	return size;
}

bool store_sync_fails(struct store *s, struct fail *why)
{
	s->syncs++;
	if (s->faults.sync_fails_in == 0 || --s->faults.sync_fails_in > 0)
		return false;
	fence(s);
	fail_with(why, FAIL_TEMPORARY, "4.3.0", "Input/output error");
	trace("a sync fails");
	return true;
}

bool store_sync(struct store *s, struct inode *i, struct fail *why)
{
	if (store_sync_fails(s, why)) {
		settle(s, i);
		return false;
	}
	LIST_EACH_SAFE (link, &i->changes) {
		struct change *c = AROUND(link, struct change, link);

		keep(i, c);
		change_free(c);
	}
	return true;
}

void store_forget(struct inode *i)
{
	if (list_empty(&i->changes))
		show_stable(i);
}

/* --- names --- */

static struct store_name *find(struct store_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i].name, name) == 0)
			return &names->items[i];
	return NULL;
}

static void set_name(struct store_names *names, const char *name, struct inode *inode)
{
	struct store_name *n = find(names, name);

	if (!inode) {
		if (n)
			*n = names->items[--names->count];
		return;
	}
	if (!n) {
		assert(names->count < STORE_NAMES_MAX);
		n = &names->items[names->count++];
		str_to_c(str_of(name), n->name, sizeof n->name);
	}
	n->inode = inode;
}

static void change_name(struct store *s, const char *name, struct inode *inode, bool with_next)
{
	struct name_change *c = sim_alloc(sizeof *c);

	str_to_c(str_of(name), c->name, sizeof c->name);
	c->inode = inode;
	c->with_next = with_next;
	list_append(&s->name_changes, &c->link);
	set_name(&s->names, name, inode);
}

struct inode *store_find(struct store *s, const char *name)
{
	struct store_name *n = find(&s->names, name);

	return n ? n->inode : NULL;
}

bool store_create(struct store *s, const char *name, struct inode **inode, struct fail *why)
{
	struct inode *i;

	if (store_find(s, name))
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "%s: File exists", name);
	if (store_used_octets(s) >= s->faults.octets_max)
		return fail_with(why, FAIL_TEMPORARY, "4.3.1", "%s: No space left on device", name);
	i = sim_alloc(sizeof *i);
	list_init(&i->changes);
	list_append(&s->inodes, &i->link);
	change_name(s, name, i, false);
	*inode = i;
	return true;
}

bool store_rename(struct store *s, const char *from, const char *to, struct fail *why)
{
	struct inode *i = store_find(s, from);

	if (!i)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "%s: No such file", from);
	change_name(s, to, i, true);
	change_name(s, from, NULL, false);
	return true;
}

static bool referenced(const struct store *s, const struct inode *i)
{
	for (size_t n = 0; n < s->names.count; n++)
		if (s->names.items[n].inode == i)
			return true;
	for (size_t n = 0; n < s->stable_names.count; n++)
		if (s->stable_names.items[n].inode == i)
			return true;
	LIST_EACH (link, &s->name_changes) {
		if (AROUND(link, struct name_change, link)->inode == i)
			return true;
	}
	return i->opened > 0;
}

static void sweep(struct store *s)
{
	LIST_EACH_SAFE (link, &s->inodes) {
		struct inode *i = AROUND(link, struct inode, link);

		if (referenced(s, i))
			continue;
		LIST_EACH_SAFE (change, &i->changes) {
			change_free(AROUND(change, struct change, link));
		}
		list_remove(&i->link);
		mem_free(i->now.bytes);
		mem_free(i->stable.bytes);
		mem_free(i);
	}
}

bool store_remove(struct store *s, const char *name, struct fail *why)
{
	if (!store_find(s, name))
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "%s: No such file", name);
	change_name(s, name, NULL, false);
	return true;
}

/* Keep the first per_mille of the changes, or any of them; 1000: all. */
static void settle_names(struct store *s, unsigned per_mille, bool in_order)
{
	bool kept = true, joined = false;

	LIST_EACH_SAFE (link, &s->name_changes) {
		struct name_change *c = AROUND(link, struct name_change, link);

		if (!joined && (kept || !in_order))
			kept = sim_chance(per_mille);
		joined = c->with_next;
		if (kept)
			set_name(&s->stable_names, c->name, c->inode);
		list_remove(&c->link);
		mem_free(c);
	}
}

bool store_sync_names(struct store *s, struct fail *why)
{
	if (store_sync_fails(s, why)) {
		settle_names(s, 500, s->faults.names_in_order);
		return false;
	}
	settle_names(s, 1000, true);
	sweep(s);
	return true;
}

/* --- the end of a machine --- */

void store_node_gone(struct store *s, enum sim_end how)
{
	bool evicted = s->fenced && sim_chance(500);

	s->locked = false;
	s->fenced = false;
	LIST_EACH (link, &s->inodes) {
		AROUND(link, struct inode, link)->opened = 0;
	}
	if (how == SIM_POWER_CUT) {
		s->cuts++;
		LIST_EACH (link, &s->inodes) {
			struct inode *i = AROUND(link, struct inode, link);

			settle(s, i);
			show_stable(i);
		}
		settle_names(s, 500 + 100 * (unsigned)sim_between(0, 4), s->faults.names_in_order);
		s->names = s->stable_names;
	} else if (evicted) { /* what a failed sync has lost is not in the page cache, either */
		LIST_EACH (link, &s->inodes) {
			struct inode *i = AROUND(link, struct inode, link);

			if (list_empty(&i->changes))
				show_stable(i);
		}
	}
	sweep(s);
}
