/*
 * queue/segment - the files of the log, and what in each of them is still wanted
 *
 * Segments have numbers, which only grow; a number is never used again.  A segment begins with a
 * header, records follow from SEGMENT_START on.  The set knows how many octets of each segment
 * live: records of messages that have not ended, and blocks of drafts.
 */
#ifndef QUEUE_SEGMENT_H
#define QUEUE_SEGMENT_H

#include "base/fail.h"
#include "base/list.h"
#include "base/str.h"
#include "queue/content.h"
#include "world/disk.h"

#define SEGMENT_START 64 /* octets of the header */
#define SEGMENT_OCTETS_DEFAULT (32 << 20)
#define SEGMENT_OCTETS_MIN (256 << 10)  /* the largest record of a block fits three times */
#define SEGMENT_OCTETS_MAX (1 << 30)    /* it is read into memory as a whole when it is recovered */
#define SEGMENT_OCTETS_SMALL (64 << 10) /* on a full disk, for updates only */

struct segment {
	uint32_t number;
	uint64_t octets;        /* of the file */
	uint64_t living;        /* of them, in records that are wanted */
	struct list entries;    /* of the index: messages whose record is here, those of many blocks
				   first */
	struct disk_file *file; /* while it is written, or has yet to be synced */
	struct list dirty;      /* in the list of those to be synced */
	bool tried;             /* compacted since the last checkpoint, or found rotten: leave it */
};

/* Ordered by their numbers. */
struct segments {
	struct segment **items;
	size_t count, size;
	uint64_t octets, living; /* of all */
	size_t dead;             /* how many have no living octet */
};

struct segment *segment_find(const struct segments *set, uint32_t number) MUST_USE; /* or null */
struct segment *segment_add(struct segments *set, uint32_t number, uint64_t octets);
void segment_remove(struct segments *set, struct segment *seg); /* frees it, closes its file */

/* Octets that live now, or (negative) no more; and those of a block's record, wherever it is.  A
 * segment that is missing counts nothing. */
void segment_count(struct segments *set, struct segment *seg, int64_t octets);
void segment_count_block(struct segments *set, const struct content_place *place, int sign);

void segments_free(struct segments *set);

/* --- as files: "log-0000002a" ----------------------------------------------------------------- */

#define SEGMENT_NAME_MAX 16
str segment_name(uint32_t number, char to[SEGMENT_NAME_MAX]);
bool segment_name_read(str name, uint32_t *number) MUST_USE;

void segment_file_close(struct disk_file **f); /* and forget it; null in it is allowed */

/* Make one, with its space and its header, its name durable.  Null: it can be tried again under
 * another number, unless *sync_failed: the disk is not to be trusted any more.
 *
 * Its space is only reserved, or filled with zeros, too.  Filling costs the writing once more, and
 * makes each later sync quicker by a third or so: the file system has nothing to note of it. */
struct disk_file *segment_create(struct disk *d, uint32_t number, uint64_t octets, bool fill,
	bool *sync_failed, struct fail *why) MUST_USE;

/* Cut what is behind an offset off; the file is that of the segment. */
bool segment_cut(struct segments *set, struct segment *seg, struct disk_file *f, uint64_t octets,
	struct fail *why) MUST_USE;

/* Is this the header of such a segment?  An unknown version is refused, too. */
bool segment_header_read(str bytes, uint32_t number, struct fail *why) MUST_USE;

/* --- reading: a few open files, for one thread ------------------------------------------------ */

#define SEGMENT_READER_FILES 8

struct segment_reader {
	struct disk *disk;
	struct {
		uint32_t number;
		struct disk_file *file;
		uint64_t used; /* when, in turns */
	} files[SEGMENT_READER_FILES];
	uint64_t turn;
};

bool segment_read(struct segment_reader *r, uint32_t number, uint64_t offset, char *to,
	size_t octets, struct fail *why) MUST_USE;
void segment_reader_forget(struct segment_reader *r, uint32_t number); /* close it, if open */
void segment_reader_close(struct segment_reader *r);

/* --- reading on, from front to back: what follows is fetched along -----------------------------
 */

struct segment_window {
	char *bytes;
	size_t size, octets; /* of the buffer; that are in it */
	uint32_t number;     /* of the segment */
	uint32_t bad;        /* one in which no more is read than is asked for; 0: none */
	uint64_t offset;
};

/* So many octets at a place, as *to, which is valid until the next call.  When they are not here
 * yet, as many as fetch says are read in one go, if there are so many. */
bool segment_read_on(struct segment_reader *r, struct segment_window *w, uint32_t number,
	uint64_t offset, size_t octets, size_t fetch, str *to, struct fail *why) MUST_USE;
void segment_window_free(struct segment_window *w);

#endif
