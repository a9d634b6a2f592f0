/*
 * test/sim/story - one whole history: made up from its seed, told, and judged
 */
#ifndef TEST_SIM_STORY_H
#define TEST_SIM_STORY_H

#include "base/str.h"

struct story_numbers {
	unsigned crashes, letters, accepted, delivered, bounced, refused, second_copies,
		disk_failures;
	size_t memory_octets_max; /* of the pivot */
	uint64_t events;
	uint64_t digest; /* of the last story: the same seed has the same one */
};

/* True: every promise was kept; else sim.failure says what was not.  Adds to the numbers. */
bool story_tell(uint64_t seed, struct story_numbers *n);

#endif
