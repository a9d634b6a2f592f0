#include "world/courier_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/number.h"
#include "world/courier_exit.h"
#include "world/courier_frame.h"
#include "world/courier_lines.h"

#define PATH_VALUE "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define OWN_VARIABLES_MAX 8    /* PATH and those of the user */
#define LEFT_OVER_READS_MAX 64 /* of what a program said at its end */

struct run {
	const struct courier_child *child;
	const struct courier_law *law;
	struct courier_frame_reader reader;
	bool all;          /* the daemon has given the whole message */
	pid_t pid;         /* the program, and its group; 0: there is none */
	int process;       /* a pidfd of it */
	int input, output; /* its standard input, and what it says; -1: closed */
	struct buf in;     /* not yet taken by it */
	struct courier_lines lines;
	struct buf said;
	size_t said_max;
	int64_t run_ms_max, until_ms;
	bool known;      /* how it ended: why */
	struct fail why; /* FAIL_NONE: well */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void close_if(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The end is known: what still comes for the program is nobody's. */
static void end(struct run *r)
{
	r->known = true;
	r->pid = 0;
	buf_free(&r->in);
	close_if(&r->input);
	close_if(&r->output);
	close_if(&r->process);
}

static void kill_program(struct run *r)
{
	if (r->pid <= 0)
		return;
	kill(-r->pid, SIGKILL);
	kill(r->pid, SIGKILL); /* it may not lead its group yet */
}

/* --- the program's side --- */

static void add_variable(struct arena *a, char **to, size_t *count, const char *name, str value)
{
	to[(*count)++] = (char *)arena_printf(a, "%s=%.*s", name, STR(value)).p;
}

/* A clean one: nothing of ours is in it. */
static char **environment(struct arena *a, const struct courier_program *p)
{
	char **all = arena_alloc(a, (p->environment_count + OWN_VARIABLES_MAX) * sizeof *all);
	struct passwd *pw = getpwuid(geteuid());
	size_t count = 0;

	add_variable(a, all, &count, "PATH", S(PATH_VALUE));
	add_variable(a, all, &count, "SHELL", S("/bin/sh"));
	if (pw) {
		add_variable(a, all, &count, "HOME", str_of(pw->pw_dir));
		add_variable(a, all, &count, "USER", str_of(pw->pw_name));
		add_variable(a, all, &count, "LOGNAME", str_of(pw->pw_name));
	}
	for (size_t i = 0; i < p->environment_count; i++)
		all[count++] = (char *)arena_copy(a, p->environment[i]).p;
	return all;
}

static char **arguments(struct arena *a, const struct courier_program *p)
{
	char **all = arena_alloc(a, (p->argument_count + 1) * sizeof *all);

	for (size_t i = 0; i < p->argument_count; i++)
		all[i] = (char *)arena_copy(a, p->arguments[i]).p;
	return all;
}

/* In the forked process.  What goes wrong is said as a program would say it. */
static _Noreturn void become_program(int input, int output, char **words, char **variables)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD };
	sigset_t none;

	setsid();
	if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
		dup2(output, STDERR_FILENO) < 0)
		_exit(EX_TEMPFAIL);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	for (size_t i = 0; i < LENGTH(signals); i++)
		signal(signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(words[0], words, variables);
	dprintf(STDOUT_FILENO, "4.3.5 cannot run %s: %s\n", words[0], strerrordesc_np(errno));
	_exit(EX_TEMPFAIL);
}

/* Its descriptors, and itself.  False: errno says why, and all is closed again. */
static bool launch(struct run *r, char **words, char **variables)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, error;

	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		goto undo;
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	r->pid = fork();
	if (r->pid == 0)
		become_program(in[0], out[1], words, variables);
	if (r->pid < 0)
		goto undo;
	r->process = pidfd_open(r->pid, 0);
	if (r->process < 0) {
		error = errno;
		kill_program(r);
		errno = error;
		goto undo;
	}
	close(in[0]);
	close(out[1]);
	r->input = in[1];
	r->output = out[0];
	return true;

undo:
	error = errno;
	close_if(&in[0]);
	close_if(&in[1]);
	close_if(&out[0]);
	close_if(&out[1]);
	r->pid = 0;
	errno = error;
	return false;
}

static void begin(struct run *r, const struct courier_order *order, const struct fail *unfit)
{
	struct arena a;

	r->said_max = order->program.output_octets_max;
	r->run_ms_max = order->program.run_ms_max;
	r->until_ms = now_ms() + r->run_ms_max;
	courier_lines_put(&r->lines, order->head, &r->in);
	arena_init(&a, ARENA_UNLIMITED);
	if (unfit)
		r->why = *unfit;
	else if (geteuid() == 0)
		fail_with(&r->why, FAIL_TEMPORARY, "4.3.5",
			"no program is run as root: say who runs it, with 'as USER'");
	else if (courier_child_may(r->child, r->law, order, &r->why) &&
		 !launch(r, arguments(&a, &order->program), environment(&a, &order->program)))
		fail_with(&r->why, FAIL_TEMPORARY, "4.3.0", "cannot start a program: %s",
			strerrordesc_np(errno));
	if (r->pid == 0)
		end(r);
	arena_free(&a);
}

/* False: it says nothing more, or nothing for now. */
static bool hear_once(struct run *r)
{
	char bytes[4096];
	ssize_t n = read(r->output, bytes, sizeof bytes);

	if (n > 0)
		buf_put(&r->said,
			str_first(str_from(bytes, (size_t)n), r->said_max - buf_str(&r->said).n));
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_if(&r->output);
	return n > 0;
}

static void hand_on(struct run *r)
{
	str left = buf_str(&r->in);
	ssize_t n = left.n > 0 ? write(r->input, left.p, left.n) : 0;

	if (n > 0)
		buf_take(&r->in, (size_t)n);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		buf_free(&r->in); /* it reads no more: how it ends will say whether it is content */
		close_if(&r->input);
	}
}

static void bury(struct run *r)
{
	int status = 0, code;

	for (int i = 0; i < LEFT_OVER_READS_MAX && r->output >= 0 && hear_once(r); i++)
		;
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
	(void)!courier_exit_read(code, buf_str(&r->said), &r->why);
	end(r);
}

static void time_over(struct run *r)
{
	char limit[NUMBER_TEXT_MAX];

	kill_program(r);
	fail_with(&r->why, FAIL_TEMPORARY, "4.3.0", "the program took longer than %s",
		number_print_time(r->run_ms_max, limit));
	end(r);
}

/* --- the daemon's side --- */

/* The daemon gives the message up, or is gone: half a mail must not be taken for one. */
static _Noreturn void give_up(struct run *r)
{
	kill_program(r);
	_exit(0);
}

static _Noreturn void answer(struct run *r)
{
	struct buf out = { 0 };
	str left;

	courier_frame_write_answer(&r->why, &out);
	left = buf_str(&out);
	while (left.n > 0) {
		ssize_t n = send(r->child->stream, left.p, left.n, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			left = str_skip(left, (size_t)n);
	}
	_exit(0);
}

static void obey(struct run *r, const struct courier_order *order, const struct fail *unfit)
{
	switch (order->word) {
	case COURIER_RUN:
		if (r->until_ms != 0)
			give_up(r);
		begin(r, order, unfit);
		return;
	case COURIER_DATA:
		if (r->input >= 0)
			courier_lines_put(&r->lines, order->bytes, &r->in);
		return;
	case COURIER_FINISH:
		if (r->input >= 0)
			courier_lines_end(&r->lines, &r->in);
		r->all = true;
		return;
	case COURIER_BEGIN:
	case COURIER_APPEND:
	case COURIER_DROP:
	case COURIER_ANSWER:
	case COURIER_GONE:
	case COURIER_LOOK:
	case COURIER_FOUND:
		break;
	}
	give_up(r);
}

static void listen_to_daemon(struct run *r, const struct fail *unfit)
{
	static char bytes[COURIER_FEED_MAX];
	struct courier_order order;
	ssize_t n = read(r->child->stream, bytes, sizeof bytes);
	enum scan told;

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0)
		give_up(r);
	courier_frame_feed(&r->reader, str_from(bytes, (size_t)n));
	while ((told = courier_frame_next(&r->reader, &order)) == SCAN_DONE)
		obey(r, &order, unfit);
	if (told == SCAN_BAD)
		give_up(r);
}

static void wait_and_work(struct run *r, const struct fail *unfit)
{
	bool fed = buf_str(&r->in).n == 0; /* the daemon waits while the program does not read */
	int64_t left_ms = r->until_ms - now_ms();
	struct pollfd polls[] = {
		{.fd = fed && !r->all ? r->child->stream : -1, .events = POLLIN },
		{ .fd = r->process,                            .events = POLLIN },
		{ .fd = fed ? -1 : r->input,                   .events = POLLOUT},
		{ .fd = r->output,                             .events = POLLIN },
	};

	if (r->pid > 0 && left_ms <= 0) {
		time_over(r);
		return;
	}
	if (poll(polls, LENGTH(polls),
		    r->pid > 0 ? (int)(left_ms < INT32_MAX ? left_ms : INT32_MAX) : -1) <= 0)
		return;
	if (polls[3].revents)
		hear_once(r);
	if (polls[2].revents)
		hand_on(r);
	if (polls[1].revents)
		bury(r);
	else if (polls[0].revents)
		listen_to_daemon(r, unfit);
}

_Noreturn void courier_run_serve(
	const struct courier_child *child, const struct courier_law *law, const struct fail *unfit)
{
	struct run r = { .child = child, .law = law, .process = -1, .input = -1, .output = -1 };

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* the program is waited for */
	prctl(PR_SET_NAME, "facteur-pipe");
	courier_child_wait(child);
	while (!r.all || !r.known) {
		wait_and_work(&r, unfit);
		if (r.all && buf_str(&r.in).n == 0)
			close_if(&r.input);
	}
	answer(&r);
}
