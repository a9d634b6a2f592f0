#include "test/sim/trace.h"

#include <stdarg.h>
#include <stdio.h>

#include "test/sim/sim.h"

bool trace_on;

static void begin(void)
{
	int64_t ns = sim_here_ns();

	printf("%6lld.%06lld %-9s %-10s ", (long long)(ns / SIM_S), (long long)(ns % SIM_S / 1000),
		sim.here_node ? sim.here_node->name : "-",
		sim.here_loop ? sim.here_loop->name : "-");
}

void trace_line(const char *format, ...)
{
	va_list args;

	begin();
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void log_sink_trace(enum log_level level, str line)
{
	(void)level;
	begin();
	printf("log: %.*s\n", STR(line));
}

void trace_setup(bool on)
{
	trace_on = on;
	if (on)
		setvbuf(stdout, NULL, _IOLBF, 0); /* so that nothing is missing after a crash */
	log_setup(on ? log_sink_trace : NULL, LOG_DEBUG, LOG_PLAIN);
}
