#include "admin/generation_inside.h"

#include "admin/assemble.h"
#include "admin/certificates.h"
#include "admin/rows.h"
#include "admin/logins.h"
#include "admin/trust.h"
#include "admin/users.h"
#include "base/ascii.h"
#include "base/number.h"
#include "conf/list.h"
#include "route/lookup.h"
#include "world/file.h"

/* Work on one configuration folder, from start to end. */
struct work {
	struct arena arena;
	str dir;         /* absolute */
	str generations; /* dir/generations */
	int lock;        /* -1: not taken */
	unsigned current;
	const unsigned *numbers; /* that exist, from the lowest */
	size_t count;
	struct generation_report *report;
};

void generation_report_free(struct generation_report *r)
{
	buf_free(&r->lines);
	*r = (struct generation_report){ 0 };
}

/* --- the folder of generations ------------------------------------------------------------------
 */

static str in_dir(struct work *w, str name)
{
	return file_path(&w->arena, w->dir, name);
}

static str in_generations(struct work *w, unsigned number)
{
	return arena_printf(&w->arena, "%.*s/%u", STR(w->generations), number);
}

static void sort_in(struct work *w, unsigned number)
{
	unsigned *numbers;

	CONF_LIST_ADD(&w->arena, w->numbers, w->count, number);
	numbers = (unsigned *)w->numbers;
	for (size_t i = w->count - 1; i > 0 && numbers[i - 1] > number; i--) {
		numbers[i] = numbers[i - 1];
		numbers[i - 1] = number;
	}
}

/* Which generations there are.  Names that are no numbers are the remains of a compile that died.
 */
static bool list_generations(struct work *w)
{
	str *names;
	size_t count;
	unsigned number;

	if (!file_list(&w->arena, w->generations, &names, &count, &w->report->why))
		return false;
	for (size_t i = 0; i < count; i++)
		if (generation_number(names[i], &number))
			sort_in(w, number);
	return true;
}

static bool begin(struct work *w, str dir, struct generation_report *r)
{
	*w = (struct work){ .lock = -1, .report = r };
	arena_init(&w->arena, ARENA_UNLIMITED);
	if (!file_absolute(&w->arena, dir, &w->dir, &r->why))
		return false;
	w->generations = in_dir(w, S("generations"));
	w->current = r->generation = generation_current(&w->arena, w->dir);
	return true;
}

static bool begin_locked(struct work *w, str dir, struct generation_report *r)
{
	if (!begin(w, dir, r) || !file_make_folder(w->generations, 0755, &r->why))
		return false;
	w->lock = file_lock(in_dir(w, S("generations/lock")), &r->why);
	if (w->lock < 0)
		return false;
	w->current = r->generation = generation_current(&w->arena, w->dir); /* now it stays */
	return list_generations(w);
}

static bool end(struct work *w, bool ok)
{
	if (w->lock >= 0)
		file_unlock(w->lock);
	arena_free(&w->arena);
	return ok;
}

/* --- from files to a router ---------------------------------------------------------------------
 */

static bool read_file(void *owner, struct arena *a, str path, str *text, struct fail *why)
{
	struct work *w = owner;

	return file_read(a, file_path(a, w->dir, path), text, why);
}

static bool clean_name(str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (ascii_control(name.p[i]))
			return false;
	return true;
}

/* The texts of conf.d, in the order of their names. */
static bool read_sources(struct work *w, const struct conf_source **sources, size_t *count)
{
	str folder = in_dir(w, S("conf.d")), *names;
	struct generation_report *r = w->report;
	size_t name_count;
	bool ok = true;

	*sources = NULL;
	*count = 0;
	if (!file_list(&w->arena, folder, &names, &name_count, &r->why))
		return false;
	for (size_t i = 0; i < name_count; i++) {
		struct conf_source source;
		struct fail why = { 0 };

		if (!str_ends(names[i], S(".conf")) || str_starts(names[i], S(".")))
			continue;
		source.name = arena_printf(&w->arena, "conf.d/%.*s", STR(names[i]));
		if (!clean_name(names[i]))
			fail_with(&why, FAIL_PERMANENT, "5.3.5",
				"the name of a file holds a control character");
		if (why.kind != FAIL_NONE ||
			!file_read(&w->arena, in_dir(w, source.name), &source.text, &why)) {
			buf_putf(&r->lines, "conf.d:1:1: %s\n", why.text);
			ok = false;
			continue;
		}
		CONF_LIST_ADD(&w->arena, *sources, *count, source);
	}
	return ok;
}

struct conf *generation_draft(str dir, struct fail *why)
{
	struct generation_report report = { 0 };
	struct work w = { .dir = dir, .report = &report };
	const struct conf_source *sources;
	struct conf *conf = NULL;
	size_t count;

	arena_init(&w.arena, ARENA_UNLIMITED);
	if (read_sources(&w, &sources, &count))
		conf = conf_build(dir, sources, count, why);
	else if (report.why.kind != FAIL_NONE)
		*why = report.why;
	else
		fail_with(why, FAIL_PERMANENT, "", "%.*s", STR(str_trim(buf_str(&report.lines))));
	arena_free(&w.arena);
	generation_report_free(&report);
	return conf;
}

static bool assemble_dir(struct work *w, struct assembly *made)
{
	const struct conf_source *sources;
	size_t count;

	if (!read_sources(w, &sources, &count) ||
		!assemble(w->dir, sources, count, read_file, w, &w->report->lines, made))
		return false;
	if (users_check(router_conf(made->router), &w->report->lines) &&
		certificates_check(router_conf(made->router), &w->report->lines) &&
		logins_check(router_conf(made->router), &w->report->lines) &&
		trust_check(router_conf(made->router), &w->report->lines))
		return true;
	router_drop(made->router);
	*made = (struct assembly){ 0 };
	return false;
}

/* --- writing ------------------------------------------------------------------------------------
 */

static bool write_files(struct work *w, str folder, const struct assembly *made)
{
	const struct conf *c = router_conf(made->router);
	struct fail *why = &w->report->why;
	struct buf merged = { 0 };
	bool ok;

	conf_print(c, &merged);
	ok = file_replace(
		file_path(&w->arena, folder, S("facteur.conf")), buf_str(&merged), 0644, why);
	buf_free(&merged);
	for (size_t i = 0; ok && i < c->domain_count; i++)
		ok = !made->tables[i] ||
		     alias_table_write(made->tables[i],
			     generation_aliases_path(&w->arena, folder, c->domains[i].name).p, why);
	for (size_t i = 0; ok && i < c->domain_count; i++)
		ok = !made->transports[i] ||
		     alias_table_write(made->transports[i],
			     generation_transports_path(&w->arena, folder, c->domains[i].name).p,
			     why);
	for (size_t i = 0; ok && i < c->domain_count; i++)
		ok = !made->recipients[i] ||
		     alias_table_write(made->recipients[i],
			     generation_recipients_path(&w->arena, folder, c->domains[i].name).p,
			     why);
	return ok && lookup_compiled_write(router_lookups(made->router), folder, why) &&
	       signing_write(c, &made->signing, folder, why) && file_sync(folder, why);
}

static bool same_file(str name, str folder_a, str folder_b)
{
	struct arena a;
	str text_a, text_b;
	bool same;

	arena_init(&a, ARENA_UNLIMITED);
	same = file_read(&a, file_path(&a, folder_a, name), &text_a, NULL) &&
	       file_read(&a, file_path(&a, folder_b, name), &text_b, NULL) &&
	       str_eq(text_a, text_b);
	arena_free(&a);
	return same;
}

/* Has the generation in force the same files, with the same bytes? */
static bool same_as_current(struct work *w, str folder)
{
	str current = in_generations(w, w->current), *names, *current_names;
	size_t count, current_count;
	bool same;

	same = w->current > 0 && file_list(&w->arena, folder, &names, &count, NULL) &&
	       file_list(&w->arena, current, &current_names, &current_count, NULL) &&
	       count == current_count;
	for (size_t i = 0; same && i < count; i++)
		same = same_file(names[i], folder, current);
	return same;
}

static bool switch_to(struct work *w, unsigned number)
{
	str target = arena_printf(&w->arena, "generations/%u", number);

	if (!file_link(in_dir(w, S("current")), target, &w->report->why))
		return false;
	w->report->generation = number;
	w->report->changed = true;
	return true;
}

/* What is left of the oldest is a nuisance, not a failure. */
static void remove_oldest(struct work *w)
{
	for (size_t i = 0; i + GENERATION_KEPT < w->count; i++) {
		struct fail why;

		if (w->numbers[i] != w->report->generation &&
			!file_remove(in_generations(w, w->numbers[i]), &why))
			buf_putf(&w->report->lines, "warning: %s\n", why.text);
	}
}

static bool write_generation(struct work *w, const struct assembly *made)
{
	str draft = file_path(&w->arena, w->generations, S("new"));
	unsigned number = w->count > 0 ? w->numbers[w->count - 1] + 1 : 1;
	struct fail *why = &w->report->why;

	if (file_exists(draft) && !file_remove(draft, why)) /* of a compile that died */
		return false;
	if (!file_make_folder(draft, 0755, why))
		return false;
	if (!write_files(w, draft, made))
		goto undo_draft;
	if (same_as_current(w, draft))
		return file_remove(draft, why);
	if (!file_rename(draft, in_generations(w, number), why))
		goto undo_draft;
	if (!file_sync(w->generations, why) || !switch_to(w, number))
		return false; /* it stays, complete, and out of force */
	sort_in(w, number);
	remove_oldest(w);
	return true;

undo_draft:
	(void)!file_remove(draft, NULL); /* the next compile will */
	return false;
}

/* --- the verbs ----------------------------------------------------------------------------------
 */

bool generation_check(str dir, struct generation_report *r)
{
	struct work w;
	struct assembly made = { 0 };
	bool ok = begin(&w, dir, r) && assemble_dir(&w, &made);

	router_drop(made.router);
	return end(&w, ok);
}

bool generation_compile(str dir, struct generation_report *r)
{
	struct work w;
	struct assembly made = { 0 };
	bool ok =
		begin_locked(&w, dir, r) && assemble_dir(&w, &made) && write_generation(&w, &made);

	router_drop(made.router);
	return end(&w, ok);
}

static unsigned number_before_current(const struct work *w)
{
	unsigned before = 0;

	for (size_t i = 0; i < w->count && w->numbers[i] < w->current; i++)
		before = w->numbers[i];
	return before;
}

bool generation_rollback(str dir, struct generation_report *r)
{
	struct work w;
	struct router *router = NULL;
	unsigned before;
	bool ok = begin_locked(&w, dir, r);

	if (!ok)
		return end(&w, false);
	before = number_before_current(&w);
	if (before == 0) {
		fail_with(&r->why, FAIL_PERMANENT, "5.3.5", "there is no generation before %u",
			w.current);
		return end(&w, false);
	}
	/* what no server can read comes not into force */
	router = generation_load_number(&w.arena, w.dir, before, &r->why);
	ok = router && switch_to(&w, before);
	router_drop(router);
	return end(&w, ok);
}
