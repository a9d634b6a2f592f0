#include "conf/read.h"

#include "conf/lex.h"
#include "conf/list.h"

struct reader {
	struct conf_lex lex;
	enum conf_lex_kind sign; /* what stands next, not yet taken */
	struct conf_word word;
	struct fail *why;
};

static void advance(struct reader *r)
{
	r->sign = conf_lex_next(&r->lex, &r->word, r->why);
}

static bool read_block(struct reader *r, unsigned depth, const struct conf_origin *opened,
	struct conf_directives *to);

/* One directive, and what ends it, but for the '}' of the block around it. */
static bool read_directive(struct reader *r, unsigned depth, struct conf_directives *to)
{
	struct conf_directive d = { 0 };

	for (; r->sign == CONF_LEX_WORD; advance(r))
		CONF_LIST_ADD(r->lex.arena, d.words, d.word_count, r->word);
	if (r->sign == CONF_LEX_OPEN) {
		struct conf_origin opened = r->word.origin;

		if (depth == CONF_DEPTH_MAX)
			return conf_lex_fail(r->why, &opened, "blocks are nested too deeply");
		d.has_block = true;
		advance(r);
		if (!read_block(r, depth + 1, &opened, &d.block))
			return false;
		advance(r);
	}
	if (r->sign != CONF_LEX_BAD)
		CONF_LIST_ADD(r->lex.arena, to->items, to->count, d);
	switch (r->sign) {
	case CONF_LEX_END:
		advance(r);
		return true;
	case CONF_LEX_CLOSE:
	case CONF_LEX_EOF:
		return true;
	case CONF_LEX_BAD:
		return false;
	case CONF_LEX_WORD:
	case CONF_LEX_OPEN:
		break;
	}
	return conf_lex_fail(
		r->why, &r->word.origin, "a new line or ';' is missing behind the '}'");
}

/* Directives up to the block's '}', which stays, or up to the end of the text: opened is null. */
static bool read_block(struct reader *r, unsigned depth, const struct conf_origin *opened,
	struct conf_directives *to)
{
	for (;;) {
		switch (r->sign) {
		case CONF_LEX_WORD:
			if (!read_directive(r, depth, to))
				return false;
			break;
		case CONF_LEX_END:
			advance(r);
			break;
		case CONF_LEX_OPEN:
			return conf_lex_fail(r->why, &r->word.origin,
				"a '{' stands on the line of its word, behind it");
		case CONF_LEX_CLOSE:
			if (opened)
				return true;
			return conf_lex_fail(r->why, &r->word.origin, "this '}' closes nothing");
		case CONF_LEX_EOF:
			if (!opened)
				return true;
			return conf_lex_fail(r->why, opened, "this '{' is never closed");
		case CONF_LEX_BAD:
			return false;
		}
	}
}

bool conf_read(struct arena *a, str file, str text, struct conf_directives *to, struct fail *why)
{
	struct reader r = { .why = why };

	conf_lex_init(&r.lex, a, file, text);
	advance(&r);
	return read_block(&r, 0, NULL, to);
}
