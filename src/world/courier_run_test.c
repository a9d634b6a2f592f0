/* Mail into real programs, by real children. */
#include "test/test.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "world/courier_fake.h"
#include "world/courier_exit.h"

#define PATIENCE_MS 20000

static struct loop *loop;
static struct courier *courier;
static struct loop_timer watchdog;

struct sender {
	struct courier_parcel *parcel;
	size_t blocks; /* to be written */
	bool drops;    /* in place of the end */
	bool over, delivered;
	char text[FAIL_TEXT_MAX], status[12];
	enum fail_kind kind;
	str address; /* of the recipient */
};

static void on_watchdog(struct loop_timer *timer)
{
	(void)timer;
	loop_stop(loop);
}

static void begin(void)
{
	courier = courier_fake_open(S("x.test"), S(""));
	CHECK(courier != NULL);
	loop = loop_new("test");
	watchdog = (struct loop_timer){ .run = on_watchdog };
	loop_timer_set(loop, &watchdog, loop_now_ms(loop) + PATIENCE_MS);
}

static void finish(void)
{
	loop_timer_cancel(loop, &watchdog);
	loop_free(loop);
	courier_fake_close(courier);
}

static void on_writable(void *owner)
{
	static char block[COURIER_OUTPUT_MAX];
	struct sender *s = owner;

	if (s->blocks > 0) {
		s->blocks--;
		memset(block, 'x', sizeof block);
		courier_write(s->parcel, str_from(block, sizeof block));
	} else if (s->drops) {
		courier_drop(s->parcel);
		s->over = true;
		loop_stop(loop);
	} else {
		courier_write(s->parcel, S("one\r\ntwo\r\n"));
		courier_finish(s->parcel);
	}
}

static void on_done(void *owner, const struct fail *why)
{
	struct sender *s = owner;

	s->over = true;
	s->delivered = !why || why->kind == FAIL_NONE;
	if (why) {
		s->kind = why->kind;
		str_to_c(str_of(why->text), s->text, sizeof s->text);
		str_to_c(str_of(why->status), s->status, sizeof s->status);
	}
	loop_stop(loop);
}

static const struct courier_handler handler = { .writable = on_writable, .done = on_done };

/* A shell script as the program; root may not run one. */
static void run_as(struct sender *s, const char *user, const char *script, int64_t run_ms_max)
{
	const struct courier_whom whom = { .user = str_of(user), .address = s->address };
	struct courier_program p = {
		.arguments = {S("/bin/sh"),    S("-c"), str_of(script), S("zero"), S("a b; c") },
		.argument_count = 5,
		.environment = { S("SENDER=a@b.test")},
		.environment_count = 1,
		.run_ms_max = run_ms_max,
		.output_octets_max = 300,
	};

	s->parcel = courier_run(
		courier, loop, &whom, &p, S("Return-Path: <a@b.test>\r\n"), &handler, s);
	loop_run(loop);
	CHECK(s->over);
}

static void run(struct sender *s, const char *script)
{
	run_as(s, geteuid() == 0 ? "nobody" : "", script, PATIENCE_MS);
}

TEST(courier_gives_a_program_its_message_its_words_and_nothing_of_ours)
{
	struct sender s = { 0 };

	begin();
	setenv("OURS", "secret", 1);
	run(&s, "cat; echo \"$1:$SENDER:$OURS:$PWD:\"; ls /proc/self/fd | wc -l");
	/* ls has one open itself */
	CHECK_STR(str_of(s.text), S("Return-Path: <a@b.test> one two a b; c:a@b.test::/: 4"));
	CHECK(s.delivered);
	finish();
}

TEST(courier_gives_a_program_lines_that_end_in_lf)
{
	struct sender s = { 0 };

	begin();
	run(&s, "tr -d '\\n' | od -c | grep -c '\\\\r'; exit 0");
	CHECK_STR(str_of(s.text), S("0"));
	finish();
}

TEST(courier_reads_how_a_program_ends)
{
	static const struct {
		const char *script;
		enum fail_kind kind;
		const char *status, *text;
	} cases[] = {
		{"exit 67",                      FAIL_PERMANENT, "5.1.1", "user unknown (exit code 67)"      },
		{ "echo no such list; exit 67",  FAIL_PERMANENT, "5.1.1",
                 "user unknown: no such list (exit code 67)"                                                 },
		{ "exit 75",                     FAIL_TEMPORARY, "4.3.0", "temporary failure (exit code 75)" },
		{ "exit 1",                      FAIL_PERMANENT, "5.3.0", "the program failed (exit code 1)" },
		{ "echo 4.2.2 full >&2; exit 1", FAIL_TEMPORARY, "4.2.2", "full (exit code 1)"               },
		{ "kill -9 $$",                  FAIL_TEMPORARY, "4.3.0", "the program was killed (signal 9)"},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct sender s = { 0 };

		begin();
		run(&s, cases[i].script);
		CHECK(!s.delivered && s.kind == cases[i].kind);
		CHECK_STR(str_of(s.status), str_of(cases[i].status));
		CHECK_STR(str_of(s.text), str_of(cases[i].text));
		finish();
	}
}

/* More than any pipe holds, in both directions. */
TEST(courier_may_run_a_program_that_does_not_read_or_does_not_stop_to_speak)
{
	struct sender deaf = { .blocks = 20 }, talker = { .blocks = 20 };

	begin();
	run(&deaf, "exec <&-; sleep 0.2; exit 0");
	CHECK(deaf.delivered);
	run(&talker, "head -c 1000000 /dev/zero | tr '\\0' y; cat >/dev/null; exit 75");
	CHECK(!talker.delivered && strlen(talker.text) < FAIL_TEXT_MAX);
	CHECK(strstr(talker.text, "temporary failure: yyyy") == talker.text);
	finish();
}

/* The pid that a script left in a file; -1: none. */
static pid_t left_pid(const char *path)
{
	FILE *file = fopen(path, "r");
	int pid = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &pid) != 1)
		pid = -1;
	fclose(file);
	return pid;
}

static bool dies(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		char path[64], state = 0;
		FILE *file;

		snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
		file = fopen(path, "r");
		if (!file)
			return true;
		if (fscanf(file, "%*d %*s %c", &state) != 1)
			state = 'Z';
		fclose(file);
		if (state == 'Z')
			return true;
		usleep(10000);
	}
	return false;
}

static void check_group(bool drops)
{
	char folder[] = "/tmp/facteur-run-XXXXXX", script[200], path[64];
	struct sender s = { .drops = drops, .blocks = drops ? 4 : 0 };
	pid_t pid;

	CHECK(mkdtemp(folder) != NULL);
	CHECK(chmod(folder, 0777) == 0);
	snprintf(path, sizeof path, "%s/pid", folder);
	snprintf(script, sizeof script,
		"sleep 1000 & echo $! >%s/new; mv %s/new %s; cat >/dev/null; sleep 1000", folder,
		folder, path);
	begin();
	run_as(&s, geteuid() == 0 ? "nobody" : "", script, drops ? PATIENCE_MS : 700);
	if (!drops) {
		CHECK(!s.delivered && s.kind == FAIL_TEMPORARY);
		CHECK_STR(str_of(s.text), S("the program took longer than 700ms"));
	}
	for (int i = 0; i < 500 && left_pid(path) < 0; i++)
		usleep(10000);
	pid = left_pid(path);
	if (pid > 0)
		CHECK(dies(pid));
	CHECK(drops || pid > 0);
	finish();
	unlink(path);
	CHECK(rmdir(folder) == 0 || drops);
}

TEST(courier_kills_the_whole_group_when_the_time_is_over)
{
	check_group(false);
}

TEST(courier_kills_a_program_whose_message_is_given_up)
{
	check_group(true);
}

TEST(courier_runs_no_program_as_root_and_none_that_is_missing)
{
	struct sender root = { 0 }, missing = { 0 };
	struct courier_program p = { .arguments = { S("/nowhere/queue") },
		.argument_count = 1,
		.run_ms_max = 1000,
		.output_octets_max = 300 };

	begin();
	if (geteuid() == 0) {
		run_as(&root, "root", "exit 0", 1000);
		CHECK(!root.delivered && root.kind == FAIL_TEMPORARY);
		CHECK(strstr(root.text, "as root") != NULL);
	}
	missing.parcel = courier_run(courier, loop,
		&(struct courier_whom){ .user = geteuid() == 0 ? S("nobody") : S("") }, &p, S(""),
		&handler, &missing);
	loop_run(loop);
	CHECK(missing.kind == FAIL_TEMPORARY);
	CHECK_STR(str_of(missing.status), S("4.3.5"));
	CHECK(strstr(missing.text, "cannot run /nowhere/queue: No such file") != NULL);
	finish();
}

TEST(courier_runs_a_program_as_its_user)
{
	struct sender s = { 0 };

	if (geteuid() != 0)
		skip();
	begin();
	run(&s, "id -un; id -Gn; echo $HOME");
	CHECK_STR(str_of(s.text), S("nobody nogroup /nonexistent"));
	finish();
}

TEST(courier_runs_nothing_that_the_law_does_not_know)
{
	struct sender s = { .address = COURIER_FAKE_REFUSED };
	char file[] = "/tmp/facteur-law-XXXXXX", script[80];
	int fd = mkstemp(file);

	CHECK(fd >= 0 && fchmod(fd, 0666) == 0);
	snprintf(script, sizeof script, "echo ran > %s", file);
	begin();
	run(&s, script);
	CHECK(!s.delivered && s.kind == FAIL_TEMPORARY);
	CHECK_STR(str_of(s.status), S("4.3.5"));
	CHECK(strstr(s.text, "not as ") == s.text);
	CHECK_INT(lseek(fd, 0, SEEK_END), 0); /* it has not run */
	finish();
	close(fd);
	unlink(file);
}

TEST(courier_exit_reads_a_status_that_the_program_says)
{
	struct fail why;

	CHECK(courier_exit_read(0, S("4.2.2 fine\n all"), &why));
	CHECK_STR(str_of(why.text), S("4.2.2 fine all"));
	CHECK(!courier_exit_read(75, S("5.7.1 no\033[0m"), &why));
	CHECK(why.kind == FAIL_PERMANENT);
	CHECK_STR(str_of(why.text), S("no?[0m (exit code 75)"));
	CHECK(!courier_exit_read(67, S("5.x.1 no"), &why));
	CHECK_STR(str_of(why.status), S("5.1.1"));
}
