#include "route/router_fake.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "route/lookup.h"

static str file_text(const struct router_fake_file *files, size_t count, str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(str_of(files[i].name), name))
			return str_of(files[i].text);
	return S("");
}

static bool no_include(void *owner, struct arena *a, str path, str *text, struct fail *why)
{
	(void)owner, (void)a, (void)path, (void)text;
	return fail_with(why, FAIL_PERMANENT, "5.3.5", "nothing can be included here");
}

static struct alias_table *build(
	const struct conf_domain *d, const struct router_fake_file *files, size_t count)
{
	struct alias_builder *b;
	struct fail why = { 0 };
	bool ok = true;

	if (d->aliases.count + d->virtuals.count == 0)
		return NULL;
	b = alias_builder_new(d->name, no_include, NULL);
	for (size_t i = 0; ok && i < d->aliases.count; i++) {
		str name = d->aliases.items[i].text;
		const struct conf_alias_file *allowed = conf_ways_alias_file(&d->alias_files, name);

		alias_builder_allow(b, allowed && allowed->programs, allowed && allowed->files);
		ok = alias_builder_aliases(b, name, file_text(files, count, name), &why);
	}
	for (size_t i = 0; ok && i < d->virtuals.count; i++)
		ok = alias_builder_virtual(b, d->virtuals.items[i].text,
			file_text(files, count, d->virtuals.items[i].text), &why);
	if (!ok) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	return alias_builder_finish(b);
}

struct texts {
	const struct router_fake_file *items;
	size_t count;
};

static bool read_text(void *owner, struct arena *a, str path, str *text, struct fail *why)
{
	const struct texts *texts = owner;

	(void)a;
	(void)why;
	*text = file_text(texts->items, texts->count, path);
	return true;
}

static void open_lookups(struct router *r, const struct router_fake_file *files, size_t count)
{
	struct conf *conf = (struct conf *)router_conf(r); /* a reference is all that it gets */
	struct texts texts = { files, count };
	struct buf report = { 0 };
	struct lookup_set *lookups = lookup_set_read(conf, read_text, &texts, &report);

	if (!lookups) {
		fprintf(stderr, "%.*s", STR(buf_str(&report)));
		abort();
	}
	router_take_lookups(r, lookups);
	buf_free(&report);
}

struct router *router_fake_new(const char *text, const struct router_fake_file *files, size_t count)
{
	struct conf_source source = { S("a.conf"), str_of(text) };
	struct alias_table *tables[20];
	struct fail why = { 0 };
	struct conf *conf = conf_build(S("/"), &source, 1, &why);
	struct router *r;

	if (!conf || conf->domain_count > LENGTH(tables)) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	for (size_t i = 0; i < conf->domain_count; i++)
		tables[i] = build(&conf->domains[i], files, count);
	r = router_new(conf, tables);
	conf_drop(conf);
	open_lookups(r, files, count);
	return r;
}
