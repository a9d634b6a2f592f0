/*
 * world/disk - files of one directory, for code that may block
 *
 * Called only from loops that exist to wait for the disk.  Paths are relative to the directory and
 * have no component "..".  Every call either does all of what it says or fails; what a failure
 * leaves behind on the disk is said at the call.
 */
#ifndef WORLD_DISK_H
#define WORLD_DISK_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"

struct disk;      /* an open directory */
struct disk_file; /* an open file in it */

/* Open the directory, making it (mode 0700) where it is missing. */
struct disk *disk_open(str path, struct fail *why) MUST_USE;
void disk_close(struct disk *d);

/* Take the lock that says "one daemon at a time"; held until disk_close, or our death. */
bool disk_lock(struct disk *d, str name, struct fail *why) MUST_USE;

/* Make a new file (an existing one is an error), or open one; for reading and writing. */
struct disk_file *disk_create(struct disk *d, str name, struct fail *why) MUST_USE;
struct disk_file *disk_open_file(struct disk *d, str name, struct fail *why) MUST_USE;
void disk_close_file(struct disk_file *f);

/* Reserve space: the file is size bytes long afterwards, the new ones read as zero.  On a full disk
 * it fails and nothing changes. */
bool disk_reserve(struct disk_file *f, uint64_t size, struct fail *why) MUST_USE;
uint64_t disk_size(struct disk_file *f) MUST_USE;
bool disk_truncate(struct disk_file *f, uint64_t size, struct fail *why) MUST_USE;

/* Write all parts, one behind the other, from the offset on.  After a failure any prefix may have
 * been written.  A full disk is FAIL_TEMPORARY with status 4.3.1; other troubles have 4.3.0. */
bool disk_write(struct disk_file *f, uint64_t at, const str *parts, size_t count,
	struct fail *why) MUST_USE;

/* Read up to size bytes; *n is less only at the end of the file. */
bool disk_read(struct disk_file *f, uint64_t at, char *to, size_t size, size_t *n,
	struct fail *why) MUST_USE;

/* Data, and the size, on stable storage.  After a failure nothing may be believed of what was
 * written since the last success. */
bool disk_sync(struct disk_file *f, struct fail *why) MUST_USE;

/* Behind a sync: what the system's memory has of the file is read from the disk again.  A kernel
 * that could not write a page may go on showing it. */
void disk_forget(struct disk_file *f);

bool disk_sync_names(struct disk *d, struct fail *why) MUST_USE; /* new, renamed, removed names */

bool disk_rename(struct disk *d, str from, str to, struct fail *why) MUST_USE; /* replaces to */
bool disk_remove(struct disk *d, str name, struct fail *why) MUST_USE;

/* The names in the directory, sorted by bytes, in the arena. */
bool disk_list(
	struct disk *d, struct arena *a, str **names, size_t *count, struct fail *why) MUST_USE;

uint64_t disk_free_octets(struct disk *d) MUST_USE; /* what we may still write here */

#endif
