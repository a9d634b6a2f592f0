#include "world/child.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "world/loop_event.h"

#define SELF "/proc/self/exe" /* also when the file has been replaced since */
#define ABOVE_ALL 64          /* out of the way of what the child gets */

struct child {
	struct loop *loop;
	pid_t pid;
	int process; /* a pidfd */
	struct event event;
	void (*ended)(void *owner, const struct child_end *how);
	void *owner;
};

static bool is_own_fault(int signal)
{
	static const int faults[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP };

	for (size_t i = 0; i < LENGTH(faults); i++)
		if (faults[i] == signal)
			return true;
	return false;
}

static void read_end(int status, struct child_end *how)
{
	how->killed = !WIFEXITED(status);
	how->code = how->killed ? WTERMSIG(status) : WEXITSTATUS(status);
	how->crashed = how->killed && is_own_fault(how->code);
	if (how->killed)
		snprintf(how->text, sizeof how->text, "killed by SIG%s",
			sigabbrev_np(how->code) ? sigabbrev_np(how->code) : "?");
	else
		snprintf(how->text, sizeof how->text, "exit code %d", how->code);
}

static void child_free(struct child *c)
{
	event_del(&c->event);
	close(c->process);
	mem_free(c);
}

static void on_end(evutil_socket_t process, short what, void *arg)
{
	struct child *c = arg;
	struct child_end how;
	int status;

	(void)process;
	(void)what;
	loop_enter(c->loop);
	if (waitpid(c->pid, &status, WNOHANG) != c->pid)
		return;
	read_end(status, &how);
	event_del(&c->event);
	c->ended(c->owner, &how);
	child_free(c);
}

/* In the forked process. */
static _Noreturn void become_child(const struct child_setup *setup, char **words)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	int above[CHILD_DESCRIPTORS_MAX];
	sigset_t none;

	for (size_t i = 0; i < LENGTH(signals); i++)
		signal(signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < setup->descriptor_count; i++)
		above[i] = fcntl(setup->descriptors[i], F_DUPFD_CLOEXEC, ABOVE_ALL);
	for (size_t i = 0; i < setup->descriptor_count; i++)
		if (dup2(above[i], CHILD_DESCRIPTOR + (int)i) < 0)
			_exit(75);
	close_range(CHILD_DESCRIPTOR + (unsigned)setup->descriptor_count, ~0U, 0);
	execv(SELF, words);
	dprintf(STDERR_FILENO, "cannot run " SELF ": %s\n", strerrordesc_np(errno));
	_exit(75);
}

static pid_t launch(const struct child_setup *setup)
{
	char *words[CHILD_WORDS_MAX + 2] = { (char *)"facteur" };
	struct arena a;
	pid_t pid;

	arena_init(&a, ARENA_UNLIMITED);
	for (size_t i = 0; i < setup->word_count; i++)
		words[i + 1] = (char *)arena_copy(&a, setup->words[i]).p;
	pid = fork();
	if (pid == 0)
		become_child(setup, words);
	arena_free(&a);
	return pid;
}

struct child *child_start(struct loop *l, const struct child_setup *setup,
	void (*ended)(void *owner, const struct child_end *how), void *owner, struct fail *why)
{
	struct child *c;
	pid_t pid = launch(setup);
	int process = pid > 0 ? pidfd_open(pid, 0) : -1;

	if (process < 0) {
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "cannot start a process: %s",
			strerrordesc_np(errno));
		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		return NULL;
	}
	c = MEM_NEW(struct child);
	c->loop = l;
	c->pid = pid;
	c->process = process;
	c->ended = ended;
	c->owner = owner;
	event_assign(&c->event, loop_base(l), process, EV_READ | EV_PERSIST, on_end, c);
	event_add(&c->event, NULL);
	return c;
}

uint32_t child_id(const struct child *c)
{
	return (uint32_t)c->pid;
}

void child_order(struct child *c, enum child_order order)
{
	static const int signals[] = { SIGHUP, SIGTERM, SIGKILL };

	pidfd_send_signal(c->process, signals[order], NULL, 0);
}

void child_settle(const char *name)
{
	prctl(PR_SET_NAME, name);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}
