#include "route/alias.h"

#include <assert.h>

#include "base/mem.h"
#include "route/alias_table.h"

static void put_number(struct buf *to, uint32_t n)
{
	char bytes[4] = { (char)n, (char)(n >> 8), (char)(n >> 16), (char)(n >> 24) };

	buf_put(to, str_from(bytes, sizeof bytes));
}

static void put_text(struct buf *to, str s)
{
	put_number(to, (uint32_t)s.n);
	buf_put(to, s);
}

/* What is read here was written here: a compiled file that was changed is refused when opened. */
static uint32_t take_number(str *from)
{
	uint32_t n = 0;

	assert(from->n >= 4);
	for (size_t i = 4; i-- > 0;)
		n = n << 8 | (unsigned char)from->p[i];
	*from = str_skip(*from, 4);
	return n;
}

static str take_text(str *from)
{
	size_t n = take_number(from);
	str s = str_first(*from, n);

	assert(s.n == n);
	*from = str_skip(*from, n);
	return s;
}

struct alias_table *alias_table_new(void)
{
	struct alias_table *t = MEM_NEW(struct alias_table);

	t->references = 1;
	arena_init(&t->arena, ARENA_UNLIMITED);
	return t;
}

void alias_table_add(struct alias_table *t, str key, str value, unsigned source)
{
	struct alias_entry *entry = ARENA_NEW(&t->arena, struct alias_entry);

	*entry = (struct alias_entry){ .key = arena_copy(&t->arena, key),
		.value = arena_copy(&t->arena, value),
		.source = source };
	map_set(&t->map, entry->key, entry);
	if (t->count == t->size) {
		t->size = t->size ? t->size * 2 : 64;
		t->entries = mem_grow(t->entries, t->size * sizeof(struct alias_entry *));
	}
	t->entries[t->count++] = entry;
}

bool alias_table_put(struct alias_table *t, str key, const struct alias_target *target,
	unsigned source, struct alias_targets *former)
{
	const struct alias_entry *before = map_get(&t->map, key);
	struct buf value = { 0 };

	if (before) {
		alias_entry_read(before->value, former);
		return before->source != source;
	}
	alias_entry_head(&value, target->file, target->line, 1);
	alias_entry_target(&value, target);
	alias_table_add(t, key, buf_str(&value), source);
	buf_free(&value);
	return true;
}

void alias_entry_head(struct buf *to, str file, uint32_t line, size_t count)
{
	put_text(to, file);
	put_number(to, line);
	put_number(to, (uint32_t)count);
}

void alias_entry_target(struct buf *to, const struct alias_target *target)
{
	put_text(to, target->text);
	put_text(to, target->file);
	put_number(to, target->line);
	put_number(to, target->column);
}

void alias_entry_read(str value, struct alias_targets *targets)
{
	targets->file = take_text(&value);
	targets->line = take_number(&value);
	targets->count = take_number(&value);
	targets->left = value;
}

bool alias_targets_next(struct alias_targets *targets, struct alias_target *target)
{
	if (targets->left.n == 0)
		return false;
	target->text = take_text(&targets->left);
	target->file = take_text(&targets->left);
	target->line = take_number(&targets->left);
	target->column = take_number(&targets->left);
	return true;
}

bool alias_table_find(const struct alias_table *t, str key, struct alias_targets *targets)
{
	const struct alias_entry *entry;
	str value;

	if (t->store) {
		if (!t->store->find(t->opened, key, &value))
			return false;
	} else {
		entry = map_get(&t->map, key);
		if (!entry)
			return false;
		value = entry->value;
	}
	alias_entry_read(value, targets);
	return true;
}

bool alias_table_key(const struct alias_table *t, size_t index, str *key)
{
	if (index >= t->count)
		return false;
	*key = t->entries[index]->key;
	return true;
}

struct alias_table *alias_table_keep(struct alias_table *t)
{
	if (t)
		__atomic_add_fetch(&t->references, 1, __ATOMIC_RELAXED);
	return t;
}

void alias_table_free(struct alias_table *t)
{
	if (!t || __atomic_sub_fetch(&t->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	if (t->store)
		t->store->close(t->opened);
	map_free(&t->map);
	mem_free(t->entries);
	arena_free(&t->arena);
	mem_free(t);
}
