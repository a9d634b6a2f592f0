/*
 * flow/proof - what one message on its way in proves about its sender
 *
 * Mail of strangers is judged (flow/judge), and fields in which they claim to be us are left out;
 * our own is signed (flow/sign).  The message streams by; the fields that go on top of it are known
 * at its end.
 */
#ifndef FLOW_PROOF_H
#define FLOW_PROOF_H

#include "flow/judge.h"

struct proof;

/* Null: there is nothing to prove, to leave out, or to sign.  trusted: a client of relay-for;
 * login: as whom it has proven itself, or "". */
struct proof *proof_new(struct flow *f, struct router *r, const struct judge_client *client,
	bool trusted, str login) MUST_USE;
void proof_free(struct proof *p); /* null is allowed; at any time */

/* An access table has accepted the message: SPF costs it nothing.  Before proof_mail. */
void proof_excuse(struct proof *p);

/* At MAIL, and when all has been fed: may it come in?  As judge_answer. */
void proof_mail(struct proof *p, judge_answer *answered, void *owner);
void proof_end(struct proof *p, judge_answer *answered, void *owner);

/* Bytes as the client sent them. */
void proof_feed(struct proof *p, str bytes);

/* Of these, those that are header, and its end: keep is called with what stays. */
typedef void proof_keep(void *owner, str bytes);
void proof_header(struct proof *p, str bytes, proof_keep *keep, void *owner);
void proof_header_over(struct proof *p, proof_keep *keep, void *owner);

/* The header as it leaves is over, but for fields that it may lack (proof_leaves). */
void proof_header_left(struct proof *p);

/* The message begins.  forwarded: an alias sends it on out of our domains. */
void proof_begin(struct proof *p, bool forwarded);

/* Bytes as they will leave: what was kept, and what we have added. */
void proof_leaves(struct proof *p, str bytes);

/* After the end: what goes on top, SPOOL_HEAD_OCTETS_MAX at most. */
str proof_top(const struct proof *p) MUST_USE;
bool proof_forged(const struct proof *p) MUST_USE; /* see judge_forged */
bool proof_signed(const struct proof *p) MUST_USE; /* we have signed it */

bool proof_holds(const struct proof *p, struct fail *why) MUST_USE; /* see judge_dmarc_holds */

#endif
