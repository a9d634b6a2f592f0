/*
 * base/tally - the most frequent of endlessly many keys, in bounded memory
 *
 * Exact while there are at most TALLY_KEYS_MAX keys.  Beyond that a new key takes the place of the
 * rarest one and inherits its count as a bound of error ("space saving", Metwally and others 2005):
 * no key that is really among the frequent ones is missed, and each says by how much its count may
 * be too high.
 */
#ifndef BASE_TALLY_H
#define BASE_TALLY_H

#include "base/heap.h"
#include "base/map.h"

#define TALLY_KEYS_MAX 20000
#define TALLY_KEY_OCTETS_MAX 256 /* of a key; longer ones are cut */
#define TALLY_SUMS 4             /* what may be added up for each key */

struct tally_row {
	struct heap_node node; /* its count */
	str key;               /* lives as long as the row */
	int64_t error;         /* its count may be too high by so much */
	int64_t sums[TALLY_SUMS];
};

struct tally {
	struct map rows;
	struct heap by_count;
	bool exact; /* false once a key was thrown out; set by tally_init */
};

void tally_init(struct tally *t);
void tally_free(struct tally *t);

/* Count the key by so much; the row is there for more, until the next call. */
struct tally_row *tally_add(struct tally *t, str key, int64_t by);

/* The most frequent ones, the first first, equals by key.  Returns how many: at most max. */
size_t tally_top(const struct tally *t, const struct tally_row **to, size_t max) MUST_USE;

#endif
