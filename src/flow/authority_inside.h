/*
 * flow/authority_inside - what the files of the authority share; all of it is touched by its own
 * thread only, but where it says otherwise
 */
#ifndef FLOW_AUTHORITY_INSIDE_H
#define FLOW_AUTHORITY_INSIDE_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "conf/login.h"
#include "flow/authority.h"
#include "login/dovecot.h"
#include "login/passdb.h"
#include "world/file.h"
#include "world/sock.h"
#include "world/vault.h"
#include "world/work.h"

/* Where a talk is. */
enum authority_place {
	AUTHORITY_AT_ASKER,   /* his move */
	AUTHORITY_AT_QUEUE,   /* waits for a thread of the pool */
	AUTHORITY_AT_POOL,    /* its password is compared */
	AUTHORITY_AT_DOVECOT, /* Dovecot is asked, or is going to be */
	AUTHORITY_AT_DELAY,   /* a no that is not told yet */
};

struct authority_talk {
	struct authority *authority;
	struct vault_question asked; /* where the authority is in the vault */
	uint64_t remote_number;
	/* of who asked */
	struct loop *loop;
	authority_answered *answered;
	void *owner;
	bool left; /* atomic: nobody waits any more */
	bool away; /* a message is on its way, or the authority works on it */

	struct loop_task task; /* there and back: one message at a time */
	struct authority_question question;
	struct buf response; /* the last one; the question's initial one first */

	struct list of_all;
	enum authority_place place;
	struct sasl *sasl;
	struct passdb *passdb; /* a reference, while an entry of it is used */
	const struct passdb_entry *entry;
	bool real;        /* the entry is that of the name */
	int64_t since_ms; /* of the last response */
	struct list link; /* among those at one place */
	struct work_job job;
	bool right;
	uint32_t number; /* of Dovecot's request; 0: not asked yet */
	bool passes;     /* SCRAM goes through to Dovecot */
	struct loop_timer timer;

	/* the answer */
	struct authority_answer answer;
	struct buf bytes, login;
	struct fail why;
	char reason[FAIL_TEXT_MAX];
};

/* A client's talks that wait for the pool. */
struct authority_line {
	struct list link; /* among those whose turn comes */
	struct list talks;
	char key[17];
	size_t key_octets;
};

struct authority {
	struct loop *loop;
	bool remote; /* it is in the vault; then this is all that counts: loop, watch, mechanisms,
		      */
	struct vault_question offer; /* talks, and this */
	struct work *pool;
	unsigned threads, busy; /* of the pool */
	struct conf *conf;      /* a reference */
	uint64_t secret;        /* for decoys */
	unsigned mechanisms;    /* atomic */
	unsigned talks;         /* atomic: that wait for an answer */

	struct list all;       /* talks */
	struct passdb *passdb; /* null: none, or it cannot be read */
	struct file_stamp stamp;
	struct loop_timer watch;

	struct map lines;  /* by address: struct authority_line */
	struct list turns; /* the lines, in the order of their turns */

	struct dovecot *dovecot; /* null: no connection */
	struct sock *sock;
	struct endpoint dovecot_at;        /* where it is, or was tried */
	bool dovecot_ready, dovecot_scram; /* scram: as it said last */
	int64_t dovecot_pause_ms;
	struct loop_timer dovecot_timer;
	uint32_t numbers;
	struct map asked;    /* by number: talks that wait for Dovecot's answer */
	struct list unasked; /* those that wait for the connection */
};

/* --- flow/authority.c */

const struct conf_login *authority_login(const struct authority *a);

/* Send the answer back; the talk is the asker's again. */
void authority_challenge(struct authority_talk *t, str bytes);
void authority_remember(struct authority_talk *t, str name); /* who he is, or says he is */
void authority_say_yes(struct authority_talk *t);
void authority_say_no(struct authority_talk *t, const struct fail *why, const char *reason);
void authority_say_wrong(struct authority_talk *t, const char *reason); /* 535, late */
void authority_offer(struct authority *a); /* what may be offered has changed */
bool authority_left(const struct authority_talk *t) MUST_USE;

/* --- flow/authority_pool.c: whose password is compared when */

void authority_pool_check(struct authority_talk *t, str password); /* t->entry against it */
void authority_pool_close(struct authority *a);

/* --- flow/authority_dovecot.c */

bool authority_dovecot_wanted(const struct authority *a) MUST_USE;
void authority_dovecot_change(struct authority *a); /* the configuration is another one */
void authority_dovecot_ask(struct authority_talk *t, str response); /* PLAIN, or what it passes */
void authority_dovecot_respond(struct authority_talk *t, str response);
void authority_dovecot_forget(struct authority_talk *t); /* who asked has gone */
void authority_dovecot_close(struct authority *a);

/* The same verbs where the authority is in the vault. */
#define AUTHORITY_WAIT_MS 120000 /* for one answer: a queue, a slow Dovecot, a late no */
void authority_remote_open(struct authority *a);
void authority_remote_change(struct authority *a);
void authority_remote_ask(struct authority_talk *t, str response);
void authority_remote_respond(struct authority_talk *t, str response);
void authority_remote_leave(struct authority_talk *t);

#endif
