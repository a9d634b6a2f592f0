/*
 * admin/verify - facteur verify: judge an identity or a message from the command line
 *
 * Nothing is changed, and no daemon is asked: the look-ups are made by this process, out of a zone
 * file, through a resolver that is named, or as the configuration in force says (the system's
 * resolv.conf where there is none).  doc/facteur.8.in has the JSON shape, which is the same for all
 * that can be verified.
 */
#ifndef ADMIN_VERIFY_H
#define ADMIN_VERIFY_H

#include "admin/json.h"
#include "base/ip.h"
#include "world/resolve.h"

/* What the options say, and what answers. */
struct verify {
	struct ip client; /* family 0: not said */
	str client_text, helo, from;
	str message;  /* with CRLF; of all but spf */
	str hostname; /* our own; "" where no configuration says it */
	int64_t wall_s;
	bool json;
	struct loop *loop;
	struct resolver *resolver;
	size_t open; /* checks that are not done */
};

struct verify_check;

/* What a kind of check can do. */
struct verify_kind {
	void (*begin)(struct verify_check *c); /* verify_run_done will be said, now or later */
	const char *(*result)(const struct verify_check *c); /* in one word, of RFC 8601 */
	bool (*again)(const struct verify_check *c);         /* it could not be judged now */
	void (*print)(const struct verify_check *c, struct buf *out);
	void (*json)(const struct verify_check *c, json_t *results);
	void (*free)(struct verify_check *c);
};

/* One check at work, that of flow/ which mail on its way in is judged by. */
struct verify_check {
	const struct verify_kind *kind;
	struct verify *verify;
	void *of_kind;
	const char *property; /* of spf: which identity, as RFC 8601 names it */
	str value;
	str sender;
	struct loop_task task;
};

/* words: what to verify, and the options.  Returns the exit code: 0 it passes, 1 it does not, 2
 * wrong usage, 75 try again; *answered: *out is a verdict, else it says what is wrong. */
int verify_command(
	const str *words, size_t count, str dir, bool json, struct buf *out, bool *answered);

/* --- admin/verify_run.c */

/* Needs loop and resolver; returns when all are done. */
void verify_run(struct verify *v, struct verify_check *const *checks, size_t count);
void verify_run_done(void *check);
void verify_run_close(struct verify *v); /* the resolver, then the loop */

/* --- one file for each kind: checks to be run.  Free them with their kind. */

struct verify_check *verify_spf(struct verify *v, const char *property, str sender) MUST_USE;
struct verify_check *verify_dkim(struct verify *v) MUST_USE;
struct verify_check *verify_arc(struct verify *v) MUST_USE;

/* Once the others were run; those that are null were not. */
struct verify_check *verify_dmarc(
	struct verify *v, const struct verify_check *spf, const struct verify_check *dkim) MUST_USE;

/* For people: a line of a name and a text, which is cleaned; nothing where the text is empty. */
void verify_line(struct buf *out, const char *name, str text);

#endif
