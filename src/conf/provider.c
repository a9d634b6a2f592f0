#include "conf/provider.h"

#include "base/ascii.h"
#include "conf/block.h"
#include "conf/list.h"
#include "conf/value.h"

bool conf_provider_has(const struct conf_texts *names, str name)
{
	for (size_t i = 0; i < names->count; i++) {
		str text = names->items[i].text;

		if (str_starts(text, S(".")) ? str_ends(name, text) && name.n > text.n
					     : str_eq(name, text))
			return true;
	}
	return false;
}

bool conf_provider_names(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "names such as example.org, or .example.org for all below it";
	struct conf_texts *names = field;
	bool ok = true;

	(void)row;
	if (!conf_value_words(b, d, SIZE_MAX, takes))
		return false;
	for (size_t i = 1; i < d->word_count; i++) {
		const struct conf_word *word = &d->words[i];
		struct conf_text name = { .origin = word->origin };

		if (conf_value_domain(b->arena, word->text, &name.text))
			CONF_LIST_ADD(b->arena, names->items, names->count, name);
		else
			ok = conf_value_wrong(b, d, word, takes);
	}
	return ok;
}

/* A temporary one, for what is refused for good is no matter of pace. */
bool conf_provider_replies(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] =
		"reply codes such as 421, statuses such as 4.7.28, and words of replies";
	struct conf_texts *replies = field;
	bool ok = true;

	(void)row;
	if (!conf_value_words(b, d, SIZE_MAX, takes))
		return false;
	for (size_t i = 1; i < d->word_count; i++) {
		const struct conf_word *word = &d->words[i];
		struct conf_text reply = { .origin = word->origin, .text = word->text };
		bool digits = word->text.n > 0;

		for (size_t k = 0; k < word->text.n; k++)
			digits &= ascii_digit(word->text.p[k]) || word->text.p[k] == '.';
		if (word->text.n < 3 || (digits && word->text.p[0] != '4'))
			ok = conf_value_wrong(b, d, word, takes);
		else
			CONF_LIST_ADD(b->arena, replies->items, replies->count, reply);
	}
	return ok;
}

bool conf_provider_block(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf *conf = field;
	struct conf_provider p = { .name = d->words[1].text,
		.delay_between_ms = CONF_UNSAID,
		.origin = d->words[0].origin };

	if (!conf_block_thing(b, row, d, &p))
		return false;
	if (p.mx.count == 0 && p.domains.count == 0)
		return conf_builder_error(b, &d->words[0].origin,
			"'provider %.*s' does not say whose limits these are: 'mx' or 'domains'",
			STR(p.name));
	CONF_LIST_ADD(b->arena, conf->providers, conf->provider_count, p);
	return true;
}
