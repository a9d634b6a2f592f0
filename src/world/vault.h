/*
 * world/vault - asking the process that holds private keys
 *
 * Each loop that asks has a stream of its own to the vault, made when it first asks.  A vault that
 * dies is replaced: the stream ends, another is made, and what was asked is asked again, until
 * VAULT_MS_MAX is over.
 */
#ifndef WORLD_VAULT_H
#define WORLD_VAULT_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/list.h"
#include "world/loop.h"
#include "world/vault_wire.h"

#define VAULT_MS_MAX 10000

/* Whom to ask, once, before there are threads.  Without it keys are read from their files, as the
 * commands of the administrator do. */
void vault_of(int office);
bool vault_is_there(void) MUST_USE;

/* A question and its answer; zero it.  It is the asker's, and stays where it is until answered. */
struct vault_question {
	struct list link;
	struct loop *loop;
	void (*answered)(struct vault_question *q, const struct vault_message *answer,
		const struct fail *why); /* why: there is none */
	struct buf bytes;
	uint32_t ticket;
	bool sent;
	int64_t wait_ms; /* 0: VAULT_MS_MAX */
	int64_t until_ms;
};

/* answered is called from the loop, never from inside.  The message is copied. */
void vault_ask(struct vault_question *q, struct loop *l, const struct vault_message *m);
void vault_tell(struct loop *l, const struct vault_message *m); /* no answer; may be lost */
void vault_forget(struct vault_question *q); /* if its answer has not come, none will */

/* The same, waiting: for a start, a reload, or a thread that may.  The fields of the answer are in
 * the arena. */
bool vault_ask_now(struct arena *a, const struct vault_message *m, struct vault_message *answer,
	struct fail *why) MUST_USE;

#endif
