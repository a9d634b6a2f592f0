/*
 * conf/lex - a text of the configuration language into words and signs
 *
 * A comment of the form
 *
 *	#@ file:line:column,column,...
 *
 * says where the next directive was written first: its words, in their order, have these origins
 * (the last column serves for all further words).  The merged facteur.conf of a generation has one
 * above each directive; any other comment means nothing.
 */
#ifndef CONF_LEX_H
#define CONF_LEX_H

#include "conf/read.h"

enum conf_lex_kind {
	CONF_LEX_WORD,
	CONF_LEX_OPEN,  /* { */
	CONF_LEX_CLOSE, /* } */
	CONF_LEX_END,   /* of a directive: a line's end, or ; */
	CONF_LEX_EOF,
	CONF_LEX_BAD, /* *why says it all; nothing follows */
};

struct conf_lex {
	struct arena *arena; /* for words that had escapes */
	str file, rest;
	uint32_t line, column; /* of the first byte of rest */
	bool marked, mark_used;
	struct conf_origin mark; /* for the next word */
	str mark_columns;        /* for those behind it */
};

void conf_lex_init(struct conf_lex *l, struct arena *a, str file, str text);

/* The next one, and where it is. */
enum conf_lex_kind conf_lex_next(struct conf_lex *l, struct conf_word *word, struct fail *why);

/* Writes "file:line:column: " and the text; returns false. */
bool conf_lex_fail(struct fail *why, const struct conf_origin *at, const char *format, ...)
	PRINTF_LIKE(3, 4);

#endif
