#include "world/courier_maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define OUT_MAX 65536 /* then it is written */

static bool failed(struct courier_maildir *m, const char *doing)
{
	int error = errno;
	const char *status = error == EDQUOT ? "4.2.2" : error == ENOSPC ? "4.3.1" : "4.3.0";

	if (m->why.kind == FAIL_NONE) /* the first one is the cause */
		fail_with(&m->why, FAIL_TEMPORARY, status, "cannot %s %s: %s", doing, m->path,
			strerrordesc_np(error));
	return false;
}

/* A folder on the way may be one that we can pass but not read (0711). */
static int open_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == EACCES)
		fd = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd;
}

/* Make the new name durable: in its folder, or with all of the disk where that cannot be read. */
static bool sync_name(int folder, int made)
{
	return fsync(folder) == 0 || (errno == EBADF && syncfs(made) == 0);
}

/* A name in a directory, made if it is missing; what was made is durable when this returns.  -1:
 * errno says why. */
static int enter(int at, const char *name)
{
	bool made = mkdirat(at, name, 0700) == 0;
	int error =
		made || errno == EEXIST ? 0 : errno; /* one that is there may still be entered */
	int fd = open_folder(at, name);

	if (fd < 0) {
		errno = error ? error : errno;
		return -1;
	}
	if (!made || sync_name(at, fd))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* The folder of the Maildir itself.  -1: errno says why. */
static int enter_path(str path)
{
	char name[COURIER_PATH_MAX + 1];
	int fd = open_folder(AT_FDCWD, str_to_c(path, name, sizeof name));
	str part;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = open_folder(AT_FDCWD, "/");
	path = str_skip(path, 1);
	while (fd >= 0 && path.n > 0) {
		int parent = fd, error;

		str_cut(&path, '/', &part);
		if (part.n == 0)
			continue; /* "a//b", "a/" */
		fd = enter(parent, str_to_c(part, name, sizeof name));
		error = errno;
		close(parent);
		errno = error;
	}
	return fd;
}

static bool open_folders(struct courier_maildir *m)
{
	int folder = enter_path(str_of(m->path)), cur;
	bool good;

	if (folder < 0)
		return failed(m, "open");
	m->tmp = enter(folder, "tmp");
	m->new = enter(folder, "new");
	cur = enter(folder, "cur");
	good = m->tmp >= 0 && m->new >= 0 && cur >= 0;
	if (!good)
		failed(m, "make the folders of");
	if (cur >= 0)
		close(cur);
	close(folder);
	return good;
}

/* time.MmicrosecondsPprocessQcounter.host; in the host '/' and ':' have other meanings. */
static void make_name(struct courier_maildir *m, str hostname)
{
	static unsigned counter;
	struct timespec now;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	n = (size_t)snprintf(m->name, sizeof m->name, "%lld.M%ldP%dQ%u.", (long long)now.tv_sec,
		now.tv_nsec / 1000, (int)getpid(), ++counter);
	for (size_t i = 0; i < hostname.n && n + 4 < 256 - 32; i++) {
		char c = hostname.p[i];

		if (c == '/' || c == ':')
			n += (size_t)snprintf(m->name + n, 5, "\\%03o", (unsigned)c);
		else
			m->name[n++] = c;
	}
	m->name[n] = '\0';
}

void courier_maildir_begin(struct courier_maildir *m, str hostname, str path, str head)
{
	*m = (struct courier_maildir){ .tmp = -1, .new = -1, .file = -1, .open = true };
	str_to_c(path, m->path, sizeof m->path);
	if (!open_folders(m))
		return;
	make_name(m, hostname);
	m->file = openat(m->tmp, m->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (m->file < 0)
		failed(m, "make a file in");
	courier_maildir_write(m, head);
}

static void write_out(struct courier_maildir *m)
{
	str left = buf_str(&m->out);

	while (left.n > 0 && m->why.kind == FAIL_NONE) {
		ssize_t n = write(m->file, left.p, left.n);

		if (n < 0 && errno != EINTR)
			failed(m, "write into");
		if (n > 0)
			left = str_skip(left, (size_t)n);
	}
	m->octets += buf_str(&m->out).n;
	buf_clear(&m->out);
}

void courier_maildir_write(struct courier_maildir *m, str bytes)
{
	if (m->why.kind != FAIL_NONE)
		return;
	courier_lines_put(&m->lines, bytes, &m->out);
	if (buf_str(&m->out).n >= OUT_MAX)
		write_out(m);
}

static void close_all(struct courier_maildir *m)
{
	if (m->file >= 0)
		close(m->file);
	if (m->tmp >= 0)
		close(m->tmp);
	if (m->new >= 0)
		close(m->new);
	buf_free(&m->out);
	m->open = false;
}

/* From tmp to new, under the name that readers see. */
static bool publish(struct courier_maildir *m)
{
	char name[sizeof m->name + 32];

	if (fsync(m->file) != 0)
		return failed(m, "sync");
	snprintf(name, sizeof name, "%s,S=%llu", m->name, (unsigned long long)m->octets);
	if (renameat(m->tmp, m->name, m->new, name) != 0)
		return failed(m, "deliver into");
	if (fsync(m->new) == 0)
		return true;
	failed(m, "sync");
	unlinkat(m->new, name, 0); /* may come back after a crash: twice is better than never */
	return false;
}

bool courier_maildir_finish(struct courier_maildir *m, struct fail *why)
{
	bool delivered;

	courier_lines_end(&m->lines, &m->out);
	write_out(m);
	delivered = m->why.kind == FAIL_NONE && publish(m);
	*why = m->why;
	if (delivered)
		close_all(m);
	else
		courier_maildir_drop(m);
	return delivered;
}

void courier_maildir_drop(struct courier_maildir *m)
{
	if (!m->open)
		return;
	if (m->file >= 0)
		unlinkat(m->tmp, m->name, 0);
	close_all(m);
}
