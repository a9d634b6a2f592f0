#include "world/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/sanitized.h"
#include "world/sandbox_calls.h"

/* Rights of later ABIs than the header of this machine may know. */
#define TRUNCATE (1ULL << 14)  /* ABI 3 */
#define IOCTL_DEV (1ULL << 15) /* ABI 5 */

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define MAKE \
	(LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define REMOVE (LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR)
#define ALL ((1ULL << 13) - 1) /* of ABI 1 */

/* Where sanitizers look for names, to print a stack. */
static const struct sandbox_path sanitizer_paths[] = {
	{STR_INIT("/proc"),     false},
	{ STR_INIT("/usr/lib"), false},
	{ STR_INIT("/lib"),     false},
};

static bool failed(struct fail *why, const char *wall)
{
	return fail_with(why, FAIL_TEMPORARY, "4.3.0", "cannot put up a wall (%s): %s", wall,
		strerrordesc_np(errno));
}

/* --- Landlock ----------------------------------------------------------------------------------
 */

static bool allow(int rules, uint64_t handled, const struct sandbox_path *p, struct fail *why)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = READ };
	char path[4096];
	struct stat st;
	bool added;

	rule.parent_fd = open(str_to_c(p->path, path, sizeof path), O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0 && (errno == ENOENT || errno == EACCES))
		return true; /* then there is nothing to be read either */
	if (rule.parent_fd < 0 || fstat(rule.parent_fd, &st) != 0)
		return failed(why, path);
	if (p->write)
		rule.allowed_access |= LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE | MAKE | REMOVE;
	rule.allowed_access &= handled;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &=
			LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE;
	added = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	if (!added)
		failed(why, path);
	close(rule.parent_fd);
	return added;
}

static bool allow_all(
	int rules, uint64_t handled, const struct sandbox_setup *setup, struct fail *why)
{
	for (size_t i = 0; i < setup->count; i++)
		if (!allow(rules, handled, &setup->paths[i], why))
			return false;
	for (size_t i = 0; BASE_SANITIZED && i < LENGTH(sanitizer_paths); i++)
		if (!allow(rules, handled, &sanitizer_paths[i], why))
			return false;
	return true;
}

/* *abi 0: this kernel has none.  What cannot be opened cannot be opened by its processes either:
 * the wall also keeps us from tracing who is outside of it. */
static bool enter_landlock(const struct sandbox_setup *setup, long *abi, struct fail *why)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = ALL };
	bool entered;
	int rules;

	*abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (*abi < 1) {
		*abi = 0;
		return true;
	}
	if (*abi >= 2)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
	if (*abi >= 3)
		attr.handled_access_fs |= TRUNCATE;
	if (*abi >= 5)
		attr.handled_access_fs |= IOCTL_DEV;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr.handled_access_fs, 0);
	if (rules < 0)
		return failed(why, "Landlock");
	entered = allow_all(rules, attr.handled_access_fs, setup, why) &&
		  (syscall(SYS_landlock_restrict_self, rules, 0) == 0 || failed(why, "Landlock"));
	close(rules);
	return entered;
}

/* --- the rest ----------------------------------------------------------------------------------
 */

static bool without_capabilities(void)
{
	struct {
		uint32_t version;
		int pid;
	} head = { 0x20080522, 0 }; /* _LINUX_CAPABILITY_VERSION_3 */
	uint32_t sets[6] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &head, sets) == 0;
}

/* No core of it, no look into it, no process from it, and no way back. */
static bool lock_down(struct fail *why)
{
	struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed(why, "no_new_privs");
	if (!without_capabilities())
		return failed(why, "capabilities");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return failed(why, "dumpable");
	return true;
}

bool sandbox_enter(
	const struct sandbox_setup *setup, char words[SANDBOX_WORDS_MAX], struct fail *why)
{
	bool seccomp;
	long abi;

	if (!lock_down(why) || !enter_landlock(setup, &abi, why) ||
		!sandbox_calls_enter(setup->sockets, &seccomp, why))
		return false;
	if (abi == 0)
		log_line(LOG_ERROR, "no-landlock",
			"this kernel has no Landlock: files are guarded by their permissions only");
	if (!seccomp)
		log_line(LOG_ERROR, "no-seccomp",
			"this kernel has no seccomp filters: system calls are not guarded");
	snprintf(words, SANDBOX_WORDS_MAX, "no new rights, no capabilities, not traceable, %s%s",
		seccomp ? "seccomp" : "NO SECCOMP", abi > 0 ? ", " : ", NO LANDLOCK");
	if (abi > 0)
		snprintf(words + strlen(words), SANDBOX_WORDS_MAX - strlen(words), "Landlock %ld",
			abi);
	return true;
}
