/*
 * route/lookup_compiled - tables as files of a generation
 *
 * What a table has as rows is kept as an alias table is: of a file the key and its value; of rules,
 * whose order counts, the number of each and its line.
 */
#include <stdio.h>

#include "route/lookup_inside.h"

/* No domain has a colon; tables are counted, as the name of one may be a path. */
static str path_of(struct arena *a, str folder, size_t index)
{
	return arena_printf(a, "%.*s/%zu:table.cdb", STR(folder), index);
}

/* The rules as rows: the number of each, and its line. */
static struct alias_table *rows_of(const struct lookup *t)
{
	struct alias_table *rows = alias_table_new();
	char key[24];

	for (size_t i = 0; i < t->line_count; i++) {
		const struct lookup_line *line = &t->lines[i];
		struct alias_target target = { line->text, line->file, line->line, 1 };
		struct alias_targets former;
		int n = snprintf(key, sizeof key, "%zu", i);

		(void)!alias_table_put(rows, str_from(key, (size_t)n), &target, 0, &former);
	}
	return rows;
}

bool lookup_compiled_write(const struct lookup_set *s, str folder, struct fail *why)
{
	struct arena a;
	bool ok = true;

	arena_init(&a, ARENA_UNLIMITED);
	for (size_t i = 0; ok && i < s->conf->table_count; i++) {
		const struct lookup *t = &s->items[i];
		struct alias_table *rows = t->rules ? rows_of(t) : NULL;

		if (t->rows || rows)
			ok = alias_table_write(
				rows ? rows : t->rows, path_of(&a, folder, i).p, why);
		alias_table_free(rows);
	}
	arena_free(&a);
	return ok;
}

/* The lines of the rules, copied, as the file is not kept open. */
static bool load_rules(struct lookup *t, struct alias_table *rows, struct fail *why)
{
	struct alias_targets targets;
	struct alias_target target;
	char key[24];
	bool ok = true;

	for (size_t i = 0; ok; i++) {
		struct lookup_line line;
		int n = snprintf(key, sizeof key, "%zu", i);

		if (!alias_table_find(rows, str_from(key, (size_t)n), &targets) ||
			!alias_targets_next(&targets, &target))
			break;
		line = (struct lookup_line){ arena_copy(&t->arena, target.text),
			arena_copy(&t->arena, target.file), target.line };
		ok = lookup_rules_add(t->rules, &line, why);
	}
	return ok && lookup_rules_end(t->rules, why);
}

static bool load_rows(struct lookup *t, str path, struct fail *why)
{
	struct alias_table *rows = alias_table_open(path.p, why);
	bool ok;

	if (!rows)
		return false;
	if (t->conf->kind == CONF_TABLE_FILE) {
		t->rows = rows;
		return true;
	}
	lookup_set_begin_rows(t);
	ok = load_rules(t, rows, why);
	alias_table_free(rows);
	return ok;
}

struct lookup_set *lookup_compiled_load(
	struct conf *c, str folder, lookup_read *read, void *owner, struct fail *why)
{
	struct lookup_set *s = lookup_set_new(c);
	struct arena a;
	bool ok = true;

	arena_init(&a, ARENA_UNLIMITED);
	for (size_t i = 0; ok && i < c->table_count; i++) {
		struct lookup *t = &s->items[i];

		if (t->conf->kind == CONF_TABLE_REMOTE)
			ok = lookup_set_open_remote(t, read, owner, why);
		else
			ok = load_rows(t, path_of(&a, folder, i), why);
	}
	arena_free(&a);
	if (ok) {
		lookup_set_start(s);
		return s;
	}
	lookup_set_drop(s);
	return NULL;
}
