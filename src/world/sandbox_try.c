#include "world/sandbox_try.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* There is no such program: where nothing forbids it, that is the error, and it counts as done. */
static bool run_program(void)
{
	static char *const none[] = { NULL };

	execve("/nowhere/program", none, none);
	return errno == ENOENT;
}

static bool make_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid > 0;
}

static bool trace(void)
{
	if (ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) != 0)
		return false;
	ptrace(PTRACE_DETACH, getppid(), NULL, NULL);
	return true;
}

static bool kill_parent(void)
{
	return kill(getppid(), 0) == 0;
}

static bool close_if(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool open_netlink(void)
{
	return close_if(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static bool listen_anywhere(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool done = fd >= 0 && listen(fd, 1) == 0;
	int error = errno;

	close_if(fd);
	errno = error;
	return done;
}

static bool make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return false;
	munmap(page, 4096);
	return true;
}

static const struct attempt {
	const char *what;
	bool (*succeeds)(void);
} attempts[] = {
	{"run a program",             run_program    },
	{ "make a process",           make_process   },
	{ "trace another process",    trace          },
	{ "send the parent a signal", kill_parent    },
	{ "open a netlink socket",    open_netlink   },
	{ "listen on a port",         listen_anywhere},
	{ "make memory executable",   make_code      },
};
_Static_assert(LENGTH(attempts) <= SANDBOX_TRY_MAX, "their results have room");

size_t sandbox_try(struct sandbox_attempt to[SANDBOX_TRY_MAX])
{
	for (size_t i = 0; i < LENGTH(attempts); i++) {
		errno = 0;
		snprintf(to[i].what, sizeof to[i].what, "%s", attempts[i].what);
		to[i].error = attempts[i].succeeds() ? NULL : strerrordesc_np(errno);
	}
	return LENGTH(attempts);
}

void sandbox_try_file(str path, struct sandbox_attempt *to)
{
	char name[4096];

	snprintf(to->what, sizeof to->what, "read %.*s", STR(path));
	errno = 0;
	to->error = close_if(open(str_to_c(path, name, sizeof name), O_RDONLY | O_CLOEXEC))
			    ? NULL
			    : strerrordesc_np(errno);
}
