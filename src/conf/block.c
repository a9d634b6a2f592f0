#include "conf/block.h"

#include <assert.h>

#include "conf/list.h"
#include "conf/nearest.h"
#include "conf/tls_block.h"
#include "conf/transport.h"
#include "conf/value.h"
#include "dns/name.h"
#include "mail/address.h"

/* --- words --------------------------------------------------------------------------------------
 */

static void unknown_word(struct conf_builder *b, unsigned in, const struct conf_word *word)
{
	struct conf_nearest nearest = { .word = word->text };
	const struct conf_row *elsewhere = NULL;

	for (size_t i = 0; i < conf_schema_count; i++) {
		if (conf_schema[i].in & in)
			conf_nearest_offer(&nearest, conf_schema[i].word);
		else if (!elsewhere && str_eq(conf_schema[i].word, word->text))
			elsewhere = &conf_schema[i];
	}
	if (elsewhere && elsewhere->in & CONF_IN_TOP)
		conf_builder_error(
			b, &word->origin, "'%.*s' stands outside of all blocks", STR(word->text));
	else if (elsewhere)
		conf_builder_error(b, &word->origin, "'%.*s' does not stand here, but in '%.*s'",
			STR(word->text), STR(conf_schema_block(elsewhere->in)));
	else
		conf_builder_error(b, &word->origin,
			"unknown word '%.*s'; the nearest known word is '%.*s'", STR(word->text),
			STR(nearest.best));
}

/* A scalar is written once, and of a group only one word. */
static bool check_first(struct conf_builder *b, unsigned in, const struct conf_row *row,
	const struct conf_word *word)
{
	char place[CONF_PLACE_TEXT_MAX];

	for (const struct conf_row *other = conf_schema; other < conf_schema + conf_schema_count;
		other++) {
		const struct conf_origin *at = conf_schema_seen(b, other);
		bool alike = row->group != CONF_GROUP_NONE && other->group == row->group;

		if (at->line == 0 || !(other->in & in))
			continue;
		if (other == row && !row->adds_up && row->shape != CONF_SECTION &&
			row->shape != CONF_EITHER)
			return conf_builder_error(b, &word->origin,
				"'%.*s' is given a second time; the first is at %s", STR(row->word),
				conf_builder_place(at, place));
		if (other != row && alike)
			return conf_builder_error(b, &word->origin,
				"'%.*s' excludes '%.*s', which is at %s", STR(row->word),
				STR(other->word), conf_builder_place(at, place));
	}
	return true;
}

static bool check_shape(
	struct conf_builder *b, const struct conf_row *row, const struct conf_directive *d)
{
	const struct conf_word *word = &d->words[0];

	switch (row->shape) {
	case CONF_VALUES:
		if (!d->has_block)
			return true;
		return conf_builder_error(b, &word->origin, "'%.*s' has no block", STR(row->word));
	case CONF_OPEN:
		return true;
	case CONF_SECTION:
	case CONF_APART:
		if (d->has_block || d->word_count > 1)
			return true;
		return conf_builder_error(b, &word->origin,
			"'%.*s' is followed by a block in braces, on the same line",
			STR(row->word));
	case CONF_EITHER:
		if (d->has_block || d->word_count > 1)
			return true;
		return conf_builder_error(b, &word->origin,
			"'%.*s' is followed by a block in braces, on the same line, or by %s and a "
			"block",
			STR(row->word), row->takes);
	case CONF_NAMED:
		if (d->has_block && d->word_count > 1)
			return true;
		return conf_builder_error(b, &word->origin,
			"'%.*s' is followed by %s and a block in braces, on the same line",
			STR(row->word), row->takes);
	}
	return false;
}

static void read_word(
	struct conf_builder *b, unsigned in, void *base, const struct conf_directive *d)
{
	const struct conf_word *word = &d->words[0];
	const struct conf_row *row = conf_schema_find(in, word->text);

	if (!row) {
		unknown_word(b, in, word);
	} else if (!row->read) {
		conf_builder_error(b, &word->origin,
			"'%.*s' is known but not built yet; nothing was weakened", STR(word->text));
	} else if (check_first(b, in, row, word) && check_shape(b, row, d)) {
		struct conf_origin *seen = conf_schema_seen(b, row);

		if (seen->line == 0)
			*seen = word->origin;
		(void)!row->read(b, row, d, (char *)base + row->offset); /* counted, go on */
	}
}

void conf_block_read(
	struct conf_builder *b, unsigned in, void *base, const struct conf_directives *directives)
{
	for (size_t i = 0; i < directives->count; i++)
		read_word(b, in, base, &directives->items[i]);
}

#define PRESET_WORDS_MAX 16

void conf_block_preset(struct conf_builder *b, unsigned in, void *base)
{
	for (const struct conf_row *row = conf_schema; row < conf_schema + conf_schema_count;
		row++) {
		struct conf_word words[PRESET_WORDS_MAX] = { { .text = row->word } };
		struct conf_directive d = { .words = words, .word_count = 1 };
		str rest = str_of(row->preset ? row->preset : "");
		bool ok = true;

		if (!(row->in & in))
			continue;
		while (d.word_count < PRESET_WORDS_MAX &&
			str_word(&rest, &words[d.word_count].text))
			d.word_count++;
		if (row->preset)
			ok = row->read(b, row, &d, (char *)base + row->offset);
		else if (row->shape == CONF_SECTION || row->shape == CONF_EITHER)
			conf_block_preset(b, row->block, (char *)base + row->offset);
		assert(ok);
	}
}

void conf_block_begin(struct conf_builder *b, unsigned in, void *base)
{
	for (const struct conf_row *row = conf_schema; row < conf_schema + conf_schema_count; row++)
		if (row->in & in)
			*conf_schema_seen(b, row) = (struct conf_origin){ 0 };
	conf_block_preset(b, in, base);
}

/* --- blocks -------------------------------------------------------------------------------------
 */

/* "queue lifetime 5d" is "queue { lifetime 5d }". */
bool conf_block_section(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	size_t errors = b->error_count;

	if (d->word_count == 1) {
		conf_block_read(b, row->block, field, &d->block);
	} else {
		struct conf_directive only = *d;

		only.words++;
		only.word_count--;
		read_word(b, row->block, field, &only);
	}
	return b->error_count == errors;
}

/* The one name that stands between the word and its block. */
static bool check_name(
	struct conf_builder *b, const struct conf_row *row, const struct conf_directive *d)
{
	if (d->word_count > 2)
		return conf_builder_error(b, &d->words[2].origin,
			"'%.*s' is followed by %s, and '%.*s' is too much", STR(row->word),
			row->takes, STR(d->words[2].text));
	return true;
}

static bool check_thing_name(
	struct conf_builder *b, const struct conf_row *row, const struct conf_directive *d)
{
	if (!check_name(b, row, d))
		return false;
	if (!conf_value_is_name(d->words[1].text))
		return conf_value_wrong(
			b, d, &d->words[1], "a name of letters, digits, '.', '_' and '-'");
	return conf_builder_claim(b, row->word.p, d->words[1].text, &d->words[1]);
}

bool conf_block_whole(
	struct conf_builder *b, unsigned in, const struct conf_directive *d, void *base)
{
	size_t errors = b->error_count;

	conf_block_begin(b, in, base);
	conf_block_read(b, in, base, &d->block);
	return b->error_count == errors;
}

bool conf_block_thing(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *base)
{
	return check_thing_name(b, row, d) && conf_block_whole(b, row->block, d, base);
}

bool conf_block_listen(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf *conf = field;
	struct conf_listener l = { .name = d->words[1].text, .origin = d->words[0].origin };
	const struct conf_word *word = &d->words[0];

	if (!conf_block_thing(b, row, d, &l))
		return false;
	if (l.on.count == 0)
		return conf_builder_error(b, &word->origin,
			"'listen %.*s' does not say where: 'on ADDRESS:PORT'", STR(l.name));
	if (!conf_tls_block_listener(b, &l))
		return false;
	CONF_LIST_ADD(b->arena, conf->listeners, conf->listener_count, l);
	return true;
}

bool conf_block_transport(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf *conf = field;
	struct conf_transport t = { .name = d->words[1].text, .origin = d->words[0].origin };
	size_t errors = b->error_count;

	if (!check_thing_name(b, row, d))
		return false;
	if (str_eq(t.name, S("mailbox")) || str_eq(t.name, S("route")))
		return conf_builder_error(b, &d->words[1].origin,
			"no transport may be called '%.*s': those without a name are", STR(t.name));
	conf_block_begin(b, row->block, &t);
	conf_block_read(b, row->block, &t, &d->block);
	if (b->error_count != errors || !conf_transport_finish(b, &d->words[0], &t))
		return false;
	CONF_LIST_ADD(b->arena, conf->transports, conf->transport_count, t);
	return true;
}

struct conf_way *conf_block_way(
	struct conf_builder *b, const struct conf_row *row, const struct conf_directive *d)
{
	struct conf_way *way = ARENA_NEW(b->arena, struct conf_way);
	size_t errors = b->error_count;

	way->own.name = row->word;
	way->own.origin = d->words[0].origin;
	conf_block_begin(b, row->block, way);
	conf_block_read(b, row->block, way, &d->block);
	if (b->error_count != errors)
		return NULL;
	if (way->named.text.n == 0)
		return conf_transport_finish(b, &d->words[0], &way->own) ? way : NULL;
	for (const struct conf_row *other = conf_schema; other < conf_schema + conf_schema_count;
		other++)
		if (other->in & CONF_IN_TRANSPORT && conf_schema_seen(b, other)->line > 0)
			conf_builder_error(b, conf_schema_seen(b, other),
				"'%.*s' belongs into the block of 'transport %.*s', which is named "
				"here",
				STR(other->word), STR(way->named.text));
	return b->error_count == errors ? way : NULL;
}

bool conf_block_pattern(struct arena *a, str pattern, str *key)
{
	char address[ADDRESS_KEY_MAX];

	if (str_eq(pattern, S("*"))) {
		*key = pattern;
		return true;
	}
	if (str_has(pattern, '@')) {
		if (!address_parse(pattern, true, NULL) || !address_key(pattern, address, key))
			return false;
		*key = arena_copy(a, *key);
		return true;
	}
	return conf_value_domain(a, pattern, key);
}

bool conf_block_route(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf *conf = field;
	struct conf_way *way = conf_block_way(b, row, d);
	bool ok = way != NULL;

	for (size_t i = 1; i < d->word_count; i++) {
		const struct conf_word *word = &d->words[i];
		struct conf_route route = { .origin = word->origin };

		if (!conf_block_pattern(b->arena, word->text, &route.pattern)) {
			ok = conf_value_wrong(
				b, d, word, "domains, .subdomains, addresses or *, and a block");
			continue;
		}
		if (!conf_builder_claim(b, row->word.p, route.pattern, word) || !way) {
			ok = false;
			continue;
		}
		route.transport = &way->own; /* until conf_check finds what it names */
		CONF_LIST_ADD(b->arena, conf->routes, conf->route_count, route);
	}
	return ok;
}

bool conf_block_mailbox(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf *conf = field;
	const struct conf_word *word = &d->words[1];
	struct conf_mailbox mailbox = { .origin = d->words[0].origin };
	char key[ADDRESS_KEY_MAX];
	struct conf_way *way;

	if (!check_name(b, row, d))
		return false;
	if (!address_parse(word->text, true, NULL) ||
		!address_key(word->text, key, &mailbox.address))
		return conf_value_wrong(
			b, d, word, "an address such as root@example.org, and a block");
	mailbox.address = arena_copy(b->arena, mailbox.address);
	if (!conf_builder_claim(b, row->word.p, mailbox.address, word))
		return false;
	way = conf_block_way(b, row, d);
	if (!way)
		return false;
	mailbox.transport = &way->own; /* until conf_check finds what it names */
	CONF_LIST_ADD(b->arena, conf->mailboxes, conf->mailbox_count, mailbox);
	return true;
}

bool conf_block_domain(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf *conf = field;
	const struct conf_word *word = &d->words[1];
	struct conf_domain domain = { .origin = d->words[0].origin };
	size_t errors = b->error_count;
	char ascii[DNS_NAME_MAX + 1];

	if (!check_name(b, row, d))
		return false;
	if (!dns_name_ascii(word->text, ascii))
		return conf_value_wrong(b, d, word, "a domain such as example.org, and a block");
	domain.name = arena_copy(b->arena, str_of(ascii));
	if (!conf_builder_claim(b, row->word.p, domain.name, word))
		return false;
	conf_block_begin(b, row->block, &domain);
	conf_block_read(b, row->block, &domain, &d->block);
	if (b->error_count == errors)
		CONF_LIST_ADD(b->arena, conf->domains, conf->domain_count, domain);
	return b->error_count == errors;
}
