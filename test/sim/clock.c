#include "world/clock.h"

#include "test/sim/sim.h"

int64_t clock_wall_ms(void)
{
	return SIM_WALL_BEGIN_MS + sim_here_ns() / SIM_MS +
	       (sim.here_node ? sim.here_node->wall_ms : 0);
}

int64_t clock_steady_ms(void)
{
	return sim_here_ns() / SIM_MS + (sim.here_node ? sim.here_node->steady_ms : 0);
}

int clock_zone_minutes(int64_t wall_ms)
{
	return wall_ms / 1000 / 86400 % 2 ? 60
					  : -210; /* zones change, and not by whole hours only */
}

uint64_t clock_random(void)
{
	return prng_next(&sim.prng);
}
