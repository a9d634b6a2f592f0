/*
 * powercut/nosync - a Facteur that does not sync, for the counter-proof
 *
 * Loaded into facteur with LD_PRELOAD: its syncs succeed at once, and do nothing.  A power cut must
 * then lose acknowledged mail, or the test of the cuts is blind.
 */
#include <unistd.h>

int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}
