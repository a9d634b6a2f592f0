#include "command.h"

#include "admin/exit.h"
#include "conf/conf.h"
#include "conf/nearest.h"
#include "world/file.h"

void command_print_all(struct buf *out)
{
	buf_put(out, S("usage: facteur COMMAND [-c DIR] [--json] ...\n\n"));
	for (size_t i = 0; i < command_count; i++) {
		str first, rest = commands[i].text;

		if (commands[i].text.n == 0)
			continue;
		str_cut(&rest, '\n', &first);
		buf_putf(out, "  %-10.*s %.*s\n", STR(commands[i].name), STR(first));
	}
	buf_put(out,
		S("\nDIR is the configuration folder, " DEFAULT_DIR
		  " where it is not said.  Exit codes: 0 yes or\n"
		  "done, 1 no, 2 wrong usage, 75 try again.  facteur help COMMAND says more.\n"));
}

static void put_form(struct buf *out, const struct command *c)
{
	buf_putf(out, "%.*s%s%s%s%.*s\n", STR(c->name), c->takes & DIR ? " [-c DIR]" : "",
		c->takes & JSON ? " [--json]" : "", c->usage.n > 0 ? " " : "", STR(c->usage));
}

void command_print_usage(struct buf *out, const struct command *c)
{
	buf_put(out, S("facteur "));
	put_form(out, c);
}

void command_print_unknown(struct buf *out, str name)
{
	struct conf_nearest nearest = { .word = name };
	char shown[80];

	for (size_t i = 0; i < command_count; i++)
		if (commands[i].text.n > 0)
			conf_nearest_offer(&nearest, commands[i].name);
	buf_putf(out, "there is no command %s; the nearest is %.*s\n",
		fail_clean(name, shown, sizeof shown), STR(nearest.best));
}

int command_help(struct command_line *line)
{
	const struct command *c;

	if (line->count == 1) {
		command_print_all(&line->out);
		return EXIT_DONE;
	}
	c = command_find(line->words[1]);
	if (!c) {
		command_print_unknown(&line->out, line->words[1]);
		return EXIT_NO;
	}
	command_print_usage(&line->out, c);
	buf_putf(&line->out, "\n%.*s\n", STR(c->text));
	return EXIT_DONE;
}

static void print_commands(struct buf *out)
{
	for (size_t i = 0; i < command_count; i++) {
		if (commands[i].text.n == 0)
			continue;
		buf_put(out, S(".It Cm "));
		put_form(out, &commands[i]);
		buf_putf(out, "%.*s\n", STR(commands[i].text));
	}
}

/* Makes a manual page of its source: the vocabulary of the configuration and the list of commands
 * are put in where they are marked, from the tables that the program itself reads by. */
int command_manual(struct command_line *line)
{
	struct arena arena;
	struct fail why;
	str source, row;

	arena_init(&arena, ARENA_UNLIMITED);
	if (!file_read(&arena, line->words[1], &source, &why)) {
		buf_putf(&line->out, "%s\n", why.text);
		return EXIT_NO;
	}
	while (source.n > 0) {
		str_cut(&source, '\n', &row);
		if (str_eq(row, S(".\\\" VOCABULARY")))
			conf_manual(&line->out);
		else if (str_eq(row, S(".\\\" COMMANDS")))
			print_commands(&line->out);
		else
			buf_putf(&line->out, "%.*s\n", STR(row));
	}
	arena_free(&arena);
	return EXIT_DONE;
}
