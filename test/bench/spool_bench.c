/*
 * The spool alone: so many writers at once, each commits one message after the other and then
 * records its delivery.
 *
 *	bench_spool DIR [WRITERS [OCTETS [SECONDS]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/list.h"
#include "base/mem.h"
#include "queue/spool.h"
#include "world/clock.h"

#define PORTION 16384 /* as bytes come from a socket */

struct writer {
	struct spool_draft *draft;
	size_t written;
	struct envelope envelope;
	struct envelope_rcpt rcpt;
	struct spool_commit commit;
};

struct delivery {
	struct spool_record record;
	struct spool_update update;
};

static struct spool *spool;
static struct loop *loop;
static char *message;
static size_t octets;
static uint64_t next_id = 1, commits, refused;
static size_t busy;
static bool over;
static struct loop_timer end_timer;

static void none_found(void *owner, const struct spool_found *found)
{
	(void)owner;
	(void)found;
}

static void delivered(struct spool_record *r)
{
	mem_free(AROUND(r, struct delivery, record));
	if (--busy == 0)
		loop_stop(loop);
}

static void deliver(uint64_t id)
{
	struct delivery *d = MEM_NEW(struct delivery);

	d->update.id = id;
	d->update.now.state = SPOOL_DELIVERED;
	d->record = (struct spool_record){
		.updates = &d->update, .count = 1, .loop = loop, .done = delivered
	};
	busy++;
	spool_record(spool, &d->record);
}

static void begin(struct writer *w);

static void committed(struct spool_commit *c)
{
	struct writer *w = AROUND(c, struct writer, commit);

	if (c->ok) {
		commits++;
		content_drop(c->content);
		deliver(w->envelope.id);
	} else {
		refused++;
	}
	busy--;
	if (!over)
		begin(w);
	else if (busy == 0)
		loop_stop(loop);
}

static void go_on(void *owner)
{
	struct writer *w = owner;

	while (w->written < octets) {
		str portion =
			str_first(str_from(message + w->written, octets - w->written), PORTION);

		w->written += portion.n;
		if (spool_draft_write(w->draft, portion) == SPOOL_WRITE_ENOUGH &&
			w->written < octets)
			return;
	}
	w->envelope.id = next_id++;
	w->envelope.octets = octets;
	w->commit = (struct spool_commit){
		.draft = w->draft, .envelope = &w->envelope, .loop = loop, .done = committed
	};
	spool_commit(spool, &w->commit);
}

static void begin(struct writer *w)
{
	busy++;
	w->written = 0;
	w->rcpt.address = w->rcpt.original = S("somebody@example.org");
	w->envelope = (struct envelope){ .sender = S("sender@example.net"),
		.helo = S("client.example.net"),
		.rcpts = &w->rcpt,
		.rcpt_count = 1 };
	w->draft = spool_draft_new(spool, loop, go_on, w);
	go_on(w);
}

static void stop(struct loop_timer *timer)
{
	(void)timer;
	over = true;
}

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
	struct spool_setup setup = { .dir = str_of(argc > 1 ? argv[1] : "/tmp/spool-bench"),
		.memory_octets = 128 << 20 };
	size_t writers = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
	int64_t seconds = argc > 4 ? strtol(argv[4], NULL, 10) : 5, from_ms;
	struct spool_numbers n;
	struct writer *all;
	struct fail why;
	double before;

	octets = argc > 3 ? strtoul(argv[3], NULL, 10) : 4096;
	message = mem_alloc(octets);
	memset(message, 'x', octets);
	loop = loop_new("bench");
	spool = spool_open(&setup, none_found, NULL, &why);
	if (!spool) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	all = mem_zero(writers * sizeof *all);
	end_timer.run = stop;
	from_ms = clock_steady_ms();
	before = cpu_s();
	loop_timer_set(loop, &end_timer, from_ms + 1000 * seconds);
	for (size_t i = 0; i < writers; i++)
		begin(&all[i]);
	loop_run(loop);
	spool_numbers(spool, &n);
	printf("%zu writers, %zu octets: %.0f commits a second, %.1f us of CPU a commit, "
	       "%.1f commits a sync, %llu refused, log %llu MiB\n",
		writers, octets, (double)commits * 1e3 / (double)(clock_steady_ms() - from_ms),
		(cpu_s() - before) * 1e6 / (double)commits, (double)commits / (double)n.syncs,
		(unsigned long long)refused, (unsigned long long)n.log_octets >> 20);
	spool_close(spool);
	loop_free(loop);
	mem_free(all);
	mem_free(message);
	return 0;
}
