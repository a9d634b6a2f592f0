#include "world/sandbox_calls.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/list.h"
#include "base/sanitized.h"

#define CALL(name) SCMP_SYS(name)
#define CALLS_MAX 1024 /* numbers of system calls are below */

/* clang-format off */
/* What every process needs: memory, time, threads, its open files. */
static const int always[] = {
	CALL(brk), CALL(mremap), CALL(munmap), CALL(madvise),
	CALL(clock_getres), CALL(clock_gettime), CALL(clock_nanosleep), CALL(gettimeofday),
	CALL(nanosleep), CALL(time),
	CALL(futex), CALL(get_robust_list), CALL(set_robust_list), CALL(rseq),
	CALL(set_tid_address), CALL(membarrier), CALL(sched_yield), CALL(sched_getaffinity),
	CALL(getcpu),
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(sigreturn),
	CALL(sigaltstack), CALL(restart_syscall), CALL(exit), CALL(exit_group),
	CALL(getpid), CALL(getppid), CALL(gettid), CALL(getuid), CALL(geteuid), CALL(getgid),
	CALL(getegid), CALL(getrandom), CALL(getrlimit), CALL(ugetrlimit), CALL(getrusage),
	CALL(sysinfo), CALL(uname), CALL(umask),
	CALL(setpriority), CALL(getpriority),
	CALL(read), CALL(readv), CALL(write), CALL(writev), CALL(close), CALL(close_range),
	CALL(dup), CALL(dup2), CALL(dup3), CALL(fcntl), CALL(fcntl64), CALL(lseek), CALL(_llseek),
	CALL(fstat), CALL(fstat64), CALL(poll), CALL(ppoll), CALL(select), CALL(pselect6),
	CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait), CALL(epoll_pwait),
	CALL(epoll_pwait2), CALL(eventfd2), CALL(pipe2), CALL(timerfd_create),
	CALL(timerfd_settime),
	CALL(recvfrom), CALL(recvmsg), CALL(sendmsg), CALL(sendto), CALL(shutdown),
	CALL(getsockname), CALL(getpeername), CALL(getsockopt), CALL(setsockopt),
	/* files: which of them, Landlock says */
	CALL(open), CALL(openat), CALL(access), CALL(faccessat), CALL(faccessat2),
	CALL(stat), CALL(stat64), CALL(lstat), CALL(lstat64), CALL(newfstatat), CALL(fstatat64),
	CALL(statx), CALL(readlink), CALL(readlinkat), CALL(getcwd), CALL(getdents64),
	CALL(pread64), CALL(preadv), CALL(preadv2),
};

/* What changes files, and what speaks to the world. */
static const int serving[] = {
	CALL(pwrite64), CALL(pwritev), CALL(pwritev2), CALL(fsync), CALL(fdatasync),
	CALL(sync_file_range), CALL(fallocate), CALL(ftruncate), CALL(ftruncate64), CALL(flock),
	CALL(fstatfs), CALL(fstatfs64), CALL(statfs), CALL(statfs64), CALL(fadvise64),
	CALL(fadvise64_64), CALL(rename), CALL(renameat), CALL(renameat2), CALL(unlink),
	CALL(unlinkat), CALL(mkdir), CALL(mkdirat), CALL(rmdir), CALL(chmod), CALL(fchmod),
	CALL(fchmodat), CALL(utimensat), CALL(copy_file_range), CALL(sendfile), CALL(sendfile64),
	CALL(accept), CALL(accept4), CALL(bind), CALL(recvmmsg), CALL(sendmmsg),
};

/* LeakSanitizer looks at the threads from a process that shares their memory; nobody outside can
 * be traced all the same, for Landlock forbids that, too. */
static const int sanitizing[] = {
	CALL(wait4), CALL(getdents), CALL(prlimit64), CALL(sched_setaffinity), CALL(personality), CALL(ioctl),
	CALL(timer_create), CALL(timer_settime), CALL(process_vm_readv),
};
/* clang-format on */

static char refused[CALLS_MAX]; /* was said already; atomic */

#if defined(__x86_64__)
#define RESULT(context) (context)->uc_mcontext.gregs[REG_RAX]
#elif defined(__aarch64__)
#define RESULT(context) (context)->uc_mcontext.regs[0]
#elif defined(__riscv)
#define RESULT(context) (context)->uc_mcontext.__gregs[10]
#elif defined(__i386__)
#define RESULT(context) (context)->uc_mcontext.gregs[REG_EAX]
#endif

#ifdef RESULT
/* In whatever thread, in the middle of anything: only what a signal handler may do. */
static void say_refused(int number)
{
	char line[80] = "sandbox-refused level=error call=", digits[12];
	size_t n = strlen(line), k = 0;

	if (number < 0 || number >= CALLS_MAX ||
		__atomic_exchange_n(&refused[number], 1, __ATOMIC_RELAXED))
		return;
	do
		digits[k++] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	while (k > 0)
		line[n++] = digits[--k];
	line[n++] = '\n';
	(void)!write(STDERR_FILENO, line, n);
}

static void on_refused(int signal, siginfo_t *info, void *context)
{
	int before = errno;

	(void)signal;
	say_refused(info->si_syscall);
	RESULT((ucontext_t *)context) = -EPERM;
	errno = before;
}

static bool catch_refusals(void)
{
	struct sigaction action = { .sa_sigaction = on_refused,
		.sa_flags = SA_SIGINFO | SA_NODEFER };

	return sigaction(SIGSYS, &action, NULL) == 0;
}

#define REFUSE SCMP_ACT_TRAP
#else /* where we do not know the register of the result, nothing is said */
static bool catch_refusals(void)
{
	return true;
}

#define REFUSE SCMP_ACT_ERRNO(EPERM)
#endif

/* Calls that a kernel or an architecture does not have are no loss. */
static bool add(scmp_filter_ctx f, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int error = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);

		if (error != 0 && error != -EDOM && error != -EINVAL)
			return false;
	}
	return true;
}

static bool when(scmp_filter_ctx f, int call, unsigned count, const struct scmp_arg_cmp *args)
{
	return seccomp_rule_add_array(f, SCMP_ACT_ALLOW, call, count, args) == 0;
}

static bool when_one(scmp_filter_ctx f, int call, struct scmp_arg_cmp arg)
{
	return when(f, call, 1, &arg);
}

/* Threads, but no processes; memory, but no new code in it. */
static bool add_careful(scmp_filter_ctx f)
{
	uint64_t thread = CLONE_VM | CLONE_THREAD;

	return when_one(f, CALL(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread)) &&
	       /* its flags lie in memory, where no filter looks: the C library takes clone then */
	       seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0) == 0 &&
	       when_one(f, CALL(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) &&
	       when_one(f, CALL(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) &&
	       when_one(f, CALL(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME)) &&
	       /* abort, and nobody else's end */
	       when_one(f, CALL(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) &&
	       when(f, CALL(prlimit64), 2, /* reading one's own */
		       (struct scmp_arg_cmp[]){
			       SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0) }) &&
	       when_one(f, CALL(ioctl), SCMP_A1(SCMP_CMP_EQ, 0x5401 /* TCGETS: a terminal? */)) &&
	       when_one(f, CALL(ioctl), SCMP_A1(SCMP_CMP_EQ, 0x541B /* FIONREAD */));
}

static bool add_sockets(scmp_filter_ctx f, enum sandbox_sockets sockets)
{
	bool added = when_one(f, CALL(socketpair), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));

	if (sockets >= SANDBOX_UNIX)
		added = added && when_one(f, CALL(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX)) &&
			seccomp_rule_add(f, SCMP_ACT_ALLOW, CALL(connect), 0) == 0;
	if (sockets >= SANDBOX_INTERNET)
		added = added && when_one(f, CALL(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET)) &&
			when_one(f, CALL(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET6)) &&
			add(f, serving, LENGTH(serving));
	return added;
}

static bool add_sanitizers(scmp_filter_ctx f)
{
	static const long traces[] = { PTRACE_ATTACH, PTRACE_DETACH, PTRACE_GETREGS,
		PTRACE_GETREGSET, PTRACE_CONT };
	uint64_t shared = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED;
	bool added = add(f, sanitizing, LENGTH(sanitizing)) &&
		     when_one(f, CALL(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, shared, shared)) &&
		     when_one(f, CALL(prctl), SCMP_A0(SCMP_CMP_EQ, PR_GET_DUMPABLE)) &&
		     when_one(f, CALL(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_DUMPABLE)) &&
		     when_one(f, CALL(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_PTRACER)) &&
		     when_one(f, CALL(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_PDEATHSIG));

	for (size_t i = 0; added && i < LENGTH(traces); i++)
		added = when_one(f, CALL(ptrace), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)traces[i]));
	return added;
}

bool sandbox_calls_enter(enum sandbox_sockets sockets, bool *stands, struct fail *why)
{
	scmp_filter_ctx f;
	int error;

	*stands = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
	if (!*stands)
		return true;
	f = seccomp_init(REFUSE);
	if (!f)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "cannot put up a wall (seccomp)");
	/* a tree instead of a list, for the calls whose arguments are looked at */
	seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (catch_refusals() && add(f, always, LENGTH(always)) && add_careful(f) &&
		add_sockets(f, sockets) && (!BASE_SANITIZED || add_sanitizers(f)))
		error = seccomp_load(f);
	else
		error = -EINVAL;
	seccomp_release(f);
	return error == 0 || fail_with(why, FAIL_TEMPORARY, "4.3.0",
				     "cannot put up a wall (seccomp): %s", strerrordesc_np(-error));
}
