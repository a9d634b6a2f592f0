#include "world/courier_forward.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world/courier_frame.h"

/* Postfix's rules (local(8), forward_path): what somebody else may have written is not followed. */
static const char *unfit(const struct stat *s)
{
	if (!S_ISREG(s->st_mode))
		return "it is no regular file";
	if (s->st_uid != 0 && s->st_uid != geteuid())
		return "it belongs to somebody else";
	if (s->st_mode & S_IWOTH)
		return "everybody may write it";
	if (s->st_size > COURIER_FORWARD_OCTETS)
		return "it is too large";
	return NULL;
}

/* What is no fault of the file: the disk, or a server of homes that is away. */
static bool worth_another_try(int error)
{
	return error != ENOENT && error != ENOTDIR && error != EACCES && error != ELOOP &&
	       error != ENAMETOOLONG;
}

static bool failed(const char *path, int error, struct fail *why)
{
	return fail_with(
		why, FAIL_TEMPORARY, "4.3.0", "cannot read %s: %s", path, strerrordesc_np(error));
}

static bool refused(enum courier_found *found, const char *path, const char *text, struct buf *to)
{
	*found = COURIER_UNFIT;
	buf_clear(to);
	buf_putf(to, "%s: %s", path, text);
	return true;
}

static bool read_all(int fd, const char *path, struct buf *to, struct fail *why)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof bytes)) != 0) {
		if (n < 0 && errno != EINTR)
			return failed(path, errno, why);
		if (n > 0)
			buf_put(to, str_from(bytes, (size_t)n));
		if (buf_str(to).n > COURIER_FORWARD_OCTETS)
			break; /* it has grown meanwhile; what is too much is refused below */
	}
	return true;
}

static bool look_at(const char *path, enum courier_found *found, struct buf *to, struct fail *why)
{
	/* a link is not followed, and a pipe does not stop us */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *reason;
	struct stat s;
	bool ok = true;

	*found = COURIER_NONE;
	if (fd < 0 && worth_another_try(errno))
		return failed(path, errno, why);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ||
		       refused(found, path,
			       errno == ELOOP ? "it is no regular file" : strerrordesc_np(errno),
			       to);
	if (fstat(fd, &s) != 0) {
		ok = failed(path, errno, why);
	} else if ((reason = unfit(&s))) {
		ok = refused(found, path, reason, to);
	} else {
		ok = read_all(fd, path, to, why);
		*found = COURIER_FILE;
		if (ok && buf_str(to).n > COURIER_FORWARD_OCTETS)
			ok = refused(found, path, "it is too large", to);
	}
	close(fd);
	return ok;
}

bool courier_forward_look(
	str extension, enum courier_found *found, struct buf *text, struct fail *why)
{
	struct passwd *pw = getpwuid(geteuid());

	*found = COURIER_NONE;
	return !pw || pw->pw_dir[0] != '/' ||
	       courier_forward_look_in(pw->pw_dir, extension, found, text, why);
}

bool courier_forward_look_in(const char *home, str extension, enum courier_found *found,
	struct buf *text, struct fail *why)
{
	char path[PATH_MAX];

	*found = COURIER_NONE;
	if (extension.n > 0) {
		snprintf(path, sizeof path, "%s/.forward+%.*s", home, STR(extension));
		if (!look_at(path, found, text, why))
			return false;
	}
	if (*found != COURIER_NONE)
		return true;
	snprintf(path, sizeof path, "%s/.forward", home);
	return look_at(path, found, text, why);
}
