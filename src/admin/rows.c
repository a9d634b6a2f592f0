#include "admin/rows.h"

#include "base/log.h"
#include "base/mem.h"
#include "route/recipients.h"
#include "route/transports.h"
#include "world/file.h"

struct watched {
	str path; /* absolute */
	size_t domain;
	bool of_recipients;     /* else a transport file */
	bool looked_at;         /* a first time: it may just have changed, or be missing */
	struct file_stamp read; /* as it was when its rows were read */
	struct file_stamp seen; /* at the last look */
};

struct rows_watch {
	struct arena arena;
	struct watched *files;
	size_t count;
};

struct alias_table *rows_read(const struct conf *c, size_t domain, struct fail *why)
{
	const struct conf_texts *files = &c->domains[domain].transports;
	struct transports_builder *b = transports_builder_new(c, c->domains[domain].name);
	struct alias_table *t;
	struct arena a;
	bool ok = true;

	arena_init(&a, ARENA_UNLIMITED);
	for (size_t i = 0; ok && i < files->count; i++) {
		str text;

		ok = file_read(&a, file_path(&a, c->dir, files->items[i].text), &text, why) &&
		     transports_builder_add(b, files->items[i].text, text, why);
	}
	arena_free(&a);
	t = transports_builder_finish(b);
	if (ok)
		return t;
	alias_table_free(t);
	return NULL;
}

struct alias_table *rows_read_recipients(const struct conf *c, size_t domain, struct fail *why)
{
	const struct conf_texts *files = &c->domains[domain].recipients;
	struct recipients_builder *b = recipients_builder_new(c->domains[domain].name);
	struct alias_table *t;
	struct arena a;
	bool ok = true;

	arena_init(&a, ARENA_UNLIMITED);
	for (size_t i = 0; ok && i < files->count; i++) {
		str text;

		ok = file_read(&a, file_path(&a, c->dir, files->items[i].text), &text, why) &&
		     recipients_builder_add(b, files->items[i].text, text, why);
	}
	arena_free(&a);
	t = recipients_builder_finish(b);
	if (ok)
		return t;
	alias_table_free(t);
	return NULL;
}

static void watch(struct rows_watch *w, const struct conf *c, size_t domain,
	const struct conf_texts *files, bool of_recipients)
{
	for (size_t k = 0; k < files->count; k++) {
		struct watched *f = &w->files[w->count++];

		*f = (struct watched){ .domain = domain, .of_recipients = of_recipients };
		f->path = file_path(&w->arena, c->dir, files->items[k].text);
		f->seen = file_stamp(f->path);
	}
}

struct rows_watch *rows_watch_new(const struct router *r)
{
	const struct conf *c = router_conf(r);
	struct rows_watch *w = MEM_NEW(struct rows_watch);
	size_t n = 0;

	arena_init(&w->arena, ARENA_UNLIMITED);
	for (size_t i = 0; i < c->domain_count; i++)
		n += c->domains[i].transports.count + c->domains[i].recipients.count;
	w->files = arena_alloc(&w->arena, (n + 1) * sizeof *w->files);
	for (size_t i = 0; i < c->domain_count; i++) {
		watch(w, c, i, &c->domains[i].transports, false);
		watch(w, c, i, &c->domains[i].recipients, true);
	}
	return w;
}

void rows_watch_free(struct rows_watch *w)
{
	if (!w)
		return;
	arena_free(&w->arena);
	mem_free(w);
}

/* Has it changed since it was read, and is its writer done, as far as one can tell? */
static bool due(struct watched *f)
{
	struct file_stamp now = file_stamp(f->path);
	bool quiet = file_stamp_eq(&now, &f->seen);

	f->seen = now;
	if (!quiet || (f->looked_at && file_stamp_eq(&now, &f->read)))
		return false;
	f->looked_at = true;
	f->read = now;
	return true;
}

static void log_rows(
	const struct router *r, size_t domain, bool of_recipients, const struct fail *why)
{
	struct log_record record;

	log_open(&record, why ? LOG_ERROR : LOG_INFO, why ? "rows-refused" : "rows-read");
	log_str(&record, "domain", router_conf(r)->domains[domain].name);
	log_c(&record, "table", of_recipients ? "recipients" : "transports");
	if (why) {
		log_fail(&record, why);
		log_c(&record, "effect", "the former rows stay");
	}
	log_close(&record);
}

/* The files of one domain and kind stand together; *i is behind them afterwards. */
static bool domain_due(struct rows_watch *w, size_t *i)
{
	const struct watched *first = &w->files[*i];
	bool any = false;

	for (; *i < w->count && w->files[*i].domain == first->domain &&
		w->files[*i].of_recipients == first->of_recipients;
		++*i)
		any |= due(&w->files[*i]);
	return any;
}

struct router *rows_watch_look(struct rows_watch *w, const struct router *r)
{
	struct router *again = NULL;

	for (size_t i = 0; i < w->count;) {
		size_t domain = w->files[i].domain;
		bool people = w->files[i].of_recipients;
		struct alias_table *rows;
		struct fail why;

		if (!domain_due(w, &i))
			continue;
		rows = people ? rows_read_recipients(router_conf(r), domain, &why)
			      : rows_read(router_conf(r), domain, &why);
		log_rows(r, domain, people, rows ? NULL : &why);
		if (!rows)
			continue;
		if (!again)
			again = router_again(r);
		if (people)
			router_take_recipients(again, domain, rows);
		else
			router_take_transports(again, domain, rows);
	}
	return again;
}
