/*
 * test/sim/source - what simulated databases and directories have, and how they fail
 */
#ifndef TEST_SIM_SOURCE_H
#define TEST_SIM_SOURCE_H

#include "base/str.h"

struct source_table {
	str place; /* as a setup has it */
	str rows;  /* "KEY VALUE" lines */
};

struct source_faults {
	const struct source_table *tables;
	size_t table_count;
	int64_t latency_ns_max;
	unsigned dead_per_mille; /* questions that fail at once */
	unsigned hung_per_mille; /* questions that get no answer */
};

extern struct source_faults source_faults;

#endif
