/*
 * world/file - whole small files: configuration, tables, keys
 *
 * Blocking, for start-up, commands and reloads; never from the loop of a worker.  Every text of a
 * failure begins with the path that it is about.  A failure is temporary where trying again may
 * help (a full disk, a lock that another one holds), else permanent (a missing file, a forbidden
 * one).
 */
#ifndef WORLD_FILE_H
#define WORLD_FILE_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"

#define FILE_OCTETS_MAX (64 << 20) /* larger is refused */

/* The bytes of a regular file, in the arena. */
bool file_read(struct arena *a, str path, str *text, struct fail *why) MUST_USE;
bool file_exists(str path) MUST_USE;

/* Whom to ask for a file that we may not open ourselves, once, before there are threads: it gives a
 * descriptor for reading, or -1 and *why. */
void file_opener(int (*open_for_us)(const char *path, struct fail *why));

/* What changes when a file is written or replaced; all zero: there is none, or it cannot be seen.
 */
struct file_stamp {
	uint64_t device, inode, octets;
	int64_t seconds, nanoseconds; /* of its last change */
};
struct file_stamp file_stamp(str path) MUST_USE;
bool file_stamp_eq(const struct file_stamp *a, const struct file_stamp *b) MUST_USE;

/* Write a new file beside it and rename it over: readers see the old or the new, whole, and it is
 * on stable storage when this returns. */
bool file_replace(str path, str text, unsigned mode, struct fail *why) MUST_USE;

/* The same for a file that is there: owner, group and mode stay as they are. */
bool file_rewrite(str path, str text, struct fail *why) MUST_USE;

/* May others than its owner and its group read it? */
bool file_open_to_all(str path) MUST_USE;

/* Names in a folder, sorted by bytes; a missing folder is an error. */
bool file_list(struct arena *a, str folder, str **names, size_t *count, struct fail *why) MUST_USE;

/* Make a folder, and its parents, with this mode whatever the umask is; one that exists stays. */
bool file_make_folder(str path, unsigned mode, struct fail *why) MUST_USE;

/* Remove a file, or a folder and the files in it (not the folders). */
bool file_remove(str path, struct fail *why) MUST_USE;
bool file_rename(str from, str to, struct fail *why) MUST_USE;

/* Put a file, or the names in a folder, on stable storage. */
bool file_sync(str path, struct fail *why) MUST_USE;

/* Make path a symbolic link to target, in one step where there was another: readers see the old or
 * the new.  Durable when this returns. */
bool file_link(str path, str target, struct fail *why) MUST_USE;
bool file_link_read(struct arena *a, str path, str *target, struct fail *why) MUST_USE;

/* Take the lock that this file stands for, without waiting; it is made where it is missing.  -1:
 * *why, temporary when another process has it.  The lock ends with file_unlock, or with us. */
int file_lock(str path, struct fail *why) MUST_USE;
void file_unlock(int lock);

/* path, from folder when it is relative.  The arena has no limit. */
str file_path(struct arena *a, str folder, str path) MUST_USE;

/* path from the root, its symbolic links resolved; what it names must exist. */
bool file_absolute(struct arena *a, str path, str *absolute, struct fail *why) MUST_USE;

#endif
