#include "world/clock.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/random.h>
#include <time.h>

static int64_t read_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

int64_t clock_steady_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

int clock_zone_minutes(int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm here;

	if (!localtime_r(&seconds, &here))
		return 0;
	return (int)(here.tm_gmtoff / 60);
}

/* Numbers are fetched many at a time.  A child must not hand out those that its parent still has:
 * each fork makes the stock worthless. */
#define STOCK 32

static atomic_uint forks;

static void on_fork(void)
{
	atomic_fetch_add(&forks, 1);
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, on_fork);
}

uint64_t clock_random(void)
{
	static _Thread_local uint64_t stock[STOCK];
	static _Thread_local size_t left;
	static _Thread_local unsigned stock_forks;
	uint64_t number;

	if (left == 0 || stock_forks != atomic_load(&forks)) {
		ssize_t n = getrandom(stock, sizeof stock, 0);

		assert(n == sizeof stock); /* up to 256 bytes it is all or nothing */
		left = STOCK;
		stock_forks = atomic_load(&forks);
	}
	number = stock[--left];
	stock[left] = 0;
	return number;
}
