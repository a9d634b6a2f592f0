#include "world/courier_mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define OUT_MAX 65536 /* then it is written */
#define COPY_OCTETS 65536
#define LOOK_MS 100 /* how often a lock is tried */

static bool failed(struct courier_mbox *m, const char *doing)
{
	int error = errno;
	const char *status = error == EDQUOT ? "4.2.2" : error == ENOSPC ? "4.3.1" : "4.2.0";

	if (m->why.kind == FAIL_NONE) /* the first one is the cause */
		fail_with(&m->why, FAIL_TEMPORARY, status, "cannot %s %s: %s", doing, m->path,
			strerrordesc_np(error));
	return false;
}

static bool put_all(struct courier_mbox *m, int fd, str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno != EINTR)
			return failed(m, "write into");
		if (n > 0)
			bytes = str_skip(bytes, (size_t)n);
	}
	return true;
}

/* --- gathering ---------------------------------------------------------------------------------
 */

/* ">>From " wants one more. */
static bool wants_quote(str line)
{
	while (str_starts(line, S(">")))
		line = str_skip(line, 1);
	return str_starts(line, S("From "));
}

/* The start of a line, too short to be judged. */
static bool undecided(str line)
{
	while (str_starts(line, S(">")))
		line = str_skip(line, 1);
	return line.n < 5 && str_starts(S("From "), line);
}

/* Write the whole lines in out, and of the last one what can be judged. */
static void write_out(struct courier_mbox *m, bool end)
{
	struct buf quoted = { 0 };
	str rest = buf_str(&m->out), line;
	size_t before = rest.n;

	while (rest.n > 0 && (end || m->line_begun || !undecided(rest))) {
		size_t lf = str_find(rest, '\n');

		line = str_first(rest, lf + 1);
		if (!m->line_begun && wants_quote(line))
			buf_put_char(&quoted, '>');
		buf_put(&quoted, line);
		m->line_begun = lf == rest.n;
		rest = str_skip(rest, line.n);
	}
	if (m->why.kind == FAIL_NONE)
		(void)!put_all(m, m->gathered, buf_str(&quoted)); /* why is kept */
	buf_free(&quoted);
	buf_take(&m->out, before - rest.n);
}

void courier_mbox_begin(struct courier_mbox *m, str path, str sender, str head)
{
	time_t now = time(NULL);
	struct buf line = { 0 };
	char date[64];
	struct tm utc;

	*m = (struct courier_mbox){ .open = true, .gathered = -1 };
	str_to_c(path, m->path, sizeof m->path);
	m->gathered = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (m->gathered < 0)
		m->gathered = memfd_create("mbox", MFD_CLOEXEC);
	if (m->gathered < 0) {
		failed(m, "gather a message for");
		return;
	}
	strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", gmtime_r(&now, &utc));
	buf_putf(&line, "From %.*s  %s\n", STR(sender.n > 0 ? sender : S("MAILER-DAEMON")), date);
	(void)!put_all(m, m->gathered, buf_str(&line)); /* why is kept */
	buf_free(&line);
	courier_mbox_write(m, head);
}

void courier_mbox_write(struct courier_mbox *m, str bytes)
{
	if (m->why.kind != FAIL_NONE)
		return;
	courier_lines_put(&m->lines, bytes, &m->out);
	if (buf_str(&m->out).n >= OUT_MAX)
		write_out(m, false);
}

/* --- locking -----------------------------------------------------------------------------------
 */

static void nap(int64_t *left_ms)
{
	struct timespec t = { .tv_nsec = LOOK_MS * 1000000L };

	nanosleep(&t, NULL);
	*left_ms -= LOOK_MS;
}

/* A lock that its owner has forgotten is nobody's. */
static void clear_stale(const char *lock)
{
	struct stat st;

	if (stat(lock, &st) == 0 && time(NULL) - st.st_mtime > COURIER_MBOX_STALE_S)
		unlink(lock);
}

/* PATH.lock, as readers of mail make it; a folder in which we may make none is no obstacle. */
static bool take_dot_lock(struct courier_mbox *m, const char *lock, bool *taken, int64_t *left_ms)
{
	for (;;) {
		int fd = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		*taken = fd >= 0;
		if (fd >= 0)
			close(fd);
		if (fd >= 0 || errno == EACCES || errno == EPERM || errno == EROFS ||
			errno == ENAMETOOLONG)
			return true;
		if (errno != EEXIST || *left_ms <= 0)
			return failed(m, "lock");
		clear_stale(lock);
		nap(left_ms);
	}
}

static bool take_lock(struct courier_mbox *m, int fd, int64_t *left_ms)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	while (fcntl(fd, F_SETLK, &whole) != 0) {
		if ((errno != EAGAIN && errno != EACCES && errno != EINTR) || *left_ms <= 0)
			return failed(m, "lock");
		nap(left_ms);
	}
	return true;
}

/* --- appending ---------------------------------------------------------------------------------
 */

static bool copy(struct courier_mbox *m, int to)
{
	char bytes[COPY_OCTETS];
	ssize_t n;

	if (lseek(m->gathered, 0, SEEK_SET) != 0)
		return failed(m, "read back what is for");
	while ((n = read(m->gathered, bytes, sizeof bytes)) != 0) {
		if (n < 0 && errno != EINTR)
			return failed(m, "read back what is for");
		if (n > 0 && !put_all(m, to, str_from(bytes, (size_t)n)))
			return false;
	}
	return true;
}

/* Whole and synced, or not at all. */
static bool append(struct courier_mbox *m, int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);

	if (end < 0)
		return failed(m, "find the end of");
	if (copy(m, fd) && fsync(fd) == 0)
		return true;
	failed(m, "sync");
	if (ftruncate(fd, end) != 0)
		failed(m, "undo a part of a message in");
	return false;
}

static bool deliver(struct courier_mbox *m)
{
	int fd = open(m->path,
		O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	char lock[COURIER_PATH_MAX + 8];
	int64_t left_ms = COURIER_MBOX_LOCK_MS;
	bool dot_lock = false, done;
	struct stat st;

	if (fd < 0)
		return failed(m, "open");
	snprintf(lock, sizeof lock, "%s.lock", m->path);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		errno = EINVAL;
		done = failed(m, "append to what is no file:");
	} else {
		done = take_dot_lock(m, lock, &dot_lock, &left_ms) && take_lock(m, fd, &left_ms) &&
		       append(m, fd);
	}
	close(fd); /* the lock goes, too */
	if (dot_lock)
		unlink(lock);
	return done;
}

bool courier_mbox_finish(struct courier_mbox *m, struct fail *why)
{
	bool delivered;

	courier_lines_end(&m->lines, &m->out);
	write_out(m, true);
	if (m->line_begun && m->why.kind == FAIL_NONE)
		(void)!put_all(m, m->gathered, S("\n"));
	if (m->why.kind == FAIL_NONE)
		(void)!put_all(m, m->gathered, S("\n"));
	delivered = m->why.kind == FAIL_NONE && deliver(m);
	*why = m->why;
	courier_mbox_drop(m);
	return delivered;
}

void courier_mbox_drop(struct courier_mbox *m)
{
	if (!m->open)
		return;
	if (m->gathered >= 0)
		close(m->gathered);
	buf_free(&m->out);
	m->open = false;
}
