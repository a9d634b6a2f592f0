#include "world/process.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "world/loop_event.h"

static const int signal_numbers[] = { SIGTERM, SIGINT, SIGHUP };

struct signals {
	struct loop *loop;
	struct loop_hook end;
	void (*got)(void *owner, enum process_signal signal);
	void *owner;
	struct event *events[LENGTH(signal_numbers)];
};

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct signals *s = arg;

	(void)what;
	loop_enter(s->loop);
	s->got(s->owner, number == SIGHUP ? PROCESS_RELOAD : PROCESS_STOP);
}

static void forget_signals(struct loop_hook *hook)
{
	struct signals *s = AROUND(hook, struct signals, end);

	for (size_t i = 0; i < LENGTH(signal_numbers); i++)
		event_free(s->events[i]);
	mem_free(s);
}

void process_signals(
	struct loop *l, void (*got)(void *owner, enum process_signal signal), void *owner)
{
	struct signals *s = MEM_NEW(struct signals);

	s->loop = l;
	s->got = got;
	s->owner = owner;
	s->end.run = forget_signals;
	list_init(&s->end.link);
	loop_at_end(l, &s->end);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < LENGTH(signal_numbers); i++) {
		s->events[i] = evsignal_new(loop_base(l), signal_numbers[i], on_signal, s);
		if (!s->events[i] || event_add(s->events[i], NULL) != 0)
			abort();
	}
}

bool process_is_root(void)
{
	return geteuid() == 0;
}

static struct passwd *find_user(str user, struct fail *why)
{
	char name[64];
	struct passwd *p;

	errno = 0;
	p = getpwnam(str_to_c(user, name, sizeof name));
	if (!p && errno != 0 && errno != ENOENT && errno != ESRCH)
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "cannot look the user %s up: %s", name,
			strerror(errno));
	else if (!p)
		fail_with(why, FAIL_PERMANENT, "5.3.5", "there is no user '%s'", name);
	return p;
}

bool process_user_exists(str user, struct fail *why)
{
	return find_user(user, why) != NULL;
}

bool process_give(str path, str user, struct fail *why)
{
	char name[4096];
	struct passwd *p = find_user(user, why);

	if (!p)
		return false;
	if (lchown(str_to_c(path, name, sizeof name), p->pw_uid, p->pw_gid) != 0)
		return fail_with(
			why, FAIL_PERMANENT, "5.3.5", "chown %s: %s", name, strerror(errno));
	return true;
}

bool process_become(str user, struct fail *why)
{
	struct passwd *p = find_user(user, why);

	if (!p)
		return false;
	if (initgroups(p->pw_name, p->pw_gid) != 0 ||
		setresgid(p->pw_gid, p->pw_gid, p->pw_gid) != 0 ||
		setresuid(p->pw_uid, p->pw_uid, p->pw_uid) != 0)
		return fail_with(why, FAIL_PERMANENT, "5.3.5", "cannot become %s: %s", p->pw_name,
			strerror(errno));
	if (p->pw_uid != 0 && setuid(0) == 0)
		return fail_with(why, FAIL_PERMANENT, "5.3.5", "could become root again");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return true;
}

#define GROUPS_MAX 64

/* act_as_ourselves takes it back, also after a failure. */
static bool act_as(const struct passwd *p, gid_t former[GROUPS_MAX], int *former_count)
{
	*former_count = getgroups(GROUPS_MAX, former);
	if (*former_count < 0 || initgroups(p->pw_name, p->pw_gid) != 0)
		return false;
	return setegid(p->pw_gid) == 0 && seteuid(p->pw_uid) == 0;
}

/* Rights that cannot be taken back are no state to go on in. */
static void act_as_ourselves(const gid_t *former, int former_count)
{
	if (seteuid(getuid()) != 0 || setegid(getgid()) != 0 ||
		setgroups((size_t)former_count, former) != 0)
		abort();
}

int process_open_as(const char *path, str user, struct fail *why)
{
	struct passwd *p = user.n > 0 ? find_user(user, why) : NULL;
	gid_t former[GROUPS_MAX];
	int former_count = 0, file = -1, error = EPERM;

	if (user.n > 0 && !p)
		return -1;
	if (!p || act_as(p, former, &former_count)) {
		file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		error = errno;
	}
	if (p && former_count >= 0)
		act_as_ourselves(former, former_count);
	if (file < 0)
		fail_with(why, FAIL_PERMANENT, "5.3.0", "%s: %s", path, strerrordesc_np(error));
	return file;
}

int process_open_facts(const char *path, struct fail *why)
{
	int file = open(path, O_PATH | O_CLOEXEC);

	if (file < 0)
		fail_with(why, FAIL_PERMANENT, "5.3.0", "%s: %s", path, strerrordesc_np(errno));
	return file;
}

unsigned process_cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

uint32_t process_id(void)
{
	return (uint32_t)getpid();
}

str process_folder(struct arena *a)
{
	char path[4096];

	if (!getcwd(path, sizeof path))
		return S(".");
	return arena_copy(a, str_of(path));
}

uint64_t process_files_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			getrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur;
}

static bool take_address(const struct sockaddr *from, struct ip *to)
{
	*to = (struct ip){ 0 };
	if (from && from->sa_family == AF_INET) {
		to->family = 4;
		memcpy(to->bytes, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	} else if (from && from->sa_family == AF_INET6) {
		to->family = 6;
		memcpy(to->bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr,
			16);
	}
	return to->family != 0;
}

struct ip *process_addresses(struct arena *a, size_t *count)
{
	struct ifaddrs *all, *at;
	struct ip *found;
	size_t n = 0;

	*count = 0;
	if (getifaddrs(&all) != 0)
		return NULL;
	for (at = all; at; at = at->ifa_next)
		n++;
	found = arena_alloc(a, n * sizeof *found);
	for (at = all; at; at = at->ifa_next)
		if (take_address(at->ifa_addr, &found[*count]))
			(*count)++;
	freeifaddrs(all);
	return found;
}

void process_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	int s;

	if (n == 0 || n >= sizeof to.sun_path)
		return;
	memcpy(to.sun_path, path, n);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return;
	/* a manager that does not listen is no reason to fail */
	(void)!sendto(s, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(s);
}

static bool print(int descriptor, str text)
{
	while (text.n > 0) {
		ssize_t n = write(descriptor, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text = str_skip(text, (size_t)n);
	}
	return true;
}

bool process_print(str text)
{
	return print(STDOUT_FILENO, text);
}

bool process_print_error(str text)
{
	return print(STDERR_FILENO, text);
}

#define SECRET_OCTETS_MAX 1024

/* A line, octet by octet: what stands behind it is not ours to read. */
static bool read_line(struct buf *to, struct fail *why)
{
	char c;
	ssize_t n;

	for (;;) {
		n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_with(why, FAIL_PERMANENT, "", "standard input: %s",
				strerrordesc_np(errno));
		if (n == 0 || c == '\n')
			break;
		if (buf_str(to).n == SECRET_OCTETS_MAX)
			return fail_with(why, FAIL_PERMANENT, "", "standard input: too long");
		buf_put_char(to, c);
	}
	if (buf_str(to).n > 0 && str_ends(buf_str(to), S("\r")))
		to->end--;
	return true;
}

static bool ask(const char *prompt, struct buf *to, struct fail *why)
{
	struct termios was, silent;
	bool done;

	if (tcgetattr(STDIN_FILENO, &was) != 0)
		return read_line(to, why);
	silent = was;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	process_print_error(str_of(prompt));
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	done = read_line(to, why);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
	process_print_error(S("\n"));
	return done;
}

bool process_read_secret(const char *prompt, struct buf *to, struct fail *why)
{
	struct buf again = { 0 };
	bool done = ask(prompt, to, why);

	if (!done || !isatty(STDIN_FILENO))
		return done;
	done = ask("Once more: ", &again, why) &&
	       (str_eq(buf_str(to), buf_str(&again)) ||
		       fail_with(why, FAIL_PERMANENT, "", "these were two different passwords"));
	buf_free(&again);
	return done;
}

size_t process_input(char *bytes, size_t size)
{
	ssize_t n;

	do {
		n = read(STDIN_FILENO, bytes, size);
	} while (n < 0 && errno == EINTR);
	return n > 0 ? (size_t)n : 0;
}

void process_exit(int code)
{
	_exit(code);
}
