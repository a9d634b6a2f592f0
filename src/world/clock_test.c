/* Clocks and random numbers. */
#include "test/test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "world/clock.h"

TEST(clock_steady_never_goes_back)
{
	int64_t before = clock_steady_ms();

	for (int i = 0; i < 10000; i++) {
		int64_t now = clock_steady_ms();

		CHECK(now >= before);
		before = now;
	}
	CHECK(clock_wall_ms() > 1700000000000);
}

TEST(clock_zone_follows_the_seasons)
{
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	CHECK_INT(clock_zone_minutes(1737000000000), 60);  /* January */
	CHECK_INT(clock_zone_minutes(1752600000000), 120); /* July */
	unsetenv("TZ");
	tzset();
}

TEST(clock_random_differs_in_a_child)
{
	uint64_t first = clock_random(), here, there = 0;
	int ends[2];
	pid_t child;

	CHECK(pipe(ends) == 0);
	child = fork();
	if (child == 0) {
		there = clock_random();
		_exit(write(ends[1], &there, sizeof there) == sizeof there ? 0 : 1);
	}
	here = clock_random();
	CHECK(read(ends[0], &there, sizeof there) == sizeof there);
	CHECK(waitpid(child, NULL, 0) == child);
	CHECK(first != here && here != there && there != 0);
	close(ends[0]);
	close(ends[1]);
}
