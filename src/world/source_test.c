/* A table that is asked: who asks it waits as long as it may cost, and no longer, whatever its
 * threads do.
 *
 * Here they hang where no deadline of theirs is looked at, as on a file server that is gone: in the
 * opening of a database that is a FIFO, until somebody opens its other end. */
#include "test/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "world/clock.h"
#include "world/source.h"

#define TIMEOUT_MS 100
#define PATIENCE_MS 30000 /* then what hangs is let go, so that a test fails instead */

struct asked {
	struct source_question question;
	unsigned answers;
	int64_t at_ms;
};

static struct {
	char folder[32], path[64];
	struct source_setup setup;
	struct source *source;
	struct loop *loop;
	struct loop_timer watch;
	unsigned open; /* questions */
	int writer;    /* the other end of the FIFO; -1: not opened */
} here;

/* Its threads open it at the same time as we do, or later: both ends wait for nobody then. */
static void let_go(void)
{
	if (here.writer < 0)
		here.writer = open(here.path, O_RDWR | O_CLOEXEC);
	CHECK(here.writer >= 0);
}

static void too_long(struct loop_timer *timer)
{
	(void)timer;
	let_go();
	loop_stop(here.loop);
}

static void begin(unsigned connections, unsigned waiting_max)
{
	snprintf(here.folder, sizeof here.folder, "/tmp/facteur-source-XXXXXX");
	CHECK(mkdtemp(here.folder));
	snprintf(here.path, sizeof here.path, "%s/db", here.folder);
	CHECK(mkfifo(here.path, 0600) == 0);
	here.writer = -1;
	here.setup = (struct source_setup){ .kind = SOURCE_SQLITE,
		.place = str_of(here.path),
		.query = S("SELECT 1"),
		.timeout_ms = TIMEOUT_MS,
		.connections = connections,
		.waiting_max = waiting_max };
	here.source = source_open(&here.setup);
	here.loop = loop_new("test");
	here.watch.run = too_long;
}

static void answered(struct source_question *q)
{
	struct asked *a = AROUND(q, struct asked, question);

	a->answers++;
	a->at_ms = clock_steady_ms();
	if (--here.open == 0)
		loop_stop(here.loop);
}

static void ask(struct asked *a)
{
	*a = (struct asked){ .question.answered = answered };
	source_ask(here.source, here.loop, S("key"), &a->question);
	here.open++;
}

/* Until all that was asked is answered; or too long. */
static void serve(void)
{
	loop_timer_set(here.loop, &here.watch, clock_steady_ms() + PATIENCE_MS);
	loop_run(here.loop);
	loop_timer_cancel(here.loop, &here.watch);
}

static void look(struct loop_timer *timer)
{
	if (source_unended() == 0)
		loop_stop(here.loop);
	else
		loop_timer_set(here.loop, timer, clock_steady_ms() + 1);
}

/* The threads come back, to nobody. */
static void end(void)
{
	struct loop_timer timer = { .run = look };

	let_go();
	loop_timer_set(here.loop, &timer, clock_steady_ms());
	loop_timer_set(here.loop, &here.watch, clock_steady_ms() + PATIENCE_MS);
	loop_run(here.loop);
	CHECK_INT(source_unended(), 0);
	loop_timer_cancel(here.loop, &here.watch);
	loop_free(here.loop);
	close(here.writer);
	CHECK(unlink(here.path) == 0 && rmdir(here.folder) == 0);
}

static void check_late(const struct asked *a, int64_t begun_ms)
{
	CHECK_INT(a->answers, 1);
	CHECK_INT(a->question.end, SOURCE_FAILED);
	CHECK_INT(a->question.why.kind, FAIL_TEMPORARY);
	CHECK_STR(str_of(a->question.why.text), S("no answer within 100ms"));
	CHECK(!a->question.ask);
	CHECK(a->at_ms - begun_ms >= TIMEOUT_MS && a->at_ms - begun_ms < PATIENCE_MS);
}

/* Both of its threads hang, and a third question waits behind them: each costs its timeout.  They
 * hang on, and what is asked then costs no more. */
TEST(source_costs_its_timeout_while_its_threads_hang)
{
	struct asked asked[3];

	begin(2, 10);
	for (unsigned round = 0; round < 2; round++) {
		int64_t begun_ms = clock_steady_ms();

		for (size_t i = 0; i < LENGTH(asked); i++)
			ask(&asked[i]);
		serve();
		CHECK_INT(here.writer, -1); /* nobody had to help */
		for (size_t i = 0; i < LENGTH(asked); i++)
			check_late(&asked[i], begun_ms);
		CHECK_INT(source_unended(), (round + 1) * LENGTH(asked));
	}
	source_close(here.source); /* those that were given up do no harm */
	end();
	for (size_t i = 0; i < LENGTH(asked); i++)
		CHECK_INT(asked[i].answers, 1);
}

/* More than may wait are refused at once; who has left is not answered. */
TEST(source_refuses_at_once_what_would_wait_too_long)
{
	struct asked first, gone, refused[3];
	unsigned at_once = 0;

	begin(1, 1);
	ask(&first);
	ask(&gone); /* waits behind it, or not even that: the thread may not have begun */
	for (size_t i = 0; i < LENGTH(refused); i++)
		ask(&refused[i]);
	source_cancel(&gone.question);
	here.open--;
	serve();
	CHECK_INT(here.writer, -1);
	CHECK_INT(first.answers, 1);
	CHECK_INT(gone.answers, 0);
	for (size_t i = 0; i < LENGTH(refused); i++) {
		CHECK_INT(refused[i].answers, 1);
		CHECK_INT(refused[i].question.end, SOURCE_FAILED);
		at_once += str_eq(str_of(refused[i].question.why.text),
			S("1 questions wait for an answer already"));
	}
	CHECK(at_once >= LENGTH(refused) - 1);
	source_close(here.source);
	end();
	CHECK_INT(gone.answers, 0);
}
