#include "conf/ways_read.h"

#include "conf/list.h"
#include "conf/nearest.h"
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
