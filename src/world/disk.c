#include "world/disk.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"

#define PARTS_MAX 64 /* one system call writes no more */

struct disk {
	int fd, lock_fd;
	char *path;
};

struct disk_file {
	int fd;
	char *name; /* for messages */
};

static bool failed(struct fail *why, int error, const char *doing, const char *name)
{
	return fail_with(why, FAIL_TEMPORARY,
		error == ENOSPC || error == EDQUOT ? "4.3.1" : "4.3.0", "cannot %s %s: %s", doing,
		name, strerrordesc_np(error));
}

static char *c_copy(str s)
{
	return str_to_c(s, mem_alloc(s.n + 1), s.n + 1);
}

/* A name below the directory as a C string; false for one that could lead out of it. */
static bool checked(str name, char to[PATH_MAX], struct fail *why)
{
	str rest = name, part;
	bool good = name.n > 0 && name.n < PATH_MAX && !str_has(name, '\0');

	while (good && rest.n > 0) {
		str_cut(&rest, '/', &part);
		good = part.n > 0 && !str_eq(part, S("..")) && !str_eq(part, S("."));
	}
	if (!good)
		return fail_with(
			why, FAIL_TEMPORARY, "4.3.0", "not a name of a file: %.*s", STR(name));
	str_to_c(name, to, PATH_MAX);
	return true;
}

/* The name of a directory that we made is durable when its parent has been synced. */
static bool sync_parent(int fd)
{
	int parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = parent >= 0 && fsync(parent) == 0;
	int error = errno;

	if (parent >= 0)
		close(parent);
	errno = error;
	return synced;
}

struct disk *disk_open(str path, struct fail *why)
{
	struct disk *d = MEM_NEW(struct disk);
	bool made;

	d->path = c_copy(path);
	d->lock_fd = -1;
	made = mkdir(d->path, 0700) == 0;
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd >= 0 && (!made || sync_parent(d->fd)))
		return d;
	failed(why, errno, "open", d->path);
	disk_close(d);
	return NULL;
}

void disk_close(struct disk *d)
{
	if (!d)
		return;
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	if (d->fd >= 0)
		close(d->fd);
	mem_free(d->path);
	mem_free(d);
}

/* The lock file says who holds it, for the words of whoever comes second. */
bool disk_lock(struct disk *d, str name, struct fail *why)
{
	char path[PATH_MAX], pid[24] = "";
	int fd;

	if (!checked(name, path, why))
		return false;
	fd = openat(d->fd, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return failed(why, errno, "open", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int error = errno;
		ssize_t n = pread(fd, pid, sizeof pid - 1, 0);

		close(fd);
		if (error != EWOULDBLOCK)
			return failed(why, error, "lock", path);
		pid[n > 0 ? n : 0] = '\0';
		return fail_with(why, FAIL_TEMPORARY, "4.3.0",
			"%s is in use by another process (%.*s)", d->path,
			STR(str_trim(str_of(pid))));
	}
	snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, strlen(pid), 0) < 0) {
		failed(why, errno, "write", path);
		close(fd);
		return false;
	}
	d->lock_fd = fd;
	return true;
}

static struct disk_file *open_file(
	struct disk *d, str name, int flags, const char *doing, struct fail *why)
{
	char path[PATH_MAX];
	struct disk_file *f;
	int fd;

	if (!checked(name, path, why))
		return NULL;
	fd = openat(d->fd, path, flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		failed(why, errno, doing, path);
		return NULL;
	}
	f = MEM_NEW(struct disk_file);
	f->fd = fd;
	f->name = c_copy(name);
	return f;
}

struct disk_file *disk_create(struct disk *d, str name, struct fail *why)
{
	return open_file(d, name, O_CREAT | O_EXCL, "create", why);
}

struct disk_file *disk_open_file(struct disk *d, str name, struct fail *why)
{
	return open_file(d, name, 0, "open", why);
}

void disk_close_file(struct disk_file *f)
{
	if (!f)
		return;
	close(f->fd);
	mem_free(f->name);
	mem_free(f);
}

uint64_t disk_size(struct disk_file *f)
{
	struct stat st;
	int error = fstat(f->fd, &st);

	assert(error == 0); /* the descriptor is open: nothing can go wrong */
	return (uint64_t)st.st_size;
}

bool disk_reserve(struct disk_file *f, uint64_t size, struct fail *why)
{
	uint64_t before = disk_size(f);
	int error;

	if (size <= before)
		return true;
	/* where the file system cannot reserve, this writes zeros */
	error = posix_fallocate(f->fd, (off_t)before, (off_t)(size - before));
	if (error == 0)
		return true;
	if (ftruncate(f->fd, (off_t)before) != 0)
		error = errno;
	return failed(why, error, "reserve space for", f->name);
}

bool disk_truncate(struct disk_file *f, uint64_t size, struct fail *why)
{
	if (ftruncate(f->fd, (off_t)size) != 0)
		return failed(why, errno, "truncate", f->name);
	return true;
}

/* Drop n written bytes from the front of what is left to write. */
static size_t advance(struct iovec *left, size_t count, size_t n)
{
	size_t gone = 0;

	while (gone < count && n >= left[gone].iov_len)
		n -= left[gone++].iov_len;
	if (gone < count) {
		left[gone].iov_base = (char *)left[gone].iov_base + n;
		left[gone].iov_len -= n;
	}
	return gone;
}

bool disk_write(struct disk_file *f, uint64_t at, const str *parts, size_t count, struct fail *why)
{
	struct iovec io[PARTS_MAX];

	while (count > 0) {
		size_t n = count < PARTS_MAX ? count : PARTS_MAX, first = 0;

		for (size_t i = 0; i < n; i++)
			io[i] = (struct iovec){ (void *)(uintptr_t)parts[i].p, parts[i].n };
		first = advance(io, n, 0); /* empty ones */
		while (first < n) {
			ssize_t written = pwritev(f->fd, io + first, (int)(n - first), (off_t)at);

			if (written < 0 && errno == EINTR)
				continue;
			if (written <= 0)
				return failed(why, written < 0 ? errno : EIO, "write", f->name);
			at += (size_t)written;
			first += advance(io + first, n - first, (size_t)written);
		}
		parts += n;
		count -= n;
	}
	return true;
}

bool disk_read(struct disk_file *f, uint64_t at, char *to, size_t size, size_t *n, struct fail *why)
{
	*n = 0;
	while (*n < size) {
		ssize_t got = pread(f->fd, to + *n, size - *n, (off_t)(at + *n));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed(why, errno, "read", f->name);
		if (got == 0)
			break;
		*n += (size_t)got;
	}
	return true;
}

bool disk_sync(struct disk_file *f, struct fail *why)
{
	if (fdatasync(f->fd) != 0)
		return failed(why, errno, "sync", f->name);
	return true;
}

/* A hint, as far as the kernel is concerned: it is all that there is. */
void disk_forget(struct disk_file *f)
{
	int refused = posix_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);

	(void)refused;
}

bool disk_sync_names(struct disk *d, struct fail *why)
{
	if (fsync(d->fd) != 0)
		return failed(why, errno, "sync", d->path);
	return true;
}

bool disk_rename(struct disk *d, str from, str to, struct fail *why)
{
	char from_path[PATH_MAX], to_path[PATH_MAX];

	if (!checked(from, from_path, why) || !checked(to, to_path, why))
		return false;
	if (renameat(d->fd, from_path, d->fd, to_path) != 0)
		return failed(why, errno, "rename", from_path);
	return true;
}

bool disk_remove(struct disk *d, str name, struct fail *why)
{
	char path[PATH_MAX];

	if (!checked(name, path, why))
		return false;
	if (unlinkat(d->fd, path, 0) != 0)
		return failed(why, errno, "remove", path);
	return true;
}

static int by_bytes(const void *a, const void *b)
{
	const str *left = a, *right = b;

	return str_compare(*left, *right);
}

/* The names go into the arena as they come, the array of them at the end. */
static bool read_names(DIR *folder, struct arena *a, str **names, size_t *count, struct fail *why)
{
	str *found = NULL;
	size_t n = 0, size = 0;
	bool fits = true;
	struct dirent *e;

	errno = 0;
	while (fits && (e = readdir(folder))) {
		str name = str_of(e->d_name);

		if (str_eq(name, S(".")) || str_eq(name, S("..")))
			continue;
		if (n == size) {
			size = size ? size * 2 : 64;
			found = mem_grow(found, size * sizeof *found);
		}
		fits = arena_keep(a, name, &found[n]);
		n++;
	}
	if (errno != 0) {
		mem_free(found);
		return failed(why, errno, "list", "the directory");
	}
	*names = fits ? arena_alloc(a, n * sizeof **names) : NULL;
	*count = n;
	if (*names && n > 0) {
		qsort(found, n, sizeof *found, by_bytes);
		memcpy(*names, found, n * sizeof *found);
	}
	mem_free(found);
	if (!*names)
		return fail_with(why, FAIL_TEMPORARY, "4.3.0", "too many files in the directory");
	return true;
}

bool disk_list(struct disk *d, struct arena *a, str **names, size_t *count, struct fail *why)
{
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	bool read;

	if (!folder) {
		failed(why, errno, "list", d->path);
		if (fd >= 0)
			close(fd);
		return false;
	}
	read = read_names(folder, a, names, count, why);
	closedir(folder);
	return read || fail_while(why, " (%s)", d->path);
}

uint64_t disk_free_octets(struct disk *d)
{
	struct statvfs fs;

	if (fstatvfs(d->fd, &fs) != 0)
		return 0;
	return (uint64_t)fs.f_bavail * fs.f_frsize;
}
