#include "world/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the kernel said of a path.  What passes by itself, or by freeing something, is temporary; a
 * missing file or a forbidden one waits for the admin. */
static bool fail_errno(struct fail *why, str path)
{
	int error = errno;
	enum fail_kind kind = FAIL_PERMANENT;
	const char *status = "5.3.0";

	switch (error) {
	case ENOSPC:
	case EDQUOT:
		kind = FAIL_TEMPORARY;
		status = "4.3.1";
		break;
	case EAGAIN:
	case EIO:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		kind = FAIL_TEMPORARY;
		status = "4.3.0";
		break;
	}
	return fail_with(why, kind, status, "%.*s: %s", STR(path), strerrordesc_np(error));
}

static bool path_to_c(str path, char to[PATH_MAX], struct fail *why)
{
	if (path.n > 0 && path.n < PATH_MAX && !str_has(path, '\0')) {
		str_to_c(path, to, PATH_MAX);
		return true;
	}
	return fail_with(why, FAIL_PERMANENT, "5.3.0", "%.*s: not a path", STR(path));
}

/* The name under which what will replace path is made. */
static bool path_beside(str path, char to[PATH_MAX], struct fail *why)
{
	static const char suffix[] = ".new";

	if (!path_to_c(path, to, why))
		return false;
	if (path.n + sizeof suffix > PATH_MAX)
		return fail_with(why, FAIL_PERMANENT, "5.3.0", "%.*s: too long", STR(path));
	memcpy(to + path.n, suffix, sizeof suffix);
	return true;
}

static str path_folder(str path)
{
	size_t slash = str_find_last(path, '/');

	if (slash == path.n)
		return S(".");
	return slash == 0 ? S("/") : str_first(path, slash);
}

static bool read_open(int file, struct arena *a, str path, str *text, struct fail *why)
{
	struct stat facts;
	size_t size, n = 0;
	char *p;

	if (fstat(file, &facts) != 0)
		return fail_errno(why, path);
	if (!S_ISREG(facts.st_mode))
		return fail_with(why, FAIL_PERMANENT, "5.3.0", "%.*s: not a file", STR(path));
	size = (size_t)facts.st_size;
	p = size <= FILE_OCTETS_MAX ? arena_alloc(a, size + 1) : NULL;
	if (!p)
		return fail_with(why, FAIL_PERMANENT, "5.3.4", "%.*s: too large", STR(path));
	while (n < size) {
		ssize_t got = read(file, p + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_errno(why, path);
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*text = (str){ p, n };
	return true;
}

static int (*opener)(const char *path, struct fail *why);

void file_opener(int (*open_for_us)(const char *path, struct fail *why))
{
	opener = open_for_us;
}

bool file_read(struct arena *a, str path, str *text, struct fail *why)
{
	char c_path[PATH_MAX];
	int file;
	bool ok;

	if (!path_to_c(path, c_path, why))
		return false;
	/* a pipe must not keep us waiting */
	file = open(c_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0 && errno == EACCES && opener)
		file = opener(c_path, why);
	else if (file < 0)
		fail_errno(why, path);
	if (file < 0)
		return false;
	ok = read_open(file, a, path, text, why);
	close(file);
	return ok;
}

/* In a folder that is closed to us, the one who opens for us may see it. */
static bool facts_of(const char *c_path, struct stat *st)
{
	int file;
	bool seen;

	if (stat(c_path, st) == 0)
		return true;
	file = errno == EACCES && opener ? opener(c_path, NULL) : -1;
	if (file < 0)
		return false;
	seen = fstat(file, st) == 0;
	close(file);
	return seen;
}

struct file_stamp file_stamp(str path)
{
	struct file_stamp stamp = { 0 };
	char c_path[PATH_MAX];
	struct stat st;

	if (path_to_c(path, c_path, NULL) && facts_of(c_path, &st))
		stamp = (struct file_stamp){ .device = st.st_dev,
			.inode = st.st_ino,
			.octets = (uint64_t)st.st_size,
			.seconds = st.st_ctim.tv_sec,
			.nanoseconds = st.st_ctim.tv_nsec };
	return stamp;
}

bool file_stamp_eq(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->octets == b->octets &&
	       a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

bool file_exists(str path)
{
	char c_path[PATH_MAX];

	return path_to_c(path, c_path, NULL) && access(c_path, F_OK) == 0;
}

static bool write_all(int file, str text)
{
	while (text.n > 0) {
		ssize_t n = write(file, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text = str_skip(text, (size_t)n);
	}
	return true;
}

/* As what is to be replaced, or with this mode. */
static bool dress(int file, const struct stat *former, unsigned mode)
{
	if (!former)
		return fchmod(file, mode & 0777) == 0;
	return fchown(file, former->st_uid, former->st_gid) == 0 &&
	       fchmod(file, former->st_mode & 07777) == 0;
}

static bool replace(str path, str text, const struct stat *former, unsigned mode, struct fail *why)
{
	char beside[PATH_MAX], c_path[PATH_MAX];
	int file;

	if (!path_to_c(path, c_path, why) || !path_beside(path, beside, why))
		return false;
	file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode & 0777);
	if (file < 0)
		return fail_errno(why, path);
	if (!dress(file, former, mode) || !write_all(file, text) || fsync(file) != 0)
		goto undo;
	if (rename(beside, c_path) != 0)
		goto undo;
	close(file);
	return file_sync(path_folder(path), why);

undo:
	fail_errno(why, path);
	close(file);
	unlink(beside);
	return false;
}

bool file_replace(str path, str text, unsigned mode, struct fail *why)
{
	return replace(path, text, NULL, mode, why);
}

bool file_rewrite(str path, str text, struct fail *why)
{
	char c_path[PATH_MAX];
	struct stat former;

	if (!path_to_c(path, c_path, why))
		return false;
	if (stat(c_path, &former) != 0)
		return fail_errno(why, path);
	return replace(path, text, &former, 0600, why);
}

bool file_open_to_all(str path)
{
	char c_path[PATH_MAX];
	struct stat is;

	return path_to_c(path, c_path, NULL) && stat(c_path, &is) == 0 && (is.st_mode & S_IROTH);
}

static int compare_names(const void *a, const void *b)
{
	return str_compare(*(const str *)a, *(const str *)b);
}

static bool list_open(
	DIR *open, struct arena *a, str folder, str **names, size_t *count, struct fail *why)
{
	size_t size = 0;
	struct dirent *entry;

	*names = NULL;
	*count = 0;
	for (errno = 0; (entry = readdir(open)); errno = 0) {
		str name = str_of(entry->d_name);

		if (str_eq(name, S(".")) || str_eq(name, S("..")))
			continue;
		if (*count == size) {
			str *larger = arena_alloc(a, (size ? size * 2 : 16) * sizeof *larger);

			if (!larger)
				return fail_with(why, FAIL_PERMANENT, "5.3.4",
					"%.*s: too many names", STR(folder));
			if (size > 0)
				memcpy(larger, *names, size * sizeof *larger);
			*names = larger;
			size = size ? size * 2 : 16;
		}
		if (!arena_keep(a, name, &(*names)[*count]))
			return fail_with(
				why, FAIL_PERMANENT, "5.3.4", "%.*s: too many names", STR(folder));
		++*count;
	}
	if (errno != 0)
		return fail_errno(why, folder);
	if (*count > 0)
		qsort(*names, *count, sizeof **names, compare_names);
	return true;
}

bool file_list(struct arena *a, str folder, str **names, size_t *count, struct fail *why)
{
	char c_path[PATH_MAX];
	DIR *open;
	bool ok;

	if (!path_to_c(folder, c_path, why))
		return false;
	open = opendir(c_path);
	if (!open)
		return fail_errno(why, folder);
	ok = list_open(open, a, folder, names, count, why);
	closedir(open);
	return ok;
}

bool file_make_folder(str path, unsigned mode, struct fail *why)
{
	char c_path[PATH_MAX];
	struct stat facts;

	if (!path_to_c(path, c_path, why))
		return false;
	for (size_t i = 1; i <= path.n; i++) {
		if (i < path.n && path.p[i] != '/')
			continue;
		c_path[i] = '\0';
		if (mkdir(c_path, mode & 0777) == 0 ? chmod(c_path, mode & 0777) != 0
						    : errno != EEXIST)
			return fail_errno(why, str_of(c_path));
		c_path[i] = i < path.n ? '/' : '\0';
	}
	if (stat(c_path, &facts) == 0 && S_ISDIR(facts.st_mode))
		return true;
	return fail_with(why, FAIL_PERMANENT, "5.3.0", "%.*s: not a folder", STR(path));
}

static bool remove_folder(const char *c_path, str path, struct fail *why)
{
	DIR *open = opendir(c_path);
	struct dirent *entry;
	bool ok = true;

	if (!open)
		return fail_errno(why, path);
	while (ok && (entry = readdir(open))) {
		str name = str_of(entry->d_name);

		if (str_eq(name, S(".")) || str_eq(name, S("..")))
			continue;
		ok = unlinkat(dirfd(open), entry->d_name, 0) == 0 || fail_errno(why, path);
	}
	closedir(open);
	if (!ok || rmdir(c_path) == 0)
		return ok;
	return fail_errno(why, path);
}

bool file_remove(str path, struct fail *why)
{
	char c_path[PATH_MAX];

	if (!path_to_c(path, c_path, why))
		return false;
	if (unlink(c_path) == 0)
		return true;
	return errno == EISDIR ? remove_folder(c_path, path, why) : fail_errno(why, path);
}

bool file_rename(str from, str to, struct fail *why)
{
	char c_from[PATH_MAX], c_to[PATH_MAX];

	if (!path_to_c(from, c_from, why) || !path_to_c(to, c_to, why))
		return false;
	return rename(c_from, c_to) == 0 || fail_errno(why, to);
}

bool file_sync(str path, struct fail *why)
{
	char c_path[PATH_MAX];
	bool ok;
	int file;

	if (!path_to_c(path, c_path, why))
		return false;
	file = open(c_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return fail_errno(why, path);
	ok = fsync(file) == 0 || fail_errno(why, path);
	close(file);
	return ok;
}

bool file_link(str path, str target, struct fail *why)
{
	char c_path[PATH_MAX], beside[PATH_MAX], c_target[PATH_MAX];

	if (!path_to_c(path, c_path, why) || !path_beside(path, beside, why) ||
		!path_to_c(target, c_target, why))
		return false;
	unlink(beside); /* of somebody who died here */
	if (symlink(c_target, beside) != 0)
		return fail_errno(why, path);
	if (rename(beside, c_path) != 0) {
		fail_errno(why, path);
		unlink(beside);
		return false;
	}
	return file_sync(path_folder(path), why);
}

bool file_link_read(struct arena *a, str path, str *target, struct fail *why)
{
	char c_path[PATH_MAX], text[PATH_MAX];
	ssize_t n;

	if (!path_to_c(path, c_path, why))
		return false;
	n = readlink(c_path, text, sizeof text);
	if (n < 0)
		return fail_errno(why, path);
	if (!arena_keep(a, (str){ text, (size_t)n }, target))
		return fail_with(why, FAIL_PERMANENT, "5.3.4", "%.*s: too long", STR(path));
	return true;
}

int file_lock(str path, struct fail *why)
{
	char c_path[PATH_MAX];
	int lock;

	if (!path_to_c(path, c_path, why))
		return -1;
	lock = open(c_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock < 0) {
		fail_errno(why, path);
		return -1;
	}
	if (flock(lock, LOCK_EX | LOCK_NB) == 0)
		return lock;
	if (errno == EWOULDBLOCK)
		fail_with(
			why, FAIL_TEMPORARY, "4.3.0", "%.*s: another process holds it", STR(path));
	else
		fail_errno(why, path);
	close(lock);
	return -1;
}

void file_unlock(int lock)
{
	close(lock);
}

str file_path(struct arena *a, str folder, str path)
{
	if (str_starts(path, S("/")) || folder.n == 0)
		return arena_copy(a, path);
	if (str_ends(folder, S("/")))
		return arena_printf(a, "%.*s%.*s", STR(folder), STR(path));
	return arena_printf(a, "%.*s/%.*s", STR(folder), STR(path));
}

bool file_absolute(struct arena *a, str path, str *absolute, struct fail *why)
{
	char c_path[PATH_MAX], resolved[PATH_MAX];

	if (!path_to_c(path, c_path, why))
		return false;
	if (!realpath(c_path, resolved))
		return fail_errno(why, path);
	if (!arena_keep(a, str_of(resolved), absolute))
		return fail_with(why, FAIL_PERMANENT, "5.3.4", "%.*s: too long", STR(path));
	return true;
}
