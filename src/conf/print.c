#include "base/buf.h"
#include "conf/conf.h"

/* What the lexer could take for a sign, or not see at all, is quoted. */
static void print_word(str word, struct buf *to)
{
	bool plain = word.n > 0;

	for (size_t i = 0; i < word.n; i++)
		plain = plain && !str_has(S(" \"{}#;\\"), word.p[i]);
	if (plain) {
		buf_put(to, word);
		return;
	}
	buf_put_char(to, '"');
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '"' || word.p[i] == '\\')
			buf_put_char(to, '\\');
		buf_put_char(to, word.p[i]);
	}
	buf_put_char(to, '"');
}

static void indent(unsigned depth, struct buf *to)
{
	while (depth-- > 0)
		buf_put_char(to, '\t');
}

/* Directives nest no deeper than they were read: CONF_DEPTH_MAX. */
static void print_directive(const struct conf_directive *d, unsigned depth, struct buf *to)
{
	const struct conf_origin *at = &d->words[0].origin;

	indent(depth, to);
	buf_putf(to, "#@ %.*s:%u:%u", STR(at->file), at->line, at->column);
	for (size_t i = 1; i < d->word_count; i++)
		buf_putf(to, ",%u", d->words[i].origin.column);
	buf_put_char(to, '\n');
	indent(depth, to);
	for (size_t i = 0; i < d->word_count; i++) {
		if (i > 0)
			buf_put_char(to, ' ');
		print_word(d->words[i].text, to);
	}
	if (d->has_block) {
		buf_put(to, S(" {\n"));
		for (size_t i = 0; i < d->block.count; i++)
			print_directive(&d->block.items[i], depth + 1, to);
		indent(depth, to);
		buf_put_char(to, '}');
	}
	buf_put_char(to, '\n');
}

void conf_print(const struct conf *c, struct buf *to)
{
	buf_put(to, S("# Written by facteur compile.  Change conf.d, not this file.\n"));
	for (size_t i = 0; i < c->directives.count; i++)
		print_directive(&c->directives.items[i], 0, to);
}
