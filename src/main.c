/*
 * facteur - a mail server in one program
 *
 * What the command line says, row by row; the work is done in admin/ and daemon/.
 */
#include "command.h"

#include "admin/alias.h"
#include "admin/client.h"
#include "admin/compile.h"
#include "admin/destination.h"
#include "admin/dkim.h"
#include "admin/dmarc.h"
#include "admin/exit.h"
#include "admin/generation.h"
#include "admin/init.h"
#include "admin/json.h"
#include "admin/logins.h"
#include "admin/lookup.h"
#include "admin/queue.h"
#include "admin/report.h"
#include "admin/srs.h"
#include "admin/verify.h"
#include "base/log.h"
#include "base/map.h"
#include "base/sanitized.h"
#include "conf/conf.h"
#include "daemon/courier.h"
#include "daemon/parent.h"
#include "daemon/run.h"
#include "daemon/vault.h"
#include "world/clock.h"
#include "world/file.h"
#include "world/process.h"

#define SHORT_ANSWER_OCTETS 65536

/* --- what works on the configuration folder ----------------------------------------------------
 */

static int command_run(struct command_line *line)
{
	return parent_run(line->dir);
}

/* What the parent starts; nobody else does. */
static int command_process(struct command_line *line)
{
	static const struct {
		str name;
		int (*serve)(str dir, str user);
	} processes[] = {
		{STR_INIT("mail"),     run_mail     },
		{ STR_INIT("courier"), courier_serve},
		{ STR_INIT("vault"),   vault_run    },
	};

	for (size_t i = 0; i < LENGTH(processes); i++)
		if (str_eq(line->words[1], processes[i].name))
			return processes[i].serve(line->dir, line->words[2]);
	return EXIT_USAGE;
}

static int command_init(struct command_line *line)
{
	return init_command(line->words + 1, line->count - 1, line->dir, line->json, &line->out,
		&line->answered);
}

/* check, compile, rollback */
static int command_compile(struct command_line *line)
{
	line->answered = true;
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
	line->answered = true;
	code = admin_alias(router, line->words[1], line->json, &line->out);
	router_drop(router);
	return code;
}

static int command_lookup(struct command_line *line)
{
	struct router *router = load(line);
	int code;

	if (!router)
		return EXIT_AGAIN;
	code = lookup_command(
		router, line->words[1], line->words[2], line->json, &line->out, &line->answered);
	router_drop(router);
	return code;
}

static int command_verify(struct command_line *line)
{
	return verify_command(line->words + 1, line->count - 1, line->dir, line->json, &line->out,
		&line->answered);
}

static int command_dkim(struct command_line *line)
{
	return dkim_command(line->words + 1, line->count - 1, line->dir, line->json, &line->out,
		&line->answered);
}

static int command_srs(struct command_line *line)
{
	return srs_command(line->dir, line->words + 1, line->count - 1, line->json, &line->out,
		&line->answered);
}

static int command_dmarc(struct command_line *line)
{
	struct fail why;
	struct conf *conf = generation_conf(line->dir, &why);
	int code;

	if (!conf) {
		buf_putf(&line->out, "%s\n", why.text);
		return EXIT_AGAIN;
	}
	code = dmarc_command(
		conf, line->words + 1, line->count - 1, line->json, &line->out, &line->answered);
	conf_drop(conf);
	return code;
}

static int command_report(struct command_line *line)
{
	return report_command(
		line->words + 1, line->count - 1, line->json, &line->out, &line->answered);
}

static int command_user(struct command_line *line)
{
	return logins_command(line->dir, line->words + 1, line->count - 1, line->json, &line->out,
		&line->answered);
}

/* --- what the running daemon does --------------------------------------------------------------
 */

/* A long answer is printed as it comes; a short one is ours until its end is known. */
static bool say(void *owner, str bytes)
{
	struct command_line *line = owner;
	bool printed = true;

	buf_put(&line->out, bytes);
	if (buf_str(&line->out).n > SHORT_ANSWER_OCTETS) {
		line->streamed = true;
		printed = process_print(buf_str(&line->out));
		buf_clear(&line->out);
	}
	return printed;
}

static int ask(struct command_line *line, bool input)
{
	struct router *router = load(line);
	struct client_question question = { .words = line->words,
		.count = line->count,
		.json = line->json,
		.input = input,
		.say = say,
		.owner = line };
	struct fail why;
	int code;

	if (!router)
		return EXIT_AGAIN;
	question.run_dir = router_conf(router)->run_dir;
	code = client_ask(&question, &why);
	line->answered = why.kind == FAIL_NONE && code != EXIT_USAGE;
	if (why.kind != FAIL_NONE) { /* what came of the answer is not the whole of it */
		code = EXIT_AGAIN;
		buf_clear(&line->out);
		buf_putf(&line->out, "%s\n", why.text);
	}
	router_drop(router);
	return code;
}

static int command_ask(struct command_line *line)
{
	return ask(line, false);
}

/* What is asked for wrongly is said before anything is opened. */
static int command_queue(struct command_line *line)
{
	struct queue_request q;

	if (!queue_request_read(&q, line->words + 1, line->count - 1, line->json, &line->out))
		return EXIT_USAGE;
	return ask(line, queue_request_has_input(&q));
}

static int command_destination(struct command_line *line)
{
	if (!destination_words_right(line->words + 1, line->count - 1, &line->out))
		return EXIT_USAGE;
	return ask(line, false);
}

static int command_version(struct command_line *line)
{
	line->answered = true;
	buf_put(&line->out, line->json ? S("{\"version\": \"" FACTEUR_VERSION "\"}\n")
				       : S("facteur " FACTEUR_VERSION "\n"));
	return EXIT_DONE;
}

/* --- the table ---------------------------------------------------------------------------------
 */

#define ROW(name, usage, min, max, run, takes, text)                                  \
	{                                                                             \
		STR_INIT(name), STR_INIT(usage), STR_INIT(text), min, max, run, takes \
	}

const struct command commands[] = {
	ROW("run", "", 0, 0, command_run, DIR,
		"Serve the current generation, in the foreground.\n"
		"Logs to standard error; TERM and INT stop it, HUP reloads.\n"
		"Where nothing was compiled yet, it compiles first."),
	ROW("init",
		"pivot [--domain DOMAIN ... --network NETWORK ... --hostname HOST --postmaster "
		"ADDRESS] | satellite --pivot HOST --hostname HOST --root ADDRESS [--port PORT] "
		"[--fingerprint SHA256 | --trust FILE] [--login NAME]",
		1, WORDS_MAX - 1, command_init, DIR | JSON | OPTIONS,
		"Write a first configuration into the folder: conf.d, aliases, a self-signed\n"
		"certificate and its key, a DKIM key of each domain with the record that its zone\n"
		"needs, the secret of senders that are rewritten for who is forwarded, an empty\n"
		"login table.  Where no option says it, it asks.\n"
		"A satellite listens on its own machine only, and hands everything to its pivot, "
		"if\n"
		"that shows a certificate with this SHA-256 (init pivot shows it), or one that "
		"the\n"
		"authorities of a file, or those of the system, have signed; root's mail goes to "
		"an\n"
		"address.  With a login it says who it is there, by a password that is read from\n"
		"standard input.  It never overwrites a file."),
	ROW("check", "", 0, 0, command_compile, DIR | JSON,
		"Check conf.d and all that it names; change nothing."),
	ROW("compile", "", 0, 0, command_compile, DIR | JSON,
		"Check, then write a new generation and switch to it.\n"
		"The running daemon serves it after a reload."),
	ROW("rollback", "", 0, 0, command_compile, DIR | JSON,
		"Switch back to the generation before the current one."),
	ROW("reload", "", 0, 0, command_ask, DIR | JSON,
		"Have the daemon serve the current generation; no session is dropped."),
	ROW("stop", "", 0, 0, command_ask, DIR | JSON,
		"Have the daemon finish what it promised, then end."),
	ROW("status", "", 0, 0, command_ask, DIR | JSON, "The daemon on one screen."),
	ROW("walls", "", 0, 0, command_ask, DIR | JSON,
		"Have the process that speaks to strangers try what its walls forbid.\n"
		"Harmless; exit code 1 when something was possible."),
#if BASE_SANITIZED
	ROW("crash-at", "ID", 1, 1, command_ask, DIR | JSON,
		"For tests: have the process that works on this message die of it."),
#endif
	ROW("queue",
		"list [FILTER] | show ID|FILTER | retry|hold|release|bounce|delete ID...|all|FILTER"
		" | export ID...|all|FILTER | import",
		1, WORDS_MAX - 1, command_queue, DIR | JSON | OPTIONS,
		"What waits in the queue; try it now; keep it until it is released; return it to "
		"its\n"
		"sender; give it up and tell nobody; write it out, and read it in again, here or "
		"on\n"
		"another server.  FILTER is one or more of --to ADDRESS|DOMAIN, --from "
		"ADDRESS|DOMAIN,\n"
		"--older TIME, --transport NAME and --destination NAME (a next hop or a provider); "
		"all\n"
		"of them must be met, and what is done is done to the recipients that are meant.\n"
		"A message that is held is not given up for its age either.  A recipient that is "
		"being\n"
		"delivered at this moment is left alone."),
	ROW("destination", "list | pause NAME... | resume NAME...", 1, WORDS_MAX - 1,
		command_destination, DIR | JSON,
		"Where mail waits to go, and how that goes; start nothing to a provider, a next\n"
		"hop or TRANSPORT:NEXTHOP until it is resumed, over reloads and restarts too.\n"
		"Mail for it is accepted, and grows old."),
	ROW("alias", "ADDRESS", 1, 1, command_alias, DIR | JSON,
		"What an address expands to, step by step, and by which transport it leaves."),
	ROW("lookup", "TABLE KEY", 2, 2, command_lookup, DIR | JSON,
		"What a table of the configuration in force says of this one key, and by which "
		"line.\n"
		"Nothing is cached; where the table gives no answer, the exit code is 75."),
	ROW("verify",
		"spf --client IP [--from ADDRESS] [--helo NAME] | dkim FILE | arc FILE | "
		"dmarc FILE [--client IP ...] | message FILE [--client IP ...]",
		1, WORDS_MAX - 1, command_verify, DIR | JSON | OPTIONS,
		"Judge whether a host may speak for a sender, or who signed, forwarded and stands "
		"for\nthe message in a file.\n"
		"Look-ups are made as the configuration in force says, or with --zone FILE,\n"
		"--resolver ADDRESS@PORT, --anchor FILE; --now SECONDS is the time of it."),
	ROW("dkim",
		"genkey [-D DIR] [-d DOMAIN] [-s SELECTOR] [-k rsa|ed25519] [-b BITS] [-a] [-h "
		"LIST] "
		"[-n NOTE] [-r] [-S] [-t] | status [--keytable FILE]",
		1, WORDS_MAX - 1, command_dkim, DIR | JSON | OPTIONS,
		"Make a key to sign with, as opendkim-genkey does; or see which keys of a "
		"KeyTable\n"
		"the DNS shows, and which of them are to sign."),
	ROW("srs", "encode ADDRESS | decode ADDRESS | secret FILE", 2, 2, command_srs, DIR | JSON,
		"The sender that mail of ADDRESS leaves with where we send it on; who is behind "
		"such\n"
		"a sender; or a new secret on top of those in FILE."),
	ROW("dmarc", "[DOMAIN] [--day YYYY-MM-DD]", 0, 3, command_dmarc, DIR | JSON | OPTIONS,
		"Who has sent in whose name, by day and domain: what aggregate reports tell."),
	ROW("report", "[--since T] [--until T] [--top N] [FILE ...]", 0, WORDS_MAX - 1,
		command_report, JSON | OPTIONS,
		"The day on one page, as readers of pflogsumm know it: totals, hours, senders,\n"
		"recipients, their domains, providers, and why mail waits, bounces or is refused.\n"
		"It is made of the log, in files or on standard input, plain or JSON, as it was\n"
		"written or as journalctl shows it.  T is a time such as 24h, which is so long "
		"ago,\n"
		"or a date such as 2026-11-24 or 2026-11-24T04:28; the lists have N rows, or 10."),
	ROW("user", "set NAME [--scheme SCHEME] | delete NAME | list", 1, 4, command_user,
		DIR | JSON | OPTIONS,
		"The embedded login table, the file that passwd-file of the block login names.\n"
		"set makes a login or gives it another password, which is the first line of\n"
		"standard input; a terminal is asked for it.  SCHEME is SCRAM-SHA-256, which "
		"serves\n"
		"all mechanisms and is the default, ARGON2ID, YESCRYPT, BCRYPT or SHA512-CRYPT.\n"
		"The running daemon sees the change within two seconds."),
	ROW("help", "[COMMAND]", 0, 1, command_help, NOTHING, "What the commands are."),
	ROW("version", "", 0, 0, command_version, JSON, "Which version this is."),
	ROW("process", "NAME USER", 2, 2, command_process, DIR,
		""),                                              /* for the parent; not listed */
	ROW("manual", "FILE", 1, 1, command_manual, NOTHING, ""), /* for the build; not listed */
};
const size_t command_count = LENGTH(commands);

const struct command *command_find(str name)
{
	for (size_t i = 0; i < command_count; i++)
		if (str_eq(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* Options may stand anywhere; "--" ends them. */
static void read_words(struct command_line *line, char **argv)
{
	bool options = true;
	str dir = S(DEFAULT_DIR);
	static struct arena arena = { .limit_octets = ARENA_UNLIMITED };

	for (; *argv; argv++) {
		str word = str_of(*argv);

		if (options && str_eq(word, S("--"))) {
			options = false;
		} else if (options && str_eq(word, S("-c"))) {
			if (!*++argv) {
				line->option = word;
				break;
			}
			dir = str_of(*argv);
		} else if (options && str_eq(word, S("--json"))) {
			line->json = true;
		} else if (line->count++ < WORDS_MAX) { /* more are too many for every command */
			if (options && line->option.n == 0 && word.n > 1 && word.p[0] == '-')
				line->option = word;
			line->words[line->count - 1] = word;
		}
	}
	line->dir = file_path(&arena, process_folder(&arena), dir);
}

static bool usage_is_right(struct command_line *line, const struct command *c)
{
	size_t count = line->count - 1;
	char shown[80];

	if (line->option.n > 0 && (!(c->takes & OPTIONS) || str_eq(line->option, S("-c"))))
		buf_putf(&line->out, "%s is no option, or lacks its value\n",
			fail_clean(line->option, shown, sizeof shown));
	else if (count >= c->words_min && count <= c->words_max && (c->takes & JSON || !line->json))
		return true;
	buf_put(&line->out, S("usage: "));
	command_print_usage(&line->out, c);
	return false;
}

static int obey(struct command_line *line)
{
	const struct command *command;

	if (line->count == 0) {
		if (line->json)
			buf_put(&line->out, S("no command was given"));
		else
			command_print_all(&line->out);
		return EXIT_USAGE;
	}
	command = command_find(line->words[0]);
	if (!command) {
		command_print_unknown(&line->out, line->words[0]);
		buf_put(&line->out, S("facteur help says what the commands are\n"));
		return EXIT_USAGE;
	}
	return usage_is_right(line, command) ? command->run(line) : EXIT_USAGE;
}

/* Who asks for JSON hears JSON on standard output, failures too.  False: it could not be written.
 */
static bool print(struct command_line *line, int code)
{
	struct buf why = { 0 };
	bool written;

	if (line->streamed &&
		!line->answered) /* what was printed has no end: nothing can mend it */
		return process_print_error(buf_str(&line->out));
	if (line->json && code != EXIT_DONE && !line->answered) {
		json_print_why(buf_str(&line->out), &why);
		written = process_print(buf_str(&why));
		buf_free(&why);
		return written;
	}
	if ((code == EXIT_USAGE || code == EXIT_AGAIN) && !line->answered)
		return process_print_error(buf_str(&line->out));
	return process_print(buf_str(&line->out));
}

int main(int argc, char **argv)
{
	static struct command_line line;
	int code;

	(void)argc;
	map_seed(clock_random());
	read_words(&line, argv + 1);
	code = obey(&line);
	if (!print(&line, code))
		code = EXIT_AGAIN;
	buf_free(&line.out);
	return code;
}
