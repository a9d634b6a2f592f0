/*
 * command - what the command line says, and the table of what it may say
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "base/buf.h"

#define DEFAULT_DIR "/etc/facteur"
#define WORDS_MAX 1000

struct command_line {
	str dir; /* absolute */
	bool json;
	str words[WORDS_MAX]; /* the command first */
	size_t count;
	str option;    /* the first among them that only the command may know; "" */
	bool answered; /* out is what was asked for, else it says what is wrong */
	bool streamed; /* the first part of the answer has been printed */
	struct buf out;
};

/* What a command takes beside its words; options of its own stand among them. */
enum {
	NOTHING = 0,
	DIR = 1,
	JSON = 2,
	OPTIONS = 4,
};

struct command {
	str name, usage, text;
	size_t words_min, words_max; /* behind the name */
	int (*run)(struct command_line *line);
	unsigned takes;
};

/* The table, in main.c.  A row without a text is not for people, and is not listed. */
extern const struct command commands[];
extern const size_t command_count;
const struct command *command_find(str name); /* null: there is none */

/* command_help.c: what is printed of the table. */
int command_help(struct command_line *line);   /* facteur help [COMMAND] */
int command_manual(struct command_line *line); /* facteur manual FILE: see there */
void command_print_all(struct buf *out);
void command_print_usage(struct buf *out, const struct command *c);
void command_print_unknown(struct buf *out, str name);

#endif
