/*
 * base/prng - numbers that look random, from a seed
 *
 * For jitter, for the choice among equals, and for the simulator: the same seed gives the same
 * numbers.  Secrets come from world/random.  The generator is xoshiro256**, seeded by splitmix64.
 */
#ifndef BASE_PRNG_H
#define BASE_PRNG_H

#include "base/str.h"

struct prng {
	uint64_t state[4];
};

void prng_seed(struct prng *r, uint64_t seed);
uint64_t prng_next(struct prng *r);
uint64_t prng_below(struct prng *r, uint64_t n);                 /* 0 to n - 1; n > 0 */
int64_t prng_between(struct prng *r, int64_t low, int64_t high); /* both ends included */
bool prng_chance(struct prng *r, unsigned per_mille);            /* true so often in a thousand */

#endif
