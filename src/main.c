/*
 * facteur - a mail server in one program
 *
 * What the command line says, row by row; the work is done in admin/ and daemon/.
 */
#include <stdio.h>
#include <stdlib.h>

#include "admin/alias.h"
#include "admin/client.h"
#include "admin/compile.h"
#include "admin/generation.h"
#include "base/log.h"
#include "base/map.h"
#include "conf/conf.h"
#include "daemon/run.h"
#include "world/clock.h"
#include "world/file.h"
#include "world/process.h"

#define DEFAULT_DIR "/etc/facteur"
#define WORDS_MAX 1000

enum { EXIT_DONE, EXIT_NO, EXIT_USAGE, EXIT_AGAIN = 75 };

struct command_line {
	str dir; /* absolute */
	bool json;
	str words[WORDS_MAX]; /* the command first */
	size_t count;
	struct buf out;
};

struct command {
	str name, usage, text;
	size_t words_min, words_max; /* behind the name */
	int (*run)(struct command_line *line);
};

static const struct command *find_command(str name);
static const struct command commands[];
static const size_t command_count;

/* --- what works on the configuration folder ----------------------------------------------------
 */

static int command_run(struct command_line *line)
{
	return run_daemon(line->dir);
}

/* check, compile, rollback */
static int command_compile(struct command_line *line)
{
	return compile_command(line->words[0], line->dir, line->json, &line->out);
}

/* The generation that is served. */
static struct router *load(struct command_line *line)
{
	struct fail why;
	struct router *router = generation_load(line->dir, &why);

	if (!router)
		buf_putf(&line->out, "%s\n", why.text);
	return router;
}

static int command_alias(struct command_line *line)
{
	struct router *router = load(line);
	int code;

	if (!router)
		return EXIT_AGAIN;
	code = admin_alias(router, line->words[1], line->json, &line->out);
	router_drop(router);
	return code;
}

/* --- what the running daemon does --------------------------------------------------------------
 */

static int command_ask(struct command_line *line)
{
	struct router *router = load(line);
	struct fail why;
	int code;

	if (!router)
		return EXIT_AGAIN;
	code = client_ask(router_conf(router)->run_dir, line->words, line->count, line->json,
		&line->out, &why);
	if (code == EXIT_AGAIN && why.kind != FAIL_NONE)
		buf_putf(&line->out, "%s\n", why.text);
	router_drop(router);
	return code;
}

/* --- help --------------------------------------------------------------------------------------
 */

static void print_usage(struct buf *out)
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

static int command_help(struct command_line *line)
{
	const struct command *c;

	if (line->count == 1) {
		print_usage(&line->out);
		return EXIT_DONE;
	}
	c = find_command(line->words[1]);
	if (!c) {
		buf_putf(&line->out, "there is no command %.*s\n", STR(line->words[1]));
		return EXIT_NO;
	}
	buf_putf(&line->out, "facteur %.*s %.*s\n\n%.*s\n", STR(c->name), STR(c->usage),
		STR(c->text));
	return EXIT_DONE;
}

static void print_commands(struct buf *out)
{
	for (size_t i = 0; i < command_count; i++)
		if (commands[i].text.n > 0)
			buf_putf(out, ".It Cm %.*s %.*s\n%.*s\n", STR(commands[i].name),
				STR(commands[i].usage), STR(commands[i].text));
}

/* Makes a manual page of its source: the vocabulary of the configuration and the list of commands
 * are put in where they are marked, from the tables that the program itself reads by. */
static int command_manual(struct command_line *line)
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

static int command_version(struct command_line *line)
{
	buf_put(&line->out, S("facteur " FACTEUR_VERSION "\n"));
	return EXIT_DONE;
}

/* --- the table ---------------------------------------------------------------------------------
 */

static const struct command commands[] = {
	{STR_INIT("run"),       STR_INIT("[-c DIR]"),
         STR_INIT("Serve the current generation, in the foreground.\n"
			 "Logs to standard error; TERM and INT stop it, HUP reloads.  Where "
			 "nothing was\n"
			 "compiled yet, it compiles first."),
         0,																0,         command_run    },
	{ STR_INIT("check"),    STR_INIT("[-c DIR] [--json]"),
         STR_INIT("Check conf.d and all that it names; change nothing."),                                                               0, 0,
         command_compile																	     },
	{ STR_INIT("compile"),  STR_INIT("[-c DIR] [--json]"),
         STR_INIT("Check, then write a new generation and switch to it.\n"
			 "The running daemon serves it after a reload."),
         0,																0,         command_compile},
	{ STR_INIT("rollback"), STR_INIT("[-c DIR] [--json]"),
         STR_INIT("Switch back to the generation before the current one."),                                                             0, 0,
         command_compile																	     },
	{ STR_INIT("reload"),   STR_INIT("[-c DIR] [--json]"),
         STR_INIT("Have the daemon serve the current generation; no session is dropped."),                                              0,
         0,																	   command_ask    },
	{ STR_INIT("stop"),     STR_INIT("[-c DIR] [--json]"),
         STR_INIT("Have the daemon finish what it promised, then end."),                                                                0, 0,         command_ask    },
	{ STR_INIT("status"),   STR_INIT("[-c DIR] [--json]"),                                   STR_INIT("The daemon on one screen."),
         0,																0,         command_ask    },
	{ STR_INIT("queue"),    STR_INIT("list | show ID | retry ID...|all | delete ID...|all"),
         STR_INIT("What waits in the queue; try it now; give it up.\n"
			 "A recipient that is being delivered at this moment is not deleted."),
         1,																WORDS_MAX, command_ask    },
	{ STR_INIT("alias"),    STR_INIT("ADDRESS"),
         STR_INIT("What an address expands to, step by step, and by which transport it "
			 "leaves."),
         1,																1,         command_alias  },
	{ STR_INIT("help"),     STR_INIT("[COMMAND]"),                                           STR_INIT("What the commands are."),    0, 1,
         command_help																		},
	{ STR_INIT("version"),  STR_INIT(""),						    STR_INIT("Which version this is."),    0, 0,
         command_version																	     },
	{ STR_INIT("manual"),   STR_INIT(""),						    STR_INIT(""),                          1, 1,         command_manual },
};
static const size_t command_count = LENGTH(commands);

static const struct command *find_command(str name)
{
	for (size_t i = 0; i < command_count; i++)
		if (str_eq(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* Options may stand anywhere; "--" ends them.  False: usage. */
static bool read_words(struct command_line *line, char **argv)
{
	bool options = true;
	str dir = S(DEFAULT_DIR);
	static struct arena arena = { .limit_octets = ARENA_UNLIMITED };

	for (; *argv; argv++) {
		str word = str_of(*argv);

		if (options && str_eq(word, S("--"))) {
			options = false;
		} else if (options && str_eq(word, S("-c"))) {
			if (!*++argv)
				return false;
			dir = str_of(*argv);
		} else if (options && str_eq(word, S("--json"))) {
			line->json = true;
		} else if (options && word.n > 1 && word.p[0] == '-') {
			return false;
		} else if (line->count < WORDS_MAX) {
			line->words[line->count++] = word;
		}
	}
	line->dir = file_path(&arena, process_folder(&arena), dir);
	return line->count > 0;
}

int main(int argc, char **argv)
{
	static struct command_line line;
	const struct command *command = NULL;
	int code = EXIT_USAGE;

	(void)argc;
	map_seed(clock_random());
	if (read_words(&line, argv + 1))
		command = find_command(line.words[0]);
	if (command && line.count - 1 >= command->words_min && line.count - 1 <= command->words_max)
		code = command->run(&line);
	else if (command)
		buf_putf(&line.out, "usage: facteur %.*s %.*s\n", STR(command->name),
			STR(command->usage));
	else
		print_usage(&line.out);
	if (code == EXIT_USAGE || code == EXIT_AGAIN)
		process_print_error(buf_str(&line.out));
	else
		process_print(buf_str(&line.out));
	buf_free(&line.out);
	return code;
}
