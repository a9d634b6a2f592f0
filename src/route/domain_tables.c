#include "route/domain_tables.h"

#include "base/buf.h"
#include "route/alias_table.h"
#include "route/asking.h"
#include "route/router.h"

/* True: it has ended with *end.  False: as if the table had nothing. */
static bool failed(struct domain_tables *l, const struct lookup *t, str key,
	const struct fail *cause, struct fail *why, enum domain_tables_end *end)
{
	struct fail reply = { 0 };

	if (l->ask && !l->ask->failed) {
		l->ask->failed = lookup_conf(t);
		l->ask->cause = *cause;
		l->ask->key = key;
	}
	switch (lookup_failure(t, &reply)) {
	case CONF_FAILURE_ACCEPT:
	case CONF_FAILURE_HOLD: /* not here: the configuration refuses it */
		l->silent = true;
		return false;
	case CONF_FAILURE_DEFER:
	case CONF_FAILURE_REJECT:
		break;
	}
	if (why)
		*why = reply;
	*end = DOMAIN_TABLES_FAILED;
	return true;
}

bool domain_tables_asks(const struct domain_tables *l)
{
	return l->ask && l->ask->asking;
}

/* False: it must be asked, or cannot be (unknown). */
static bool look(
	struct domain_tables *l, const struct lookup *t, str key, struct lookup_answer *answer)
{
	const struct lookup_answer *known;

	if (!domain_tables_asks(l) && lookup_now(t, l->arena, key, NULL, 0, answer))
		return true;
	if (!domain_tables_asks(l)) {
		l->unknown = true;
		return false;
	}
	known = asking_find(l->ask->asking, t, key);
	if (known)
		*answer = *known;
	return known;
}

enum domain_tables_end domain_tables_find(struct domain_tables *l, const struct conf_uses *uses,
	enum domain_tables_key kind, str key, struct fail *why)
{
	if (!router_lookups(l->router) && uses->count > 0) {
		l->unknown = true;
		return DOMAIN_TABLES_NONE;
	}
	for (size_t i = 0; i < uses->count; i++) {
		const struct conf_table *conf = uses->items[i].table;
		const struct lookup *t = lookup_set_at(router_lookups(l->router), conf);
		enum domain_tables_end end;
		struct lookup_answer answer;

		if (kind == DOMAIN_TABLES_PART && conf->kind == CONF_TABLE_PCRE)
			continue;
		if (!look(l, t, key, &answer)) {
			if (domain_tables_asks(l))
				return DOMAIN_TABLES_WAIT;
			continue;
		}
		if (answer.end == LOOKUP_FAILED && failed(l, t, key, &answer.why, why, &end))
			return end;
		if (answer.end != LOOKUP_FOUND)
			continue;
		l->value = answer.value;
		l->at = answer.at;
		l->table = t;
		return DOMAIN_TABLES_FOUND;
	}
	return DOMAIN_TABLES_NONE;
}

enum domain_tables_end domain_tables_wrong(
	struct domain_tables *l, str key, const struct fail *cause, struct fail *why)
{
	enum domain_tables_end end = DOMAIN_TABLES_NONE;

	(void)failed(l, l->table, key, cause, why, &end);
	return end;
}

/* With the place of the row in the place of one inside the value. */
static bool keep(struct arena *a, struct alias_targets *read, const struct conf_origin *at,
	struct alias_targets *targets)
{
	struct alias_target target;
	struct buf entry = { 0 };
	bool ok;
	str kept;

	alias_entry_head(&entry, at->file, at->line, read->count);
	while (alias_targets_next(read, &target)) {
		target.file = at->file;
		target.line = at->line;
		target.column = at->column;
		alias_entry_target(&entry, &target);
	}
	ok = arena_keep(a, buf_str(&entry), &kept);
	buf_free(&entry);
	if (ok)
		alias_entry_read(kept, targets);
	return ok;
}

/* The table in which the list is the entry of ALIAS_FORWARD_KEY; to be freed.  Null: *why. */
static struct alias_table *read_list(str domain, str name, str value, struct fail *why)
{
	struct alias_builder *b = alias_builder_new(domain, NULL, NULL);
	bool ok = alias_builder_value(b, name, value, why);
	struct alias_table *t = alias_builder_finish(b);
	struct alias_targets targets;

	if (ok && !alias_table_find(t, ALIAS_FORWARD_KEY, &targets))
		ok = fail_with(
			why, FAIL_TEMPORARY, "4.3.5", "%.*s: this names no target", STR(name));
	if (ok)
		return t;
	alias_table_free(t);
	return NULL;
}

enum domain_tables_end domain_tables_targets(struct domain_tables *l, struct arena *a, str domain,
	str key, struct alias_targets *targets, struct fail *why)
{
	struct fail cause = { 0 };
	struct alias_table *t = read_list(domain, lookup_conf(l->table)->name, l->value, &cause);
	struct alias_targets read;
	bool kept;

	if (!t)
		return domain_tables_wrong(l, key, &cause, why);
	kept = alias_table_find(t, ALIAS_FORWARD_KEY, &read) && keep(a, &read, &l->at, targets);
	alias_table_free(t);
	if (kept)
		return DOMAIN_TABLES_FOUND;
	fail_reply(why, 452, "4.3.1", "No memory left for the recipients");
	return DOMAIN_TABLES_FAILED;
}

bool domain_tables_is_list(
	const struct router *r, const struct conf_domain *d, str value, struct fail *why)
{
	struct alias_table *t = read_list(d->name, S("value"), value, why);

	(void)r;
	if (!t)
		return false;
	alias_table_free(t);
	return true;
}

bool domain_tables_is_way(
	const struct router *r, const struct conf_domain *d, str value, struct fail *why)
{
	size_t at;

	return transports_value(router_conf(r), d->name, value, &at, why);
}

bool domain_tables_any(const struct conf_domain *d)
{
	const struct conf_domain_tables *t = &d->tables;

	return t->virtuals.count + t->aliases.count + t->recipients.count + t->transports.count > 0;
}
