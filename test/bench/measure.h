/*
 * bench/measure - clocks, percentiles and options of the bench's programs
 *
 * Times are microseconds of CLOCK_MONOTONIC, which all processes of a machine share: what one
 * program stamps, another may compare.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "base/ip.h"
#include "base/str.h"

int64_t measure_now_us(void) MUST_USE;
int64_t measure_cpu_us(void) MUST_USE; /* user and system time of this process so far */

/* Samples of a latency; a zeroed one is ready. */
struct measure_samples {
	uint32_t *us;
	size_t count, size;
};

void measure_add(struct measure_samples *s, int64_t us);
/* Prints "p50": 1, "p90": 2, "p99": 3, "max": 4 to standard output; sorts, and frees. */
void measure_print(struct measure_samples *s);

/* The value behind "--name" in argv; without one, the usual value; a null usual one is required. */
const char *measure_option(int argc, char **argv, const char *name, const char *usual) MUST_USE;
uint64_t measure_number(int argc, char **argv, const char *name, const char *usual) MUST_USE;
struct endpoint measure_endpoint(int argc, char **argv, const char *name) MUST_USE;

/* Say what is wrong and end. */
_Noreturn void measure_give_up(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
