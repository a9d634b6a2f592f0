#include "conf/ways_read.h"

#include "conf/block.h"
#include "conf/list.h"
#include "conf/nearest.h"
#include "conf/transport.h"
#include "conf/value.h"

/* By its tag; null: none has it, which has been reported. */
static bool find_language(
	struct conf_builder *b, const struct conf_word *word, enum dsn_language *to)
{
	struct conf_nearest nearest = { .word = word->text };

	for (unsigned i = 0; i < DSN_LANGUAGES; i++) {
		str tag = str_of(dsn_words((enum dsn_language)i)->tag);

		conf_nearest_offer(&nearest, tag);
		*to = (enum dsn_language)i;
		if (str_eq_nocase(tag, word->text))
			return true;
	}
	return conf_builder_error(b, &word->origin,
		"there are no bounces in '%.*s'; the nearest language is '%.*s'", STR(word->text),
		STR(nearest.best));
}

bool conf_ways_read_languages(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_languages *languages = field;
	bool ok = true;

	(void)row;
	if (!conf_value_words(b, d, DSN_LANGUAGES, "one or more languages, such as en or fr"))
		return false;
	for (size_t i = 1; i < d->word_count; i++) {
		const struct conf_word *word = &d->words[i];
		enum dsn_language language;

		if (!find_language(b, word, &language)) {
			ok = false;
			continue;
		}
		for (size_t k = 0; k < languages->count; k++)
			if (languages->items[k] == language)
				return conf_builder_error(
					b, &word->origin, "'%.*s' is given twice", STR(word->text));
		CONF_LIST_ADD(b->arena, languages->items, languages->count, language);
	}
	return ok;
}

bool conf_ways_read_aliases(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_domain *domain = field;
	size_t before = domain->aliases.count, errors = b->error_count;
	struct conf_alias_file allowed = { 0 };

	if (!conf_value_paths(b, row, d, &domain->aliases) || !d->has_block)
		return b->error_count == errors;
	conf_block_begin(b, row->block, &allowed);
	conf_block_read(b, row->block, &allowed, &d->block);
	for (size_t i = before; i < domain->aliases.count; i++) {
		allowed.file = domain->aliases.items[i].text;
		CONF_LIST_ADD(
			b->arena, domain->alias_files.items, domain->alias_files.count, allowed);
	}
	return b->error_count == errors;
}

/* "programs as USER", or a block with more words of a transport; *to stays null: reported. */
static bool read_allowed(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, enum conf_transport_kind kind,
	const struct conf_transport **to)
{
	struct conf_transport *t = ARENA_NEW(b->arena, struct conf_transport);
	size_t errors = b->error_count;

	conf_block_begin(b, row->block, t);
	t->name = S("alias");
	t->kind = kind;
	t->origin = d->words[0].origin;
	if (!conf_block_section(b, row, d, t))
		return false;
	for (const struct conf_row *way = conf_schema; way < conf_schema + conf_schema_count; way++)
		if (way->group == CONF_GROUP_KIND && conf_schema_seen(b, way)->line > 0)
			conf_builder_error(b, conf_schema_seen(b, way),
				"'%.*s' does not stand here: the alias file says where it goes",
				STR(way->word));
	if (t->user.n == 0)
		conf_builder_error(b, &d->words[0].origin,
			"'%.*s' does not say by whose rights: '%.*s as USER'", STR(row->word),
			STR(row->word));
	else if (str_eq(t->user, CONF_USER_LOCAL))
		conf_builder_error(b, &d->words[0].origin,
			"the name of an alias is no user's: '%.*s as USER'", STR(row->word));
	else if (kind == CONF_MAILDIR && str_eq(t->user, S("root")))
		conf_builder_error(b, &d->words[0].origin, "no file is written as root");
	if (t->forward)
		conf_builder_error(b,
			conf_schema_seen(b, conf_schema_find(row->block, S("forward"))),
			"'forward' does not stand here: the alias file says where it goes");
	(void)!conf_transport_words_fit(b, t, row->word.p); /* counted */
	*to = t;
	return b->error_count == errors;
}

bool conf_ways_read_programs(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	return read_allowed(b, row, d, CONF_PIPE, field);
}

bool conf_ways_read_files(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	return read_allowed(b, row, d, CONF_MAILDIR, field);
}

/* "relay HOST" is "mailboxes { smtp HOST }". */
bool conf_ways_read_relay(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_domain *domain = field;
	struct conf_way *way = ARENA_NEW(b->arena, struct conf_way);

	if (!conf_value_one(b, d,
		    "the host that has the mailboxes, such as mail.example.org or "
		    "[2001:db8::1]:25"))
		return false;
	conf_block_begin(b, CONF_IN_WAY, way);
	way->own.name = row->word;
	way->own.origin = d->words[0].origin;
	if (!conf_transport_smtp(b, row, d, &way->own))
		return false;
	if (way->own.port == 0)
		way->own.port = 25;
	domain->whole = &way->own;
	domain->whole_origin = d->words[0].origin;
	return true;
}

bool conf_ways_read_mailboxes(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_domain *domain = field;
	struct conf_way *way;

	if (!d->has_block)
		return conf_builder_error(b, &d->words[0].origin,
			"'mailboxes' is followed by a block in braces, on the same line");
	way = conf_block_way(b, row, d);
	if (!way)
		return false;
	domain->whole = &way->own; /* until conf_check finds what it names */
	domain->whole_origin = d->words[0].origin;
	return true;
}

/* A pattern of a sender; "<>" is the null sender. */
static bool read_sender(struct conf_builder *b, const struct conf_directive *d,
	const struct conf_word *word, str *pattern)
{
	*pattern = word->text;
	if (str_eq(word->text, S("<>")))
		return true;
	if (!str_eq(word->text, S("*")) && conf_block_pattern(b->arena, word->text, pattern))
		return true;
	return conf_value_wrong(b, d, word, "domains, .subdomains, addresses or <>, and a block");
}

bool conf_ways_read_route_from(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf *conf = field;
	struct conf_way *way = conf_block_way(b, row, d);
	bool ok = way != NULL;

	for (size_t i = 1; i < d->word_count; i++) {
		const struct conf_word *word = &d->words[i];
		struct conf_route route = { .origin = word->origin };

		if (!read_sender(b, d, word, &route.pattern) ||
			!conf_builder_claim(b, row->word.p, route.pattern, word) || !way) {
			ok = false;
			continue;
		}
		route.transport = &way->own; /* until conf_check finds what it names */
		CONF_LIST_ADD(b->arena, conf->sender_routes, conf->sender_route_count, route);
	}
	return ok;
}
