/*
 * test/sim/store - what is on a simulated disk, and what a power cut leaves of it
 *
 * Beside what the running machine sees, a store knows what is stable: what was synced.  All writes,
 * sizes and names since then are remembered, and when the power goes each of them is kept, lost,
 * or, if it is a write, torn at SECTOR_OCTETS.  A sync that fails loses some of what it should have
 * written, for good, and the pages look clean (as Linux does it).
 */
#ifndef TEST_SIM_STORE_H
#define TEST_SIM_STORE_H

#include "base/fail.h"
#include "base/list.h"
#include "base/str.h"
#include "test/sim/sim.h"

#define STORE_SECTOR_OCTETS 512
#define STORE_NAMES_MAX 256

/* What may go wrong, and how slow it is: set by whoever tells the story. */
struct store_faults {
	int64_t cut_in; /* the power fails at this operation from now, from 1; 0: it does not */
	int64_t sync_fails_in;  /* this sync from now fails, from 1; 0: none */
	int64_t write_fails_in; /* this write, after a part of it */
	uint64_t octets_max;    /* how much fits */
	int64_t write_ns_max, sync_ns_max, stall_ns_max;
	unsigned stall_per_mille; /* of syncs */
	bool names_in_order; /* of the names not synced a power cut keeps the first ones, not any */
};

/* What is behind the end of the bytes, up to the size, reads as zero. */
struct image {
	uint64_t size;
	char *bytes;
	size_t n, room;
};

struct inode {
	struct list link;
	struct image now, stable;
	struct list changes; /* since the last sync */
	unsigned opened;
};

struct store_name {
	char name[128];
	struct inode *inode;
};

struct store_names {
	struct store_name items[STORE_NAMES_MAX];
	size_t count;
};

struct store {
	struct store_faults faults;
	struct list inodes;
	struct store_names names, stable_names;
	struct list name_changes; /* since the last sync of names */
	struct list messages;     /* test/sim/spool_memory.c's: always stable */
	str note;                 /* likewise */
	uint32_t message_count;
	unsigned cuts, syncs, failures, operations, torn;
	bool fenced;       /* a sync or a write has failed since it was switched on: */
	int64_t fenced_ns; /* the first one then */
	bool locked;
};

struct store *store_new(void);
void store_node_gone(struct store *s, enum sim_end how);

/* One operation is done or about to be done: the power may fail at it. */
void store_operation(struct store *s, const char *what, const char *name);

/* The next sync is due: does it fail? */
bool store_sync_fails(struct store *s, struct fail *why);

struct inode *store_find(struct store *s, const char *name);
bool store_create(struct store *s, const char *name, struct inode **inode, struct fail *why);
bool store_rename(struct store *s, const char *from, const char *to, struct fail *why);
bool store_remove(struct store *s, const char *name, struct fail *why);
bool store_sync_names(struct store *s, struct fail *why);

bool store_write(struct store *s, struct inode *i, uint64_t at, str bytes, struct fail *why);
bool store_resize(struct store *s, struct inode *i, uint64_t size, struct fail *why);
size_t store_read(struct inode *i, uint64_t at, char *to, size_t size);
bool store_sync(struct store *s, struct inode *i, struct fail *why);
void store_forget(struct inode *i); /* what is not on the disk is not in the page cache either */
uint64_t store_used_octets(const struct store *s);

#endif
