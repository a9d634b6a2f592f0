/*
 * queue/spool_fake - a world for the spool's property tests: loops of one thread, a disk that
 * forgets
 *
 * Linked in place of world/loop, world/disk and world/clock.  Everything that happens is chosen by
 * a seed: which loop runs next, and at a power cut, which of the writes that were not synced are
 * kept, lost, or torn in sectors, and how many of the names.
 */
#ifndef QUEUE_SPOOL_FAKE_H
#define QUEUE_SPOOL_FAKE_H

#include "base/prng.h"
#include "base/str.h"

extern struct prng fake_dice;
extern int64_t fake_now_ms;
extern uint64_t fake_reads, fake_octets_read; /* so often, and so much, was read of files */

void fake_reset(uint64_t seed); /* an empty disk, time zero */

/* Run what has been posted, at most so many tasks; false: there was nothing to do. */
bool fake_run(unsigned tasks_max);
void fake_sleep(int64_t ms); /* run everything for so long */

/* The disk's operations are counted.  From this one on (0: never) the power is off: it, and all
 * behind it, fail; that one may have been done in part. */
void fake_cut_at(uint64_t operation);
uint64_t fake_operations(void);
bool fake_is_cut(void);
void fake_power_on(void); /* what was durable is there, and some of the rest */

void fake_sync_fails(bool fails);
void fake_create_fails(bool fails); /* as when too many files are open */
void fake_write_fails_at(
	uint64_t operation);           /* no space, when all but its last sectors are there */
void fake_capacity(uint64_t octets);   /* of all files together; more does not fit */
void fake_free_shown(uint64_t octets); /* what disk_free_octets says; 0: the truth */

/* Damage: change a byte of a file. */
bool fake_rot(str name, uint64_t offset);
bool fake_bad_place(str name, uint64_t offset); /* a byte that cannot be read any more */
size_t fake_renames(void);                      /* so many checkpoints came into force, about */

#endif
