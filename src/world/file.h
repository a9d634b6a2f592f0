/*
 * world/file - whole small files: configuration, tables, keys
 *
 * Blocking, for start-up, commands and reloads; never from the loop of a worker.
 */
#ifndef WORLD_FILE_H
#define WORLD_FILE_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"

#define FILE_OCTETS_MAX (64 << 20) /* larger is refused */

/* The bytes of a file, in the arena.  why->text begins with the path. */
bool file_read(struct arena *a, str path, str *text, struct fail *why) MUST_USE;
bool file_exists(str path) MUST_USE;

/* Write a new file beside it and rename it over: readers see the old or the new, whole. */
bool file_replace(str path, str text, unsigned mode, struct fail *why) MUST_USE;

/* Names in a folder, sorted by bytes; a missing folder is an error. */
bool file_list(struct arena *a, str folder, str **names, size_t *count, struct fail *why) MUST_USE;

bool file_make_folder(str path, unsigned mode, struct fail *why) MUST_USE; /* and its parents */

/* path, from folder when it is relative. */
str file_path(struct arena *a, str folder, str path) MUST_USE;

#endif
