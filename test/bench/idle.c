/*
 * bench/idle - holds connections that do nothing
 *
 *	idle --to ADDRESS:PORT --connections N [--from ADDRESS]
 *
 * Each waits for the greeting, says EHLO, hears the answer, and is silent.  When all stand it
 * prints "holding N", and holds them until it is killed.  A process has 20,000 descriptors at most:
 * for more, run several, each from an address of its own (127.0.0.2, ...).
 */
#include <signal.h>
#include <stdio.h>

#include "base/mem.h"
#include "test/bench/measure.h"
#include "test/bench/out.h"

#define AT_ONCE_MAX 64 /* connections being made */

static struct {
	struct loop *loop;
	struct endpoint to;
	struct ip from;
	struct out *outs;
	uint64_t count, begun, holding, lost;
} all;

static void begin_next(void);

static void ready(struct out *out)
{
	(void)out;
	if (++all.holding + all.lost == all.count) {
		printf("holding %llu\n", (unsigned long long)all.holding);
		fflush(stdout);
	}
	begin_next();
}

static str body(struct out *out)
{
	(void)out;
	return S("");
}

static void results(struct out *out)
{
	(void)out;
}

static void over(struct out *out, const struct fail *trouble)
{
	(void)out;
	fprintf(stderr, "lost: %s\n", trouble->text);
	all.lost++;
	begin_next();
}

static const struct out_calls calls = {
	.ready = ready,
	.body = body,
	.results = results,
	.over = over,
};

static void begin_next(void)
{
	if (all.begun < all.count)
		out_open(&all.outs[all.begun++], all.loop, &all.to,
			all.from.family ? &all.from : NULL, &calls);
}

int main(int argc, char **argv)
{
	const char *from = measure_option(argc, argv, "from", "");

	signal(SIGPIPE, SIG_IGN);
	all.to = measure_endpoint(argc, argv, "to");
	all.count = measure_number(argc, argv, "connections", NULL);
	if (*from && !ip_parse(str_of(from), &all.from))
		measure_give_up("--from %s: not an address", from);
	all.outs = mem_zero(all.count * sizeof *all.outs);
	all.loop = loop_new("idle");
	for (size_t i = 0; i < AT_ONCE_MAX; i++)
		begin_next();
	loop_run(all.loop);
	return 0;
}
