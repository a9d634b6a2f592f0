#include "admin/assemble.h"

#include "base/mem.h"
#include "dns/zone.h"
#include "gate/table_check.h"
#include "route/lookup.h"
#include "route/recipients.h"
#include "route/transports.h"

struct assembler {
	struct conf *conf;
	alias_include *read;
	void *owner;
	struct buf *report;
	size_t errors;
	struct arena arena; /* for texts, until the end */
};

static void put_error(struct assembler *m, const char *text)
{
	buf_putf(m->report, "%s\n", text);
	m->errors++;
}

/* What the line at says is wrong: a file that cannot be read, a name that nothing has. */
static void put_wrong(struct assembler *m, const struct conf_origin *at, const struct fail *why)
{
	buf_putf(m->report, "%.*s:%u:%u: %s\n", STR(at->file), at->line, at->column, why->text);
	m->errors++;
}

typedef bool add_file(struct alias_builder *b, str file, str text, struct fail *why);

static void add_files(struct assembler *m, struct alias_builder *b, const struct conf_domain *d,
	const struct conf_texts *files, add_file *add)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct conf_alias_file *allowed =
			conf_ways_alias_file(&d->alias_files, files->items[i].text);
		struct fail why = { 0 };
		str text;

		alias_builder_allow(b, allowed && allowed->programs, allowed && allowed->files);
		if (!m->read(m->owner, &m->arena, files->items[i].text, &text, &why))
			put_wrong(m, &files->items[i].origin, &why);
		else if (!add(b, files->items[i].text, text, &why))
			put_error(m, why.text);
	}
}

static struct alias_table *make_table(struct assembler *m, const struct conf_domain *domain)
{
	struct alias_builder *b;

	if (domain->aliases.count + domain->virtuals.count == 0)
		return NULL;
	b = alias_builder_new(domain->name, m->read, m->owner);
	add_files(m, b, domain, &domain->aliases, alias_builder_aliases);
	add_files(m, b, domain, &domain->virtuals, alias_builder_virtual);
	return alias_builder_finish(b);
}

static struct alias_table *make_transports(struct assembler *m, const struct conf_domain *domain)
{
	const struct conf_texts *files = &domain->transports;
	struct transports_builder *b;

	if (files->count == 0)
		return NULL;
	b = transports_builder_new(m->conf, domain->name);
	for (size_t i = 0; i < files->count; i++) {
		struct fail why = { 0 };
		str text;

		if (!m->read(m->owner, &m->arena, files->items[i].text, &text, &why))
			put_wrong(m, &files->items[i].origin, &why);
		else if (!transports_builder_add(b, files->items[i].text, text, &why))
			put_error(m, why.text);
	}
	return transports_builder_finish(b);
}

static struct alias_table *make_recipients(struct assembler *m, const struct conf_domain *domain)
{
	const struct conf_texts *files = &domain->recipients;
	struct recipients_builder *b;

	if (files->count == 0)
		return NULL;
	b = recipients_builder_new(domain->name);
	for (size_t i = 0; i < files->count; i++) {
		struct fail why = { 0 };
		str text;

		if (!m->read(m->owner, &m->arena, files->items[i].text, &text, &why))
			put_wrong(m, &files->items[i].origin, &why);
		else if (!recipients_builder_add(b, files->items[i].text, text, &why))
			put_error(m, why.text);
	}
	return recipients_builder_finish(b);
}

/* Files that the server itself opens later: better now than then. */
static void check_resolver(struct assembler *m)
{
	static const struct conf_origin nowhere = { .file = STR_INIT("conf.d"), 1, 1 };
	const struct conf_resolver *r = &m->conf->resolver;
	const struct conf_origin *at =
		conf_where(m->conf, S("resolver"), r->zone_file.n > 0 ? S("zone") : S("anchor"));
	struct dns_zone *zone = NULL;
	struct fail why = { 0 };
	str text;

	if (!at)
		at = &nowhere;
	if (r->anchor_file.n > 0 && !m->read(m->owner, &m->arena, r->anchor_file, &text, &why))
		put_wrong(m, at, &why);
	if (r->zone_file.n == 0)
		return;
	if (!m->read(m->owner, &m->arena, r->zone_file, &text, &why)) {
		put_wrong(m, at, &why);
		return;
	}
	zone = dns_zone_parse(text, &why);
	if (!zone) {
		buf_putf(m->report, "%.*s:%s\n", STR(r->zone_file), why.text);
		m->errors++;
	}
	dns_zone_free(zone);
}

/* The key that seals is one of those that sign. */
static void check_arc(struct assembler *m, const struct keyring *k)
{
	str name = m->conf->sender.arc.key;
	struct dkim_sign_key key;
	struct fail why;

	if (name.n == 0 || (k && keyring_key(k, name, &key)))
		return;
	fail_with(&why, FAIL_PERMANENT, "5.3.5",
		"'%.*s' is no key of the KeyTable that 'sign' names, or has no domain of its own",
		STR(name));
	put_wrong(m, conf_where(m->conf, S("arc"), S("key")), &why);
}

static struct keyring *make_keyring(struct assembler *m, struct assembly *made)
{
	const struct conf_origin *at;
	struct keyring *k = NULL;
	struct fail why = { 0 };

	if (!m->conf->sender.sign.block.on) {
		check_arc(m, NULL);
		return NULL;
	}
	if (!signing_read(m->conf, &m->conf->arena, m->read, m->owner, &made->signing, &at, &why)) {
		put_wrong(m, at, &why);
		return NULL;
	}
	k = signing_keyring(m->conf, &made->signing, m->read, m->owner, &why);
	if (!k)
		put_error(m, why.text);
	else
		check_arc(m, k);
	return k;
}

static struct srs_key *make_srs_key(struct assembler *m)
{
	const struct conf_srs *srs = &m->conf->sender.srs;
	struct srs_key *key = NULL;
	struct fail why = { 0 };
	str text;

	if (!srs->block.on)
		return NULL;
	if (!m->read(m->owner, &m->arena, srs->secrets, &text, &why)) {
		put_wrong(m, conf_where(m->conf, S("srs"), S("secrets")), &why);
		return NULL;
	}
	key = srs_key_of(srs->secrets, text, &why);
	if (!key)
		put_error(m, why.text);
	return key;
}

static struct lookup_set *read_lookups(struct assembler *m)
{
	struct lookup_set *lookups = lookup_set_read(m->conf, m->read, m->owner, m->report);

	m->errors += lookups == NULL;
	return lookups;
}

static void make_router(struct assembler *m, struct assembly *made)
{
	size_t count = m->conf->domain_count;
	struct alias_table **tables = arena_alloc(&m->conf->arena, (count + 1) * sizeof *tables);
	struct keyring *keyring = make_keyring(m, made);
	struct srs_key *srs_key = make_srs_key(m);
	struct alias_table **rows = arena_alloc(&m->conf->arena, (count + 1) * sizeof *rows);
	struct alias_table **people = arena_alloc(&m->conf->arena, (count + 1) * sizeof *people);
	struct lookup_set *lookups;

	for (size_t i = 0; i < count; i++) {
		tables[i] = make_table(m, &m->conf->domains[i]);
		rows[i] = make_transports(m, &m->conf->domains[i]);
		people[i] = make_recipients(m, &m->conf->domains[i]);
	}
	check_resolver(m);
	lookups = read_lookups(m);
	if (m->errors > 0) { /* what is checked now would only be their echo */
		keyring_drop(keyring);
		srs_key_drop(srs_key);
		for (size_t i = 0; i < count; i++) {
			alias_table_free(tables[i]);
			alias_table_free(rows[i]);
			alias_table_free(people[i]);
		}
		lookup_set_drop(lookups);
		return;
	}
	made->router = router_new(m->conf, tables);
	for (size_t i = 0; i < count; i++) {
		router_take_transports(made->router, i, rows[i]);
		router_take_recipients(made->router, i, people[i]);
	}
	router_take_keyring(made->router, keyring);
	router_take_srs_key(made->router, srs_key);
	router_take_lookups(made->router, lookups);
	made->tables = tables;
	made->transports = rows;
	made->recipients = people;
	m->errors += route_check(made->router, m->report);
	m->errors += table_check(made->router, m->report);
}

bool assemble(str dir, const struct conf_source *sources, size_t count, alias_include *read,
	void *owner, struct buf *report, struct assembly *made)
{
	struct assembler m = { .read = read, .owner = owner, .report = report };

	*made = (struct assembly){ 0 };
	m.conf = conf_build_all(dir, sources, count, report, NULL);
	if (!m.conf)
		return false;
	arena_init(&m.arena, ARENA_UNLIMITED);
	make_router(&m, made);
	arena_free(&m.arena);
	conf_drop(m.conf); /* the router has its own reference */
	if (m.errors == 0)
		return true;
	router_drop(made->router);
	*made = (struct assembly){ 0 };
	return false;
}
