/*
 * conf/read - a text of the configuration language into directives
 *
 * A directive is one line: words, and perhaps a block of directives in braces.  ';' ends a
 * directive
 * too, '#' at the start of a word begins a comment, "quotes" hold what is no plain word (\" and \\
 * inside them).  Braces stand apart; inside a word they come in pairs and mean nothing here:
 * /home/{local}/Maildir is one word.  What the words mean is conf/schema's business.
 */
#ifndef CONF_READ_H
#define CONF_READ_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"

struct conf_origin {
	str file;              /* as people name it: "conf.d/10-identity.conf"; "" is a default */
	uint32_t line, column; /* from 1; columns count characters */
};

struct conf_word {
	str text; /* UTF-8 without control characters; may be empty */
	struct conf_origin origin;
};

struct conf_directives {
	const struct conf_directive *items;
	size_t count;
};

struct conf_directive {
	const struct conf_word *words;
	size_t word_count; /* at least 1 */
	bool has_block;
	struct conf_directives block;
};

#define CONF_DEPTH_MAX 8 /* of blocks in blocks */

/* Append the directives of a text.  Everything lives in the arena, which has no limit; the text and
 * its name must live as long.  False: *why is "file:line:column: ...", and what stands before it
 * has been read. */
bool conf_read(
	struct arena *a, str file, str text, struct conf_directives *to, struct fail *why) MUST_USE;

#endif
