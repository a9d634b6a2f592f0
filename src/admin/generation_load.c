#include "admin/generation_inside.h"

#include "admin/assemble.h"
#include "admin/rows.h"
#include "admin/srs.h"
#include "base/number.h"
#include "route/lookup.h"
#include "world/file.h"

/* --- names in the folder ------------------------------------------------------------------------
 */

bool generation_number(str name, unsigned *number)
{
	uint64_t n;

	if (!number_parse(name, 999999999, &n) || n == 0 || name.p[0] == '0')
		return false;
	*number = (unsigned)n;
	return true;
}

unsigned generation_current(struct arena *a, str dir)
{
	str prefix = S("generations/"), target;
	unsigned number;

	if (!file_link_read(a, file_path(a, dir, S("current")), &target, NULL) ||
		!str_starts(target, prefix) ||
		!generation_number(str_skip(target, prefix.n), &number))
		return 0;
	return number;
}

str generation_aliases_path(struct arena *a, str folder, str domain)
{
	return arena_printf(a, "%.*s/%.*s.cdb", STR(folder), STR(domain));
}

str generation_transports_path(struct arena *a, str folder, str domain)
{
	return arena_printf(a, "%.*s/%.*s:transports.cdb", STR(folder), STR(domain));
}

str generation_recipients_path(struct arena *a, str folder, str domain)
{
	return arena_printf(a, "%.*s/%.*s:recipients.cdb", STR(folder), STR(domain));
}

/* --- from the files of a generation to a router -------------------------------------------------
 */

/* A password file is read as it is now. */
static bool read_password(void *owner, struct arena *a, str path, str *text, struct fail *why)
{
	(void)owner;
	return file_read(a, path, text, why);
}

static bool open_lookups(str folder, struct router *r, struct fail *why)
{
	struct conf *c = (struct conf *)router_conf(r); /* a reference is all that it gets */
	struct lookup_set *lookups = lookup_compiled_load(c, folder, read_password, NULL, why);

	if (lookups)
		router_take_lookups(r, lookups);
	return lookups != NULL;
}

static bool open_tables(struct arena *a, str folder, const struct conf *c,
	struct alias_table **tables, struct fail *why)
{
	for (size_t i = 0; i < c->domain_count; i++) {
		const struct conf_domain *d = &c->domains[i];

		if (d->aliases.count + d->virtuals.count == 0)
			continue;
		tables[i] = alias_table_open(generation_aliases_path(a, folder, d->name).p, why);
		if (!tables[i])
			return false;
	}
	return true;
}

/* As the files are now; where these are wrong, as they were when they were compiled. */
static bool open_rows(struct arena *a, str folder, struct router *r, struct fail *why)
{
	const struct conf *c = router_conf(r);

	for (size_t i = 0; i < c->domain_count; i++) {
		struct alias_table *rows;

		if (c->domains[i].transports.count == 0)
			continue;
		rows = rows_read(c, i, NULL);
		if (!rows)
			rows = alias_table_open(
				generation_transports_path(a, folder, c->domains[i].name).p, why);
		if (!rows)
			return false;
		router_take_transports(r, i, rows);
	}
	return true;
}

static bool open_people(struct arena *a, str folder, struct router *r, struct fail *why)
{
	const struct conf *c = router_conf(r);

	for (size_t i = 0; i < c->domain_count; i++) {
		struct alias_table *people;

		if (c->domains[i].recipients.count == 0)
			continue;
		people = rows_read_recipients(c, i, NULL);
		if (!people)
			people = alias_table_open(
				generation_recipients_path(a, folder, c->domains[i].name).p, why);
		if (!people)
			return false;
		router_take_recipients(r, i, people);
	}
	return true;
}

static struct conf *load_conf(struct arena *a, str dir, unsigned number, struct fail *why)
{
	struct conf_source merged = { .name = S("facteur.conf") };
	struct conf *c;

	if (!file_read(a, arena_printf(a, "%.*s/generations/%u/facteur.conf", STR(dir), number),
		    &merged.text, why))
		return NULL;
	c = conf_build(dir, &merged, 1, why);
	if (c)
		c->generation = number;
	return c;
}

/* With its alias tables alone. */
static struct router *load_aliases(struct arena *a, str dir, unsigned number, struct fail *why)
{
	str folder = arena_printf(a, "%.*s/generations/%u", STR(dir), number);
	struct conf *c = load_conf(a, dir, number, why);
	struct alias_table **tables;
	struct router *router = NULL;

	if (!c)
		return NULL;
	tables = arena_alloc(a, (c->domain_count + 1) * sizeof *tables);
	if (open_tables(a, folder, c, tables, why))
		router = router_new(c, tables);
	for (size_t i = 0; !router && i < c->domain_count; i++)
		alias_table_free(tables[i]);
	conf_drop(c); /* the router has its own reference */
	return router;
}

struct router *generation_load_number(struct arena *a, str dir, unsigned number, struct fail *why)
{
	str folder = arena_printf(a, "%.*s/generations/%u", STR(dir), number);
	struct router *router = load_aliases(a, dir, number, why);

	if (router && !(open_rows(a, folder, router, why) && open_people(a, folder, router, why) &&
			      signing_open(a, folder, router, why) && srs_open(router, why) &&
			      open_lookups(folder, router, why))) {
		router_drop(router);
		return NULL;
	}
	return router;
}

/* The generation in force of a folder; 0: *why. */
static unsigned find_current(struct arena *a, str dir, str *absolute, struct fail *why)
{
	unsigned current = 0;

	if (!file_absolute(a, dir, absolute, why))
		return 0;
	current = generation_current(a, *absolute);
	if (current == 0)
		fail_with(why, FAIL_PERMANENT, "5.3.5",
			"%.*s: no generation is in force; facteur compile makes one",
			STR(*absolute));
	return current;
}

/* load: all of it, or some. */
static struct router *load_current(str dir,
	struct router *(*load)(struct arena *a, str dir, unsigned number, struct fail *why),
	struct fail *why)
{
	struct router *router = NULL;
	struct arena a;
	unsigned current;
	str absolute;

	arena_init(&a, ARENA_UNLIMITED);
	current = find_current(&a, dir, &absolute, why);
	if (current > 0)
		router = load(&a, absolute, current, why);
	arena_free(&a);
	return router;
}

struct router *generation_load(str dir, struct fail *why)
{
	return load_current(dir, generation_load_number, why);
}

struct router *generation_aliases(str dir, struct fail *why)
{
	return load_current(dir, load_aliases, why);
}

struct conf *generation_conf(str dir, struct fail *why)
{
	struct conf *c = NULL;
	struct arena a;
	unsigned current;
	str absolute;

	arena_init(&a, ARENA_UNLIMITED);
	current = find_current(&a, dir, &absolute, why);
	if (current > 0)
		c = load_conf(&a, absolute, current, why);
	arena_free(&a);
	return c;
}

bool generation_is_current(str dir, const struct conf *c)
{
	struct arena a;
	str absolute;
	bool same;

	arena_init(&a, ARENA_UNLIMITED);
	same = find_current(&a, dir, &absolute, NULL) == c->generation;
	arena_free(&a);
	return same;
}
