#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/number.h"
#include "test/sim/sim.h"
#include "test/sim/story.h"
#include "test/sim/trace.h"

#define JOBS_MAX 64
#define AGAIN_EVERY 50
#define SEED_SECONDS_MAX 60 /* of one seed; a world that never ends is a failure, too */
#define SHOWN_MAX 3         /* failures that are told in full */
#define TAIL_LINES "60"

/* Shared with the children: each takes the next seed, and says which one it is at. */
struct board {
	uint64_t next, last;
	bool first_only; /* stop when one has failed */
	uint64_t passed, failed;
	uint64_t at[JOBS_MAX];
	uint64_t failures[1000];
	struct story_numbers numbers[JOBS_MAX];
};

/* Freed memory is kept from use for long enough, and not so long that it is all new pages. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "quarantine_size_mb=16";
}

static struct board *board;
static const char *self;

static void usage(void)
{
	fprintf(stderr,
		"usage: sim [SEED] [--seeds FROM-TO] [--jobs N] [--first-failure] [--verbose]\n");
	exit(2);
}

static bool tell(uint64_t seed, struct story_numbers *n)
{
	bool kept;

	alarm(SEED_SECONDS_MAX);
	kept = story_tell(seed, n);
	alarm(0);
	if (!kept) {
		printf("seed %llu: %s\n", (unsigned long long)seed, sim.failure);
		fflush(stdout);
	}
	return kept;
}

/* Now and then a seed is told twice: were it another story then, no failure could be played again.
 */
static bool tell_again(uint64_t seed, const struct story_numbers *first)
{
	struct story_numbers second = { 0 };

	if (seed % AGAIN_EVERY != 0)
		return true;
	if (tell(seed, &second) && second.digest == first->digest)
		return true;
	printf("seed %llu: is another story when it is told again\n", (unsigned long long)seed);
	return false;
}

static void note_failure(uint64_t seed)
{
	uint64_t n = __atomic_fetch_add(&board->failed, 1, __ATOMIC_RELAXED);

	if (n < LENGTH(board->failures))
		board->failures[n] = seed;
}

static void work(unsigned job)
{
	for (;;) {
		uint64_t seed = __atomic_fetch_add(&board->next, 1, __ATOMIC_RELAXED);

		if (seed > board->last || (board->first_only && board->failed > 0))
			break;
		board->at[job] = seed;
		if (tell(seed, &board->numbers[job]) && tell_again(seed, &board->numbers[job]))
			__atomic_add_fetch(&board->passed, 1, __ATOMIC_RELAXED);
		else
			note_failure(seed);
	}
	board->at[job] = UINT64_MAX;
}

static pid_t start(unsigned job)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();

	if (pid == 0) {
		work(job);
		fflush(stdout);
		_exit(0);
	}
	return pid;
}

/* A child that dies has failed at its seed; another one takes over. */
static void run_jobs(unsigned jobs)
{
	pid_t pids[JOBS_MAX];
	unsigned running = jobs;

	for (unsigned i = 0; i < jobs; i++)
		pids[i] = start(i);
	while (running > 0) {
		int status;
		pid_t pid = wait(&status);
		unsigned i = 0;

		while (i < jobs && pids[i] != pid)
			i++;
		if (i == jobs)
			continue;
		running--;
		if (status == 0)
			continue;
		printf("seed %llu: the process died (%s)\n", (unsigned long long)board->at[i],
			WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "sanitizer");
		note_failure(board->at[i]);
		pids[i] = start(i);
		running++;
	}
}

/* The last words of a failed world, from a run of its own. */
static void show(uint64_t seed)
{
	char command[512];

	printf("\n--- the last events of seed %llu (all of them: sim %llu --verbose) ---\n",
		(unsigned long long)seed, (unsigned long long)seed);
	fflush(stdout);
	snprintf(command, sizeof command, "'%s' %llu --verbose 2>&1 | tail -n " TAIL_LINES, self,
		(unsigned long long)seed);
	if (system(command) != 0)
		printf("(it cannot be shown)\n");
}

static int run_many(uint64_t from, uint64_t to, unsigned jobs)
{
	struct story_numbers sum = { 0 };

	board->next = from;
	board->last = to;
	run_jobs(jobs);
	for (uint64_t i = 0; i < board->failed && i < SHOWN_MAX; i++)
		show(board->failures[i]);
	for (unsigned i = 0; i < jobs; i++) {
		const struct story_numbers *n = &board->numbers[i];

		sum.crashes += n->crashes;
		sum.letters += n->letters;
		sum.accepted += n->accepted;
		sum.delivered += n->delivered;
		sum.bounced += n->bounced;
		sum.refused += n->refused;
		sum.second_copies += n->second_copies;
		sum.disk_failures += n->disk_failures;
		sum.events += n->events;
		if (n->memory_octets_max > sum.memory_octets_max)
			sum.memory_octets_max = n->memory_octets_max;
	}
	printf("%llu seeds: %u crashes, %u failures of the disk; %u messages sent, %u accepted, %u "
	       "copies "
	       "delivered (%u of them second ones after an accident), %u bounced, %u recipients "
	       "refused; %llu events; the pivot never held more than %zu KiB\n",
		(unsigned long long)(to - from + 1), sum.crashes, sum.disk_failures, sum.letters,
		sum.accepted, sum.delivered, sum.second_copies, sum.bounced, sum.refused,
		(unsigned long long)sum.events, sum.memory_octets_max / 1024);
	printf("%llu passed, %llu failed\n", (unsigned long long)board->passed,
		(unsigned long long)board->failed);
	return board->failed > 0;
}

static int run_one(uint64_t seed)
{
	struct story_numbers n = { 0 };
	bool kept = tell(seed, &n);

	printf("seed %llu: %u crashes, %u messages sent, %u accepted, %u copies delivered, %u "
	       "bounced, %llu events\n",
		(unsigned long long)seed, n.crashes, n.letters, n.accepted, n.delivered, n.bounced,
		(unsigned long long)n.events);
	printf("%d passed, %d failed\n", kept, !kept);
	return !kept;
}

static bool range(str s, uint64_t *from, uint64_t *to)
{
	str head;

	if (!str_cut(&s, '-', &head))
		return false;
	return number_parse(head, UINT64_MAX - 1, from) && number_parse(s, UINT64_MAX - 1, to) &&
	       *from <= *to;
}

int main(int argc, char **argv)
{
	uint64_t from = 0, to = 99, jobs = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN), seed = 0;
	bool one = false, verbose = false, first_only = false;

	self = argv[0];
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--verbose") == 0)
			verbose = true;
		else if (strcmp(argv[i], "--first-failure") == 0)
			first_only = true;
		else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc) {
			if (!range(str_of(argv[++i]), &from, &to))
				usage();
		} else if (strcmp(argv[i], "--jobs") == 0 && i + 1 < argc) {
			if (!number_parse(str_of(argv[++i]), JOBS_MAX, &jobs) || jobs == 0)
				usage();
		} else if (number_parse(str_of(argv[i]), UINT64_MAX - 1, &seed))
			one = true;
		else
			usage();
	}
	trace_setup(verbose);
	if (one)
		return run_one(seed);
	board = mmap(
		NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		return 75;
	board->first_only = first_only;
	return run_many(from, to, (unsigned)(jobs < JOBS_MAX ? jobs : JOBS_MAX));
}
