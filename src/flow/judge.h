/*
 * flow/judge - is the sender who it says?  All verdicts on one message of a stranger
 *
 * SPF and iprev are asked for at MAIL (behind a forwarder SPF has to wait for the header, which
 * names the client before him), DKIM while the body streams by.  Nothing is waited for but at MAIL
 * and at the end, and there each look-up has a deadline: SPF_MS_MAX, RESOLVE_MS_MAX twice,
 * DKIM_CHECK_MS_MAX, ARC_CHECK_MS_MAX.  What a verdict costs is the configuration's to say, and
 * each refusal carries its line.
 */
#ifndef FLOW_JUDGE_H
#define FLOW_JUDGE_H

#include "flow/flow.h"
#include "sender/arc_set.h"
#include "sender/spf.h"

struct judge;

/* Strings are copied. */
struct judge_client {
	struct ip ip;
	bool unnamed; /* that of a proxy, which does not say for whom it speaks */
	str helo, sender;
	bool utf8; /* the message may be one of SMTPUTF8 */
	uint64_t session_id, id;
};

/* Does any word ask for verdicts? */
bool judge_wanted(const struct conf *conf) MUST_USE;

/* Null: nothing is to be judged, since no word asks for it.  conf outlives it. */
struct judge *judge_new(
	struct flow *f, const struct conf *conf, const struct judge_client *client) MUST_USE;
void judge_free(struct judge *j); /* null is allowed; at any time */

/* Each question gets one answer, from inside the call or later on the same loop; why null: it costs
 * nothing.  It may free the judge. */
typedef void judge_answer(void *owner, const struct fail *why);

/* Whatever SPF says, it costs the message nothing; before judge_mail. */
void judge_excuse(struct judge *j);

void judge_mail(struct judge *j, judge_answer *answered, void *owner);

/* A whole field of the header, in their order. */
void judge_field(struct judge *j, str name, str value);
void judge_header_over(struct judge *j);

/* Bytes of the message as the client sent them. */
void judge_feed(struct judge *j, str bytes);
void judge_end(struct judge *j, judge_answer *answered, void *owner);

/* After the end: the fields that go on top of the message. */
void judge_put_fields(const struct judge *j, struct buf *to);

/* After the end: does the message, sent on from here, need our seal, since nothing else in it
 * proves whose it is?  Then *cv is how the chain came, and results what we found. */
bool judge_seals(const struct judge *j, enum arc_cv *cv, struct buf *results) MUST_USE;

/* The verdict on the sender as it is known now; NONE where it is not. */
enum spf_result judge_spf(const struct judge *j) MUST_USE;

/* After the end: SPF failed, and no signature of the sender's domain is good: whoever sent this, a
 * bounce would go to somebody else (P4). */
bool judge_forged(const struct judge *j) MUST_USE;

/* After the end: is it to be held, and why?  origin: the line. */
bool judge_dmarc_holds(const struct judge *j, struct fail *why) MUST_USE;

#endif
