/*
 * queue/schedule_fake - for tests: a schedule, mails for it, and a clock that the test holds
 *
 * Look-ups are answered at once: the MX host of a domain is called as its last two labels.
 */
#ifndef QUEUE_SCHEDULE_FAKE_H
#define QUEUE_SCHEDULE_FAKE_H

#include "queue/schedule.h"

#define T0 1000000000000
#define HOUR_MS 3600000

struct router *play_router(const char *settings) MUST_USE;

/* One that has been at work for an hour; one that begins, and is told what was waiting. */
struct schedule *play_schedule(const char *settings, int64_t now_ms) MUST_USE;
struct schedule *play_begin(const char *settings, int64_t now_ms) MUST_USE;

/* A message to some addresses, listed in the schedule. */
struct promise *play_add_all(
	struct schedule *s, uint64_t id, const char *const *to, size_t count, int64_t now_ms);
struct promise *play_add(struct schedule *s, uint64_t id, const char *to, int64_t now_ms);

/* One that was put off: it is not to be tried before due_ms. */
void play_add_later(
	struct schedule *s, uint64_t id, const char *to, int64_t due_ms, int64_t now_ms);

/* The next act, after all look-ups. */
struct schedule_act play_next(struct schedule *s, int64_t now_ms) MUST_USE;

/* It must be a start to this destination; nothing; to hang up, which is done. */
struct schedule_act play_start(struct schedule *s, const char *key, int64_t now_ms);
void play_idle(struct schedule *s, int64_t now_ms);
void play_hang_up(struct schedule *s, int64_t now_ms);

/* All recipients of the job are delivered, durably; nothing was tried. */
void play_deliver(
	struct schedule *s, struct schedule_act *act, enum schedule_after after, int64_t now_ms);
void play_trouble(struct schedule *s, struct schedule_act *act, int64_t now_ms);

/* Hang up on all, and free it; mail may be left. */
void play_end(struct schedule *s, int64_t now_ms);

#endif
