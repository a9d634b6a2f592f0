/* Log lines on their way out: whole, in order, never waited for. */
#include "test/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/number.h"
#include "world/logger.h"

static int true_stderr, read_end;

/* Standard error becomes one end of a pipe or a socket; the other is ours. */
static void redirect(bool socket)
{
	int ends[2];

	CHECK((socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends)) == 0);
	true_stderr = dup(STDERR_FILENO);
	CHECK(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
	read_end = ends[0];
	fcntl(read_end, F_SETFL, O_NONBLOCK);
}

static void restore(void)
{
	dup2(true_stderr, STDERR_FILENO);
	close(true_stderr);
	close(read_end);
	logger_setup(LOG_INFO, LOG_PLAIN); /* lets go of the pipe */
	log_setup(NULL, LOG_INFO, LOG_PLAIN);
}

static void read_all(struct buf *to)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(read_end, bytes, sizeof bytes)) > 0)
		buf_put(to, str_from(bytes, (size_t)n));
}

static str without_time(str line)
{
	str time;

	CHECK(str_cut(&line, ' ', &time));
	CHECK(str_ends(time, S("Z")) && str_starts(time, S("20")));
	return line;
}

TEST(logger_holds_lines_until_the_end_of_a_round)
{
	struct buf got = { 0 };
	str all, line;

	redirect(false);
	logger_setup(LOG_INFO, LOG_PLAIN);
	log_line(LOG_INFO, "first", "%d", 1);
	read_all(&got);
	CHECK(str_ends(buf_str(&got), S("first text=1\n")));
	buf_clear(&got);
	logger_hold(true);
	log_line(LOG_DEBUG, "unwanted", "%d", 0);
	log_line(LOG_INFO, "second", "%d", 2);
	read_all(&got);
	CHECK_INT(buf_str(&got).n, 0);
	log_line(LOG_ERROR, "third", "%d", 3); /* is written at once, behind the others */
	read_all(&got);
	all = buf_str(&got);
	CHECK(str_cut(&all, '\n', &line));
	CHECK_STR(without_time(line), S("second text=2"));
	CHECK(str_cut(&all, '\n', &line));
	CHECK_STR(without_time(line), S("third level=error text=3"));
	CHECK_INT(all.n, 0);
	buf_clear(&got);
	log_line(LOG_INFO, "fourth", "%d", 4);
	logger_hold(false);
	read_all(&got);
	CHECK(str_ends(buf_str(&got), S("fourth text=4\n")));
	buf_free(&got);
	restore();
}

TEST(logger_writes_json_with_its_time)
{
	struct buf got = { 0 };
	str all, time;

	redirect(false);
	logger_setup(LOG_INFO, LOG_JSON);
	log_line(LOG_INFO, "hello", "%s", "x");
	read_all(&got);
	all = buf_str(&got);
	CHECK(str_starts(all, S("{\"time\":\"20")));
	CHECK(str_cut(&all, ',', &time));
	CHECK_STR(all, S("\"event\":\"hello\",\"level\":\"info\",\"text\":\"x\"}\n"));
	buf_free(&got);
	restore();
}

TEST(logger_gives_the_journal_priorities)
{
	struct buf got = { 0 };
	struct stat st;
	char stream[64];

	redirect(true);
	CHECK(fstat(STDERR_FILENO, &st) == 0);
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	logger_setup(LOG_INFO, LOG_PLAIN);
	log_line(LOG_WARNING, "hello", "%s", "x");
	read_all(&got);
	CHECK_STR(buf_str(&got), S("<4>hello level=warning text=x\n"));
	restore();
	redirect(true); /* another stream than systemd's */
	logger_setup(LOG_INFO, LOG_PLAIN);
	buf_clear(&got);
	log_line(LOG_INFO, "hello", "%s", "x");
	read_all(&got);
	CHECK_STR(without_time(buf_str(&got)), S("hello text=x\n"));
	unsetenv("JOURNAL_STREAM");
	buf_free(&got);
	restore();
}

/* Nobody reads for a while: lines are lost, but no line is torn, and the loss is counted. */
static void check_slow_reader(bool socket)
{
	struct buf got = { 0 };
	uint64_t kept = 0, lost = 0, number, expected = 0;
	str all, line;

	redirect(socket);
	logger_setup(LOG_INFO, LOG_PLAIN);
	for (int i = 0; i < 20000; i++)
		log_line(LOG_INFO, "n", "%d", i);
	for (int i = 0; i < 100; i++) { /* it reads on, and we write what was held, and more */
		read_all(&got);
		log_line(LOG_INFO, "n", "%d", 20000 + i);
	}
	logger_flush();
	read_all(&got);
	all = buf_str(&got);
	while (str_cut(&all, '\n', &line)) {
		line = without_time(line);
		if (str_starts(line, S("log_lost level=warning lines="))) {
			CHECK(number_parse(str_skip(line, 29), 100000, &number));
			lost += number;
			expected += number;
			continue;
		}
		CHECK(str_starts(line, S("n text=")));
		CHECK(number_parse(str_skip(line, 7), 100000, &number));
		CHECK(number == expected);
		expected++;
		kept++;
	}
	CHECK_INT(all.n, 0);
	CHECK(lost > 0);
	CHECK_INT(kept + lost, 20100);
	buf_free(&got);
	logger_hold(false);
	restore();
}

TEST(logger_never_waits_for_a_slow_reader)
{
	check_slow_reader(false);
	check_slow_reader(true);
}

TEST(logger_survives_a_reader_that_is_gone)
{
	redirect(true);
	logger_setup(LOG_INFO, LOG_PLAIN);
	shutdown(read_end, SHUT_RDWR);
	for (int i = 0; i < 5000; i++)
		log_line(LOG_INFO, "n", "%d", i);
	logger_flush();
	restore();
}
