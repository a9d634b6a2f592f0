/*
 * world/daybook - facts, counted by day, in a database of our own
 *
 * A fact is a text under a topic, both cleaned by who adds it; each day has its own counts.  What
 * is added is written down within DAYBOOK_MS_MAX by a thread of its own: nobody waits for it, and
 * what a power cut loses is statistics.  All of it is bounded: facts of a day, days, and what
 * waits; what finds no room is counted, too (daybook_lost).
 */
#ifndef WORLD_DAYBOOK_H
#define WORLD_DAYBOOK_H

#include "base/fail.h"

#define DAYBOOK_MS_MAX 2000       /* until it is written down */
#define DAYBOOK_FACTS_MAX 20000   /* different ones of a day */
#define DAYBOOK_WAITING_MAX 10000 /* facts that were added and not yet taken */
#define DAYBOOK_OCTETS_MAX 4096   /* of a fact with its topic */
#define DAYBOOK_DAY_S 86400

struct daybook;

/* days: how long they are kept.  Null: *why. */
struct daybook *daybook_open(str path, unsigned days, struct fail *why) MUST_USE;
void daybook_close(struct daybook *t); /* null is allowed; what was added is written down first */

/* From any thread; day: since 1970.  Null is allowed: nothing is counted. */
void daybook_add(struct daybook *t, int64_t day, str topic, str fact);
void daybook_days(struct daybook *t, unsigned days); /* after a reload; null is allowed */

/* What there is, the latest day first, and of a day in the order of topics, the most frequent facts
 * first.  Any process may read, where its user may.  topic: "" for all.  False: *why; a missing
 * database is none, and has nothing. */
typedef void daybook_each(void *owner, int64_t day, str topic, str fact, uint64_t count);
bool daybook_read(str path, str topic, daybook_each *each, void *owner, struct fail *why) MUST_USE;

/* The topic under which a day counts what found no room; its fact is "". */
#define DAYBOOK_LOST "*lost*"

#endif
