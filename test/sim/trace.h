/*
 * test/sim/trace - what happened, in words, for who reads why a seed failed
 *
 * Costs nothing but a test while it is off: a seed that failed is played again with it on.
 */
#ifndef TEST_SIM_TRACE_H
#define TEST_SIM_TRACE_H

#include "base/log.h"
#include "base/str.h"

extern bool trace_on;

void trace_setup(bool on); /* print to standard output; the daemon's log too */
void trace_line(const char *format, ...) PRINTF_LIKE(1, 2);

#define trace(...)                               \
	do {                                     \
		if (trace_on)                    \
			trace_line(__VA_ARGS__); \
	} while (0)

#endif
