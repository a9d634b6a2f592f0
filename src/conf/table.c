#include "conf/table.h"

#include "base/ascii.h"
#include "conf/block.h"
#include "conf/list.h"
#include "conf/nearest.h"
#include "conf/value.h"
#include "mail/address.h"

/* --- what a table is ----------------------------------------------------------------------------
 */

bool conf_table_files(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_table *t = field;

	if (!conf_value_paths(b, row, d, &t->files))
		return false;
	t->kind = str_eq(row->word, S("cidr"))   ? CONF_TABLE_CIDR
		  : str_eq(row->word, S("pcre")) ? CONF_TABLE_PCRE
						 : CONF_TABLE_FILE;
	return true;
}

/* What libpq or libldap make of it. */
static bool check_source(
	struct conf_builder *b, const struct conf_directive *d, struct conf_table *t)
{
	struct fail why = { 0 };

	t->kind = CONF_TABLE_REMOTE;
	if (source_check(&t->source, &why))
		return true;
	return conf_builder_error(b, &d->words[1].origin, "%s", why.text);
}

bool conf_table_sqlite(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_table *t = field;

	t->source.kind = SOURCE_SQLITE;
	return conf_value_path(b, row, d, &t->source.place) && check_source(b, d, t);
}

bool conf_table_pgsql(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_table *t = field;

	t->source.kind = SOURCE_PGSQL;
	return conf_value_string(b, row, d, &t->source.place) && check_source(b, d, t);
}

bool conf_table_ldap(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_table *t = field;
	struct buf all = { 0 };

	(void)row;
	if (!conf_value_words(b, d, SIZE_MAX, "one URI or more, such as ldap://ldap.example.org"))
		return false;
	for (size_t i = 1; i < d->word_count; i++)
		buf_putf(&all, "%s%.*s", i > 1 ? " " : "", STR(d->words[i].text));
	t->source.kind = SOURCE_LDAP;
	t->source.place = arena_copy(b->arena, buf_str(&all));
	buf_free(&all);
	return check_source(b, d, t);
}

bool conf_table_attributes(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "names of attributes, eight at most";
	struct source_setup *s = &((struct conf_table *)field)->source;

	(void)row;
	if (!conf_value_words(b, d, SOURCE_ATTRIBUTES_MAX, takes))
		return false;
	for (size_t i = 1; i < d->word_count; i++) {
		if (!conf_value_is_name(d->words[i].text))
			return conf_value_wrong(b, d, &d->words[i], takes);
		s->attributes[s->attribute_count++] = d->words[i].text;
	}
	return true;
}

static const struct conf_origin *seen(struct conf_builder *b, const char *word)
{
	return conf_schema_seen(b, conf_schema_find(CONF_IN_TABLE, str_of(word)));
}

/* Words that mean something to some sources only. */
static bool check_words(struct conf_builder *b, const struct conf_table *t, const char *kind)
{
	static const struct {
		const char *word;
		bool sql, ldap;
	} words[] = {
		{"query",          true,  false},
		{ "base",          false, true },
		{ "scope",         false, true },
		{ "filter",        false, true },
		{ "attribute",     false, true },
		{ "bind",          false, true },
		{ "password-file", false, true },
		{ "start-tls",     false, true },
		{ "ca",            false, true },
		{ "result",        true,  true },
		{ "timeout",       true,  true },
		{ "connections",   true,  true },
		{ "waiting",       true,  true },
		{ "cache",         true,  true },
		{ "cache-entries", true,  true },
	};
	bool remote = t->kind == CONF_TABLE_REMOTE;
	bool ldap = remote && t->source.kind == SOURCE_LDAP, ok = true;
	bool pgsql = remote && t->source.kind == SOURCE_PGSQL;

	for (size_t i = 0; i < LENGTH(words); i++) {
		const struct conf_origin *at = seen(b, words[i].word);

		if (at->line > 0 && !(remote && (ldap ? words[i].ldap : words[i].sql)) &&
			!(pgsql && str_eq(str_of(words[i].word), S("password-file"))))
			ok = conf_builder_error(b, at, "'%s' means nothing to a table of '%s'",
				words[i].word, kind);
	}
	return ok;
}

static bool check_sql(struct conf_builder *b, const struct conf_word *word, struct conf_table *t)
{
	struct fail why = { 0 };

	if (t->query.text.n == 0)
		return conf_builder_error(
			b, &word->origin, "'table %.*s' has no 'query'", STR(t->name));
	if (conf_table_sql(b->arena, t->query.text, &t->source, &why))
		return true;
	return conf_builder_error(b, &t->query.origin, "%s", why.text);
}

static bool check_ldap(struct conf_builder *b, const struct conf_word *word, struct conf_table *t)
{
	char filter[2 * SOURCE_KEY_OCTETS_MAX];

	if (seen(b, "base")->line == 0 || t->filter.text.n == 0 || t->source.attribute_count == 0)
		return conf_builder_error(b, &word->origin,
			"'table %.*s' lacks one of 'base', 'filter' and 'attribute'", STR(t->name));
	t->source.filter = t->filter.text;
	if (!source_filter(t->filter.text, S("u@d.test"), filter, sizeof filter))
		return conf_builder_error(b, &t->filter.origin,
			"'%%' is followed by 's', 'u', 'd' or another '%%', and a filter is "
			"shorter than %d bytes",
			SOURCE_KEY_OCTETS_MAX);
	if (t->password_file.n > 0 && t->source.bind_name.n == 0)
		return conf_builder_error(b, seen(b, "password-file"),
			"'password-file' needs 'bind', whose password it is");
	return true;
}

bool conf_table_block(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char *const kinds[] = { "file", "cidr", "pcre", "sqlite", "pgsql", "ldap" };
	struct conf *conf = field;
	struct conf_table t = { .name = d->words[1].text, .origin = d->words[0].origin };
	const char *kind = NULL;
	bool ok;

	if (!conf_block_thing(b, row, d, &t))
		return false;
	for (size_t i = 0; i < LENGTH(kinds); i++)
		if (seen(b, kinds[i])->line > 0)
			kind = kinds[i];
	if (!kind)
		return conf_builder_error(b, &d->words[0].origin,
			"'table %.*s' does not say what it is: 'file', 'cidr', 'pcre', 'sqlite', "
			"'pgsql' or 'ldap'",
			STR(t.name));
	ok = check_words(b, &t, kind);
	if (ok && t.kind == CONF_TABLE_REMOTE)
		ok = (t.source.kind == SOURCE_LDAP ? check_ldap : check_sql)(b, &d->words[0], &t);
	if (ok)
		CONF_LIST_ADD(b->arena, conf->tables, conf->table_count, t);
	return ok;
}

/* --- where tables are used ----------------------------------------------------------------------
 */

/* Postfix's names for text files; what it compiles into databases, we compile from the text. */
static const struct {
	str prefix;
	enum conf_table_kind kind;
} prefixes[] = {
	{STR_INIT("file:"),      CONF_TABLE_FILE},
	{ STR_INIT("hash:"),     CONF_TABLE_FILE},
	{ STR_INIT("btree:"),    CONF_TABLE_FILE},
	{ STR_INIT("lmdb:"),     CONF_TABLE_FILE},
	{ STR_INIT("cdb:"),      CONF_TABLE_FILE},
	{ STR_INIT("texthash:"), CONF_TABLE_FILE},
	{ STR_INIT("cidr:"),     CONF_TABLE_CIDR},
	{ STR_INIT("pcre:"),     CONF_TABLE_PCRE},
	{ STR_INIT("regexp:"),   CONF_TABLE_PCRE},
};

static const struct conf_table *find_table(const struct conf *c, str name)
{
	for (size_t i = 0; i < c->table_count; i++)
		if (str_eq(c->tables[i].name, name))
			return &c->tables[i];
	return NULL;
}

/* A table that is written where it is used; the same in two places is one. */
static bool add_inline(struct conf_builder *b, const struct conf_word *word)
{
	struct conf *c = b->conf;
	struct conf_table t = { .name = word->text, .origin = word->origin };
	struct conf_text path = { .origin = word->origin };

	if (find_table(c, word->text))
		return true;
	for (size_t i = 0; i < LENGTH(prefixes); i++) {
		if (!str_starts(word->text, prefixes[i].prefix))
			continue;
		path.text = str_skip(word->text, prefixes[i].prefix.n);
		if (path.text.n == 0)
			break;
		t.kind = prefixes[i].kind;
		t.on_failure = CONF_FAILURE_DEFER;
		CONF_LIST_ADD(b->arena, t.files.items, t.files.count, path);
		CONF_LIST_ADD(b->arena, c->tables, c->table_count, t);
		return true;
	}
	return conf_builder_error(b, &word->origin,
		"'%.*s' is no table that can be written here: 'hash:', 'cidr:' or 'pcre:' and a "
		"path; others have a block, 'table NAME { ... }', and their name stands here",
		STR(word->text));
}

bool conf_table_uses(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "names of tables, or 'hash:', 'cidr:' or 'pcre:' and a path";
	struct conf_uses *uses = field;
	bool ok = true;

	(void)row;
	if (!conf_value_words(b, d, SIZE_MAX, takes))
		return false;
	for (size_t i = 1; i < d->word_count; i++) {
		const struct conf_word *word = &d->words[i];
		struct conf_use use = {
			.written = {word->text, word->origin}
		};

		if (str_has(word->text, ':'))
			ok = add_inline(b, word) && ok;
		else if (!conf_value_is_name(word->text))
			ok = conf_value_wrong(b, d, word, takes);
		CONF_LIST_ADD(b->arena, uses->items, uses->count, use);
	}
	return ok;
}

bool conf_table_addresses(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "addresses such as archive@example.org";
	struct conf_texts *texts = field;
	bool ok = conf_value_words(b, d, SIZE_MAX, takes);

	(void)row;
	for (size_t i = 1; ok && i < d->word_count; i++) {
		struct conf_text text = { d->words[i].text, d->words[i].origin };

		if (!address_parse(text.text, true, NULL))
			return conf_value_wrong(b, d, &d->words[i], takes);
		CONF_LIST_ADD(b->arena, texts->items, texts->count, text);
	}
	return ok;
}

bool conf_table_masks(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "domains such as example.org, or !host.example.org";
	struct conf_texts *texts = field;
	bool ok = conf_value_words(b, d, SIZE_MAX, takes);

	(void)row;
	for (size_t i = 1; ok && i < d->word_count; i++) {
		struct conf_text text = { .origin = d->words[i].origin };
		bool spares = str_starts(d->words[i].text, S("!"));
		str name;

		if (!conf_value_domain(b->arena, str_skip(d->words[i].text, spares), &name) ||
			str_starts(name, S(".")))
			return conf_value_wrong(b, d, &d->words[i], takes);
		text.text = arena_printf(b->arena, "%s%.*s", spares ? "!" : "", STR(name));
		CONF_LIST_ADD(b->arena, texts->items, texts->count, text);
	}
	return ok;
}

bool conf_table_locals(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "local parts such as root";
	struct conf_texts *texts = field;
	bool ok = conf_value_words(b, d, SIZE_MAX, takes);

	(void)row;
	for (size_t i = 1; ok && i < d->word_count; i++) {
		struct conf_text text = { .origin = d->words[i].origin };
		char key[ADDRESS_KEY_MAX];

		if (str_has(d->words[i].text, '@') ||
			!address_key(d->words[i].text, key, &text.text))
			return conf_value_wrong(b, d, &d->words[i], takes);
		text.text = arena_copy(b->arena, text.text);
		CONF_LIST_ADD(b->arena, texts->items, texts->count, text);
	}
	return ok;
}

/* --- afterwards ---------------------------------------------------------------------------------
 */

static void resolve(struct conf_builder *b, const struct conf_uses *uses)
{
	const struct conf *c = b->conf;

	for (size_t i = 0; i < uses->count; i++) {
		struct conf_use *use = (struct conf_use *)&uses->items[i];
		struct conf_nearest nearest = { .word = use->written.text };

		use->table = find_table(c, use->written.text);
		if (use->table)
			continue;
		for (size_t k = 0; k < c->table_count; k++)
			conf_nearest_offer(&nearest, c->tables[k].name);
		if (c->table_count == 0)
			conf_builder_error(b, &use->written.origin,
				"unknown table '%.*s'; there is none", STR(use->written.text));
		else
			conf_builder_error(b, &use->written.origin,
				"unknown table '%.*s'; the nearest known one is '%.*s'",
				STR(use->written.text), STR(nearest.best));
	}
}

/* Tables of some kinds only. */
static void check_kinds(
	struct conf_builder *b, const struct conf_uses *uses, unsigned kinds, const char *what)
{
	for (size_t i = 0; i < uses->count; i++)
		if (uses->items[i].table && !(kinds & 1U << uses->items[i].table->kind))
			conf_builder_error(b, &uses->items[i].written.origin,
				"'%.*s' cannot be used here: %s", STR(uses->items[i].written.text),
				what);
}

/* Mail cannot be held before it is known where it goes. */
static void check_failures(struct conf_builder *b, const struct conf_uses *uses)
{
	for (size_t i = 0; i < uses->count; i++)
		if (uses->items[i].table && uses->items[i].table->on_failure == CONF_FAILURE_HOLD)
			conf_builder_error(b, &uses->items[i].written.origin,
				"'%.*s' cannot be used here with 'on-failure hold': where its mail "
				"goes would not be known",
				STR(uses->items[i].written.text));
}

static void resolve_domain(struct conf_builder *b, const struct conf_domain_tables *t)
{
	const struct conf_uses *all[] = { &t->virtuals, &t->aliases, &t->recipients,
		&t->transports };

	for (size_t i = 0; i < LENGTH(all); i++) {
		resolve(b, all[i]);
		check_kinds(b, all[i], ~(1U << CONF_TABLE_CIDR),
			"a cidr table is for addresses of clients");
		check_failures(b, all[i]);
	}
}

void conf_table_resolve(struct conf_builder *b)
{
	static const char no_network[] = "a cidr table is for addresses of clients";
	static const char no_wait[] = "a message does not wait for a table in the middle of its "
				      "header, so it is one of 'file' or 'pcre'";
	const unsigned all = ~0U, texts = all & ~(1U << CONF_TABLE_CIDR);
	const unsigned local = 1U << CONF_TABLE_FILE | 1U << CONF_TABLE_PCRE;
	struct conf *c = b->conf;
	const struct {
		const struct conf_uses *uses;
		unsigned kinds;
		const char *what;
	} places[] = {
		{&c->access.client,             all,                   ""        },
		{ &c->access.helo,              texts,                 no_network},
		{ &c->access.sender,            texts,                 no_network},
		{ &c->access.recipient,         texts,                 no_network},
		{ &c->headers,                  1U << CONF_TABLE_PCRE,
                 "the rules for header fields are a pcre table"                  },
		{ &c->body,                     1U << CONF_TABLE_PCRE,
                 "the rules for lines of the body are a pcre table"              },
		{ &c->rewrite.sender,           texts,                 no_network},
		{ &c->rewrite.recipient,        texts,                 no_network},
		{ &c->rewrite.header_sender,    local,                 no_wait   },
		{ &c->rewrite.header_recipient, local,                 no_wait   },
		{ &c->copy.sender,              texts,                 no_network},
		{ &c->copy.recipient,           texts,                 no_network},
	};

	for (size_t i = 0; i < LENGTH(places); i++) {
		resolve(b, places[i].uses);
		check_kinds(b, places[i].uses, places[i].kinds, places[i].what);
	}
	for (size_t i = 0; i < c->domain_count; i++)
		resolve_domain(b, &c->domains[i].tables);
}
