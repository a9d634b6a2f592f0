/*
 * test/sim/dns - what the simulated resolver knows, and how it fails
 */
#ifndef TEST_SIM_DNS_H
#define TEST_SIM_DNS_H

#include "base/str.h"

struct dns_faults {
	str zone; /* as a zone file; may change while questions are open */
	int64_t latency_ns_max;
	unsigned trouble_per_mille;
	unsigned slow_per_mille; /* answers that take up to RESOLVE_MS_MAX */
};

extern struct dns_faults dns_faults;

#endif
