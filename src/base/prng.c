#include "base/prng.h"

#include <assert.h>

static uint64_t rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

void prng_seed(struct prng *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += 0x9e3779b97f4a7c15ULL;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
		z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
		r->state[i] = z ^ z >> 31;
	}
}

uint64_t prng_next(struct prng *r)
{
	uint64_t *s = r->state;
	uint64_t result = rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

uint64_t prng_below(struct prng *r, uint64_t n)
{
	assert(n > 0);
	return (uint64_t)(((unsigned __int128)prng_next(r) * n) >> 64);
}

int64_t prng_between(struct prng *r, int64_t low, int64_t high)
{
	assert(low <= high);
	return low + (int64_t)prng_below(r, (uint64_t)(high - low) + 1);
}

bool prng_chance(struct prng *r, unsigned per_mille)
{
	return prng_below(r, 1000) < per_mille;
}
