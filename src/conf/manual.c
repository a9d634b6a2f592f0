#include <stdio.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/number.h"
#include "conf/schema.h"
#include "conf/value.h"

/* Text for mdoc: nothing in it is a macro or an escape. */
static void put_text(const char *text, struct buf *to)
{
	if (text[0] == '.' || text[0] == '\'')
		buf_put(to, S("\\&"));
	for (const char *p = text; *p; p++) {
		if (*p == '\\')
			buf_put(to, S("\\e"));
		else
			buf_put_char(to, *p);
	}
}

/* The same for words that people type: their hyphens are no hyphenation. */
static void put_word(str word, struct buf *to)
{
	buf_put(to, S("\\&"));
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '-')
			buf_put(to, S("\\-"));
		else
			buf_put_char(to, word.p[i]);
	}
}

/* In a list of values, what is in capitals stands for something else. */
static void put_takes(const char *takes, struct buf *to)
{
	str rest = str_of(takes), word;
	bool upper = false, started = false;

	while (str_word(&rest, &word)) {
		bool now = str_eq(word, S("...")) && upper;

		for (size_t i = 0; i < word.n; i++)
			now = now || ascii_upper_letter(word.p[i]);
		if (!started || now != upper)
			buf_put(to, now ? S(" Ar") : S(" Cm"));
		started = true;
		upper = now;
		buf_put_char(to, ' ');
		put_word(word, to);
	}
}

static void put_range(const struct conf_row *row, struct buf *to)
{
	bool size = row->read == conf_value_size || row->read == conf_value_length;
	char min[NUMBER_TEXT_MAX], max[NUMBER_TEXT_MAX];

	if (row->max == 0)
		return;
	if (size) {
		number_print_size(row->min, min);
		number_print_size(row->max, max);
	} else if (row->read == conf_value_count) {
		snprintf(min, sizeof min, "%llu", (unsigned long long)row->min);
		snprintf(max, sizeof max, "%llu", (unsigned long long)row->max);
	} else {
		number_print_time((int64_t)row->min, min);
		number_print_time((int64_t)row->max, max);
	}
	buf_putf(to, "From %s to %s.\n", min, max);
}

static void put_row(const struct conf_row *row, struct buf *to)
{
	buf_put(to, S(".It Cm "));
	put_word(row->word, to);
	if (row->takes)
		put_takes(row->takes, to);
	if (row->shape == CONF_OPEN)
		buf_put(to, S(" Op Cm { Ar ... Cm }"));
	else if (row->shape != CONF_VALUES)
		buf_put(to, S(" Cm { Ar ... Cm }"));
	buf_put_char(to, '\n');
	put_text(row->text, to);
	buf_put_char(to, '\n');
	put_range(row, to);
	if (row->preset) {
		buf_put(to, S("Default:\n.Cm "));
		put_word(str_of(row->preset), to);
		buf_put(to, S(" .\n"));
	}
}

static void put_block(unsigned in, struct buf *to)
{
	buf_put(to, S(".Bl -tag -width Ds\n"));
	for (size_t i = 0; i < conf_schema_count; i++)
		if (conf_schema[i].in & in && conf_schema[i].read)
			put_row(&conf_schema[i], to);
	buf_put(to, S(".El\n"));
}

static bool has_later(unsigned in)
{
	for (size_t i = 0; i < conf_schema_count; i++)
		if (conf_schema[i].in & in && !conf_schema[i].read)
			return true;
	return false;
}

/* Known words that a later version will do; without this list nobody would know why they fail. */
static void put_later(unsigned in, const char *title, struct buf *to)
{
	bool first = true;

	if (!has_later(in))
		return;
	buf_putf(to, ".It %s\n", title);
	for (size_t i = 0; i < conf_schema_count; i++) {
		if (!(conf_schema[i].in & in) || conf_schema[i].read)
			continue;
		buf_put(to, first ? S(".Cm ") : S(" ,\n.Cm "));
		put_word(conf_schema[i].word, to);
		first = false;
	}
	buf_put(to, S(" .\n"));
}

/* clang-format off */
static const struct {
	unsigned in;
	const char *title;
} blocks[] = {
	{ CONF_IN_TOP,           "Outside of all blocks" },
	{ CONF_IN_NEWLINES,      "\\&In bare\\-newlines" },
	{ CONF_IN_LISTEN,        "\\&In listen" },
	{ CONF_IN_DOMAIN,        "\\&In domain" },
	{ CONF_IN_CALL_OUT,      "\\&In call\\-out" },
	{ CONF_IN_ALIASES,       "\\&In aliases" },
	{ CONF_IN_WAY,           "\\&In transport, route and mailbox" },
	{ CONF_IN_PROVIDER,      "\\&In provider" },
	{ CONF_IN_TABLE,         "\\&In table" },
	{ CONF_IN_ACCESS,        "\\&In access" },
	{ CONF_IN_REWRITE,       "\\&In rewrite" },
	{ CONF_IN_COPY,          "\\&In copy\\-to" },
	{ CONF_IN_QUEUE,         "\\&In queue" },
	{ CONF_IN_QUARANTINE,    "\\&In quarantine" },
	{ CONF_IN_LIMITS,        "\\&In limits" },
	{ CONF_IN_RESOLVER,      "\\&In resolver" },
	{ CONF_IN_DIRECTORIES,   "\\&In directories" },
	{ CONF_IN_LOG,           "\\&In log" },
};
/* clang-format on */

void conf_manual(struct buf *to)
{
	buf_put(to, S(".Sh VOCABULARY\n"));
	for (size_t i = 0; i < LENGTH(blocks); i++) {
		buf_putf(to, ".Ss %s\n", blocks[i].title);
		put_block(blocks[i].in, to);
	}
	buf_put(to,
		S(".Ss Words of later versions\n"
		  "These are known and refused, so that nothing is weaker than it was written.\n"
		  ".Bl -tag -width Ds\n"));
	for (size_t i = 0; i < LENGTH(blocks); i++)
		put_later(blocks[i].in, blocks[i].title, to);
	buf_put(to, S(".El\n"));
}
