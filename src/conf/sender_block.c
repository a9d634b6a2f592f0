#include "conf/sender_block.h"

#include "conf/block.h"
#include "conf/list.h"
#include "conf/value.h"
#include "dns/name.h"

bool conf_sender_block_section(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_block_on *block = field;

	if (!block->on)
		block->origin = d->words[0].origin;
	block->on = true;
	return conf_block_section(b, row, d, field);
}

bool conf_sender_block_id(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "a name such as mail.example.org";
	const struct conf_word *word = conf_value_one(b, d, takes);
	char ascii[DNS_NAME_MAX + 1];

	(void)row;
	if (!word)
		return false;
	if (!dns_name_ascii(word->text, ascii))
		return conf_value_wrong(b, d, word, takes);
	*(str *)field = arena_copy(b->arena, str_of(ascii));
	return true;
}

bool conf_sender_block_file(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "a file";
	const struct conf_word *word = conf_value_one(b, d, takes);

	(void)row;
	if (!word)
		return false;
	if (word->text.n == 0)
		return conf_value_wrong(b, d, word, takes);
	*(struct conf_sign_file *)field = (struct conf_sign_file){ word->text, word->origin };
	return true;
}

bool conf_sender_block_rows(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_sign *sign = field;
	struct conf_sign_file *file = &sign->signingtable;

	if (!conf_sender_block_file(b, row, d, file))
		return false;
	sign->patterns = str_starts(file->path, S("refile:"));
	if (sign->patterns)
		file->path = str_skip(file->path, sizeof "refile:" - 1);
	else if (str_starts(file->path, S("file:")))
		file->path = str_skip(file->path, sizeof "file:" - 1);
	return true;
}

static void check_sign(struct conf_builder *b)
{
	const struct conf_sign *sign = &b->conf->sender.sign;

	if (!sign->block.on)
		return;
	if (sign->keytable.path.n == 0)
		conf_builder_error(
			b, &sign->block.origin, "'sign' has no 'keytable', which names the keys");
	if (sign->signingtable.path.n == 0)
		conf_builder_error(b, &sign->block.origin,
			"'sign' has no 'signingtable', which says who signs with which key");
}

/* Where no domain is written, senders are rewritten to our own name. */
static void check_srs(struct conf_builder *b)
{
	struct conf_srs *srs = &b->conf->sender.srs;
	struct conf_sender_domain own = { .origin = srs->block.origin };

	if (!srs->block.on)
		return;
	if (srs->secrets.n == 0)
		conf_builder_error(b, &srs->block.origin,
			"'srs' has no 'secrets', by which a bounce proves where it comes from");
	if (srs->domain_count == 0 &&
		conf_value_domain(b->arena, b->conf->hostname.text, &own.name))
		CONF_LIST_ADD(b->arena, srs->domains, srs->domain_count, own);
}

void conf_sender_block_check(struct conf_builder *b)
{
	check_sign(b);
	check_srs(b);
}

bool conf_sender_block_names(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "domains such as example.org";
	struct conf_srs *srs = field;
	bool ok = true;

	(void)row;
	if (!conf_value_words(b, d, SIZE_MAX, takes))
		return false;
	for (size_t i = 1; i < d->word_count; i++) {
		struct conf_sender_domain name = { .origin = d->words[i].origin };

		if (!str_starts(d->words[i].text, S(".")) &&
			conf_value_domain(b->arena, d->words[i].text, &name.name))
			CONF_LIST_ADD(b->arena, srs->domains, srs->domain_count, name);
		else
			ok = conf_value_wrong(b, d, &d->words[i], takes);
	}
	return ok;
}

bool conf_sender_block_lists(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] =
		"domains such as lists.example.org, or .example.org for all below it";
	struct conf_dmarc *dmarc = field;
	bool ok = true;

	(void)row;
	if (!conf_value_words(b, d, SIZE_MAX, takes))
		return false;
	for (size_t i = 1; i < d->word_count; i++) {
		struct conf_sender_domain list = { .origin = d->words[i].origin };

		if (conf_value_domain(b->arena, d->words[i].text, &list.name))
			CONF_LIST_ADD(b->arena, dmarc->lists, dmarc->list_count, list);
		else
			ok = conf_value_wrong(b, d, &d->words[i], takes);
	}
	return ok;
}
