#include "world/logger.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "mail/date.h"
#include "world/clock.h"

#define PREFIX_MAX 64
#define LINE_MAX (LOG_RECORD_MAX + PREFIX_MAX)

/* Where lines go; set before there are threads, and not again while standard error is the same. */
static struct {
	dev_t device;
	ino_t inode;
	int fd;
	bool is_ours;   /* to close */
	bool is_socket; /* a system call can be told not to wait */
	bool is_journal;
} sink = { .fd = STDERR_FILENO };

/* The rest of a line whose beginning the kernel has taken already: it goes before all others, of
 * whichever thread. */
static struct {
	pthread_mutex_t lock;
	size_t n;
	char text[LINE_MAX];
} begun = { .lock = PTHREAD_MUTEX_INITIALIZER };

static _Thread_local struct {
	struct buf lines;
	bool hold;
	uint64_t lost;
} mine = { .lines = { .limit_octets = LOGGER_HELD_MAX } };

/* Is this file the stream that systemd has told us of? */
static bool journal(const struct stat *st)
{
	const char *told = getenv("JOURNAL_STREAM");
	char found[64];

	snprintf(found, sizeof found, "%llu:%llu", (unsigned long long)st->st_dev,
		(unsigned long long)st->st_ino);
	return told && strcmp(told, found) == 0;
}

/* A pipe or a terminal is opened once more, so that not waiting is a property of ours alone, and
 * not of those who share standard error with us. */
static void open_sink(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) != 0)
		return;
	if (sink.device == st.st_dev && sink.inode == st.st_ino)
		return;
	if (sink.is_ours)
		close(sink.fd);
	sink.device = st.st_dev;
	sink.inode = st.st_ino;
	sink.fd = STDERR_FILENO;
	sink.is_ours = false;
	sink.is_journal = journal(&st);
	sink.is_socket = S_ISSOCK(st.st_mode);
	if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return;
	sink.fd = fd;
	sink.is_ours = true;
}

void logger_reopen(void)
{
	sink.is_ours = false; /* the descriptor is gone, or another's */
	sink.device = 0;
	sink.inode = 0;
	open_sink();
}

/* How many bytes the kernel took; 0 when we would have to wait.  When nobody will ever read, all is
 * taken. */
static size_t put(str bytes)
{
	size_t done = 0;

	while (done < bytes.n) {
		str left = str_skip(bytes, done);
		ssize_t n = sink.is_socket
				    ? send(sink.fd, left.p, left.n, MSG_DONTWAIT | MSG_NOSIGNAL)
				    : write(sink.fd, left.p, left.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return bytes.n;
		done += (size_t)n;
	}
	return done;
}

static bool put_begun(void)
{
	size_t done = put(str_from(begun.text, begun.n));

	begun.n -= done;
	memmove(begun.text, begun.text + done, begun.n);
	return begun.n == 0;
}

static void put_lines(void)
{
	str lines = buf_str(&mine.lines);
	size_t done = put(lines);

	if (done > 0 && done < lines.n && lines.p[done - 1] != '\n') {
		str rest = str_skip(lines, done);

		rest = str_first(rest, str_find(rest, '\n') + 1);
		memcpy(begun.text, rest.p, rest.n);
		begun.n = rest.n;
		done += rest.n;
	}
	buf_take(&mine.lines, done);
}

void logger_flush(void)
{
	if (buf_str(&mine.lines).n == 0)
		return;
	pthread_mutex_lock(&begun.lock);
	if (put_begun())
		put_lines();
	pthread_mutex_unlock(&begun.lock);
}

void logger_hold(bool hold)
{
	mine.hold = hold;
	if (hold)
		return;
	logger_flush();
	buf_free(&mine.lines);
}

static bool is_json(str line)
{
	return str_starts(line, S("{"));
}

static size_t print_line(enum log_level level, str line, char to[LINE_MAX])
{
	static const int priorities[] = { 7, 6, 4, 3 }; /* of syslog(3) */
	char time[DATE_TEXT_MAX];
	size_t n = 0;

	date_print_iso(clock_wall_ms(), time);
	if (sink.is_journal)
		n = (size_t)snprintf(to, LINE_MAX, "<%d>", priorities[level]);
	if (is_json(line))
		n += (size_t)snprintf(to + n, LINE_MAX - n, "{\"time\":\"%s\",%.*s\n", time,
			STR(str_skip(line, 1)));
	else if (sink.is_journal)
		n += (size_t)snprintf(to + n, LINE_MAX - n, "%.*s\n", STR(line));
	else
		n = (size_t)snprintf(to, LINE_MAX, "%s %.*s\n", time, STR(line));
	return n;
}

static bool keep(enum log_level level, str line)
{
	char text[LINE_MAX];
	str whole = str_from(text, print_line(level, line, text));

	if (buf_add(&mine.lines, whole))
		return true;
	logger_flush();
	return buf_add(&mine.lines, whole);
}

/* The record that tells of lost ones; made by hand, as log_open's would come back here. */
static bool keep_lost(bool json)
{
	char text[80];

	snprintf(text, sizeof text,
		json ? "{\"event\":\"log_lost\",\"level\":\"warning\",\"lines\":%llu}"
		     : "log_lost level=warning lines=%llu",
		(unsigned long long)mine.lost);
	return keep(LOG_WARNING, str_of(text));
}

static void logger_write(enum log_level level, str line)
{
	if (mine.lost > 0 && keep_lost(is_json(line)))
		mine.lost = 0;
	if (mine.lost > 0 || !keep(level, line))
		mine.lost++;
	if (!mine.hold || level >= LOG_WARNING)
		logger_flush();
}

void logger_setup(enum log_level lowest, enum log_format format)
{
	logger_flush();
	open_sink();
	log_setup(logger_write, lowest, format);
}
