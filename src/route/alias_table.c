#include "route/alias_table.h"

#include "base/mem.h"
#include "world/table.h"

#define FORMAT S("facteur aliases 1")

static bool find(void *opened, str key, str *value)
{
	/* Keys that begin with a NUL are the file's own. */
	return !str_starts(key, str_from("", 1)) && table_find(opened, key, value);
}

static void close_table(void *opened)
{
	table_close(opened);
}

static const struct alias_store compiled = { find, close_table };

bool alias_table_write(const struct alias_table *t, const char *path, struct fail *why)
{
	struct table_maker *m = table_maker_new(FORMAT);

	for (size_t i = 0; i < t->count; i++)
		table_maker_add(m, t->entries[i]->key, t->entries[i]->value);
	return table_maker_write(m, str_of(path), why);
}

struct alias_table *alias_table_open(const char *path, struct fail *why)
{
	struct table *opened = table_open(str_of(path), FORMAT, why);
	struct alias_table *t;

	if (!opened)
		return NULL;
	t = MEM_NEW(struct alias_table);
	t->references = 1;
	t->store = &compiled;
	t->opened = opened;
	return t;
}
