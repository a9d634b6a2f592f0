/*
 * route/lookup_set - all tables of a configuration, read from their texts
 */
#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "conf/list.h"
#include "route/lookup_inside.h"
#include "world/source.h"

str lookup_set_fold(str key, char to[LOOKUP_KEY_MAX])
{
	size_t n = key.n < LOOKUP_KEY_MAX ? key.n : LOOKUP_KEY_MAX;

	for (size_t i = 0; i < n; i++)
		to[i] = ascii_lower(key.p[i]);
	return str_from(to, n);
}

/* --- reading text -------------------------------------------------------------------------------
 */

static bool add_row(
	struct lookup *t, const struct lookup_line *line, unsigned source, struct fail *why)
{
	struct alias_target target = { .file = line->file, .line = line->line };
	struct alias_targets former;
	char lower[LOOKUP_KEY_MAX];
	str rest = line->text, key = S("");

	if (str_first(rest, 1).p[0] == ' ' || str_first(rest, 1).p[0] == '\t')
		return lookup_text_wrong(
			line, 1, why, "a line that begins with a blank continues nothing");
	if (!str_word(&rest, &key) || key.n > LOOKUP_KEY_MAX)
		return lookup_text_wrong(
			line, 1, why, "a key is shorter than %d bytes", LOOKUP_KEY_MAX);
	target.text = str_trim(rest);
	target.column = (uint32_t)(line->text.n - rest.n) + 2;
	if (target.text.n == 0)
		return lookup_text_wrong(
			line, key.n + 1, why, "a value is expected behind the key");
	if (str_has(key, '\0'))
		return lookup_text_wrong(line, 1, why, "a key has no NUL byte");
	key = lookup_set_fold(key, lower);
	if (alias_table_put(t->rows, key, &target, source, &former))
		return true;
	return lookup_text_wrong(line, 1, why, "'%.*s' is given twice; it stands in line %u, too",
		STR(key), former.line);
}

static bool add_rule(struct lookup *t, const struct lookup_line *line, struct fail *why)
{
	if (!lookup_rules_add(t->rules, line, why))
		return false;
	CONF_LIST_ADD(&t->arena, t->lines, t->line_count, *line);
	return true;
}

/* The text lives as long as the table. */
static bool add_text(struct lookup *t, str file, str text, unsigned source, struct fail *why)
{
	struct lookup_text in = { .text = text, .file = file };
	struct lookup_line line;
	bool ok = true;

	while (ok && lookup_text_next(&in, &t->arena, &line))
		ok = t->rows ? add_row(t, &line, source, why) : add_rule(t, &line, why);
	return ok && (t->rows || lookup_rules_end(t->rules, why));
}

static void read_files(struct lookup *t, lookup_read *read, void *owner, struct buf *report)
{
	const struct conf_texts *files = &t->conf->files;

	for (size_t i = 0; i < files->count; i++) {
		const struct conf_origin *at = &files->items[i].origin;
		struct fail why = { 0 };
		str text;

		if (!read(owner, &t->arena, files->items[i].text, &text, &why))
			buf_putf(report, "%.*s:%u:%u: %s\n", STR(at->file), at->line, at->column,
				why.text);
		else if (!add_text(t, files->items[i].text, text, (unsigned)i, &why))
			buf_putf(report, "%s\n", why.text);
	}
}

/* --- opening ------------------------------------------------------------------------------------
 */

void lookup_set_begin_rows(struct lookup *t)
{
	if (t->conf->kind == CONF_TABLE_FILE)
		t->rows = alias_table_new();
	else
		t->rules = lookup_rules_new(t->conf->kind);
}

bool lookup_set_open_remote(struct lookup *t, lookup_read *read, void *owner, struct fail *why)
{
	str text;

	t->setup = t->conf->source;
	if (t->conf->password_file.n > 0) {
		if (!read(owner, &t->arena, t->conf->password_file, &text, why))
			return false;
		str_cut(&text, '\n', &t->setup.password);
		t->setup.password = str_trim_right(t->setup.password);
	}
	t->cache = lookup_cache_new(t->conf->cache_entries, t->conf->cache_ms);
	return true;
}

struct lookup_set *lookup_set_new(struct conf *c)
{
	struct lookup_set *s = MEM_NEW(struct lookup_set);

	s->references = 1;
	s->conf = conf_keep(c);
	s->items = mem_zero((c->table_count + 1) * sizeof *s->items);
	for (size_t i = 0; i < c->table_count; i++) {
		s->items[i].conf = &c->tables[i];
		arena_init(&s->items[i].arena, ARENA_UNLIMITED);
	}
	return s;
}

void lookup_set_start(struct lookup_set *s)
{
	for (size_t i = 0; i < s->conf->table_count; i++)
		if (s->items[i].conf->kind == CONF_TABLE_REMOTE)
			s->items[i].source = source_open(&s->items[i].setup);
}

struct lookup_set *lookup_set_read(
	struct conf *c, lookup_read *read, void *owner, struct buf *report)
{
	struct lookup_set *s = lookup_set_new(c);
	size_t before = buf_str(report).n;

	for (size_t i = 0; i < c->table_count; i++) {
		struct lookup *t = &s->items[i];
		const struct conf_origin *at = &t->conf->origin;
		struct fail why = { 0 };

		if (t->conf->kind != CONF_TABLE_REMOTE) {
			lookup_set_begin_rows(t);
			read_files(t, read, owner, report);
		} else if (!lookup_set_open_remote(t, read, owner, &why)) {
			buf_putf(report, "%.*s:%u:%u: %s\n", STR(at->file), at->line, at->column,
				why.text);
		}
	}
	if (buf_str(report).n == before) {
		lookup_set_start(s);
		return s;
	}
	lookup_set_drop(s);
	return NULL;
}

struct lookup_set *lookup_set_keep(struct lookup_set *s)
{
	if (s)
		__atomic_add_fetch(&s->references, 1, __ATOMIC_RELAXED);
	return s;
}

void lookup_set_drop(struct lookup_set *s)
{
	if (!s || __atomic_sub_fetch(&s->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < s->conf->table_count; i++) {
		struct lookup *t = &s->items[i];

		alias_table_free(t->rows);
		lookup_rules_free(t->rules);
		lookup_cache_free(t->cache);
		if (t->source)
			source_close(t->source);
		arena_free(&t->arena);
	}
	conf_drop(s->conf);
	mem_free(s->items);
	mem_free(s);
}

const struct lookup *lookup_set_at(const struct lookup_set *s, const struct conf_table *t)
{
	return &s->items[t - s->conf->tables];
}

const struct lookup *lookup_set_named(const struct lookup_set *s, str name)
{
	for (size_t i = 0; s && i < s->conf->table_count; i++)
		if (str_eq(s->conf->tables[i].name, name))
			return &s->items[i];
	return NULL;
}
