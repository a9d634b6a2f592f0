/*
 * world/clock - what time it is, and secrets nobody can guess
 */
#ifndef WORLD_CLOCK_H
#define WORLD_CLOCK_H

#include "base/str.h"

int64_t clock_wall_ms(void) MUST_USE;   /* since 1970, UTC; may jump */
int64_t clock_steady_ms(void) MUST_USE; /* never goes back; the same clock as loop_now_ms */

/* Minutes east of UTC here at that moment, for the dates in headers. */
int clock_zone_minutes(int64_t wall_ms) MUST_USE;

uint64_t clock_random(void) MUST_USE; /* 64 bits from the kernel's generator */

#endif
