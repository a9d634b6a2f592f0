/*
 * conf/nearest - the known word that a misspelt one is nearest to
 *
 * Nearness is the number of letters that were added, left out, replaced or swapped with their
 * neighbour; among equals the first one offered is taken.
 */
#ifndef CONF_NEAREST_H
#define CONF_NEAREST_H

#include "base/str.h"

struct conf_nearest {
	str word; /* the misspelt one */
	str best; /* the nearest so far; "" before the first */
	unsigned distance;
};

void conf_nearest_offer(struct conf_nearest *n, str known);

/* How many such steps lead from a to b; words are cut to CONF_NEAREST_MAX bytes first. */
#define CONF_NEAREST_MAX 64
unsigned conf_nearest_distance(str a, str b) MUST_USE;

#endif
