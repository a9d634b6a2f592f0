#include "conf/restart.h"

#include "base/buf.h"

static bool same_resolver(const struct conf_resolver *a, const struct conf_resolver *b)
{
	bool same = str_eq(a->zone_file, b->zone_file) && str_eq(a->anchor_file, b->anchor_file) &&
		    a->servers.count == b->servers.count;

	for (size_t i = 0; same && i < a->servers.count; i++)
		same = endpoint_eq(&a->servers.items[i].at, &b->servers.items[i].at);
	return same;
}

static void put(const struct conf *now, str section, str word, struct buf *to)
{
	char place[CONF_ORIGIN_TEXT_MAX];

	buf_putf(to, "%s%.*s%s%.*s (%s)", buf_str(to).n > 0 ? ", " : "", STR(section),
		section.n > 0 ? " " : "", STR(word), conf_where_print(now, section, word, place));
}

/* What the walls around the process were told to let through. */
static bool same_databases(const struct conf *a, const struct conf *b)
{
	bool same = true;

	for (size_t i = 0; same && i < b->table_count; i++) {
		const struct source_setup *is = &b->tables[i].source;

		if (is->place.n + is->ca_file.n == 0 || is->kind == SOURCE_PGSQL)
			continue;
		same = false;
		for (size_t k = 0; !same && k < a->table_count; k++)
			same = str_eq(a->tables[k].source.ca_file, is->ca_file) &&
			       (is->kind == SOURCE_LDAP ||
				       str_eq(a->tables[k].source.place, is->place));
	}
	return same;
}

void conf_restart_words(const struct conf *started, const struct conf *now, struct buf *to)
{
	const struct conf_queue *was = &started->queue, *is = &now->queue;

	if (started->workers != now->workers)
		put(now, S(""), S("workers"), to);
	if (!same_databases(started, now))
		put(now, S(""), S("table"), to);
	if (!str_eq(started->user, now->user))
		put(now, S(""), S("user"), to);
	if (!same_resolver(&started->resolver, &now->resolver))
		put(now, S(""), S("resolver"), to);
	if (was->reserve_octets != is->reserve_octets)
		put(now, S("queue"), S("reserve"), to);
	if (was->memory_octets != is->memory_octets)
		put(now, S("queue"), S("memory"), to);
	if (!str_eq(started->spool_dir, now->spool_dir))
		put(now, S("directories"), S("spool"), to);
	if (!str_eq(started->state_dir, now->state_dir))
		put(now, S("directories"), S("state"), to);
	if (!str_eq(started->run_dir, now->run_dir))
		put(now, S("directories"), S("run"), to);
}
