#include "test/bench/measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/mem.h"
#include "base/number.h"

int64_t measure_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t measure_cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
	       u.ru_stime.tv_usec;
}

void measure_add(struct measure_samples *s, int64_t us)
{
	if (s->count == s->size) {
		s->size = s->size ? 2 * s->size : 1024;
		s->us = mem_grow(s->us, s->size * sizeof *s->us);
	}
	s->us[s->count++] = us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void measure_print(struct measure_samples *s)
{
	static const struct {
		const char *name;
		size_t per_mille;
	} rows[] = {
		{"p50",  500 },
                { "p90", 900 },
                { "p99", 990 },
                { "max", 1000}
	};

	if (s->count)
		qsort(s->us, s->count, sizeof *s->us, compare);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		size_t at = s->count ? (s->count - 1) * rows[i].per_mille / 1000 : 0;

		printf("%s\"%s\": %u", i ? ", " : "", rows[i].name, s->count ? s->us[at] : 0);
	}
	mem_free(s->us);
	*s = (struct measure_samples){ 0 };
}

const char *measure_option(int argc, char **argv, const char *name, const char *usual)
{
	for (int i = 1; i + 1 < argc; i += 2)
		if (strncmp(argv[i], "--", 2) == 0 && strcmp(argv[i] + 2, name) == 0)
			return argv[i + 1];
	if (!usual)
		measure_give_up("--%s is missing", name);
	return usual;
}

uint64_t measure_number(int argc, char **argv, const char *name, const char *usual)
{
	const char *text = measure_option(argc, argv, name, usual);
	uint64_t value;

	if (!number_parse_size(str_of(text), &value))
		measure_give_up("--%s %s: not a number", name, text);
	return value;
}

struct endpoint measure_endpoint(int argc, char **argv, const char *name)
{
	const char *text = measure_option(argc, argv, name, NULL);
	struct endpoint e = { 0 };

	/* port 0 is "any" for who listens */
	if (!endpoint_parse(str_of(text), 0, &e))
		measure_give_up("--%s %s: not an address and a port", name, text);
	return e;
}

void measure_give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}
