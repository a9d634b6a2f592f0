/*
 * queue/checkpoint - the index as a file, so that the log need not be read from its beginning
 *
 * A checkpoint says where each living message was in the log, and what had become of its
 * recipients; its mark says from where on the log has to be read to know the rest.  It is written
 * beside the former one, synced, and renamed over it: there is always one that is whole.
 *
 * It is written in slices while work goes on, so it shows each message at another moment, all of
 * them after the mark.  doc/architecture-spool.md says why that is right.
 */
#ifndef QUEUE_CHECKPOINT_H
#define QUEUE_CHECKPOINT_H

#include "queue/index.h"
#include "world/disk.h"

/* A point in the log, between two records. */
struct checkpoint_mark {
	uint32_t segment, offset; /* of what comes next */
	uint64_t sequence;        /* of what came last */
};

#define CHECKPOINT_SLICE_OCTETS 262144
#define CHECKPOINT_SLICE_BUCKETS 16384

struct checkpoint {
	struct checkpoint_mark mark;
	size_t bucket;    /* of the index: those before it have been written */
	uint32_t entries; /* written so far */
	uint64_t octets;
	bool sync_failed; /* the disk is not to be trusted any more */
	bool last;        /* the slice is the last one */
	struct buf slice;
	struct disk_file *file;
};

void checkpoint_begin(struct checkpoint *c, const struct checkpoint_mark *mark);

/* Two steps, in turns, until last is true: take a slice of the index (no disk, short), and store
 * it.  When the last one is stored, the checkpoint is in force. */
void checkpoint_take(struct checkpoint *c, const struct index *ix);
bool checkpoint_store(struct checkpoint *c, struct disk *d, struct fail *why) MUST_USE;

void checkpoint_drop(struct checkpoint *c, struct disk *d); /* half-way: nothing is left of it */

#define CHECKPOINT_NAME "checkpoint" /* of the file */

/* Fill an empty index from the checkpoint that is there.  False: it is rotten, *why says where, and
 * the index is not to be used. */
bool checkpoint_load(struct disk *d, struct index *ix, struct checkpoint_mark *mark,
	uint64_t *octets, struct fail *why) MUST_USE;

#endif
