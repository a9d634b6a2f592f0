/*
 * flow/authority - is somebody who he says he is?
 *
 * One for all workers, in a thread of its own: it alone holds the login table and speaks to
 * Dovecot. A talk is one exchange of SASL.  Questions and answers go to and fro by message, so
 * nothing here waits in a worker; where there is a vault, the authority stands in that process, and
 * these verbs ask it there.
 *
 * Passwords are compared in a pool of threads (world/work) that give way to mail; the addresses
 * that ask take turns, so that who floods us waits behind himself.  A name that nobody has costs
 * what another one costs.  A no comes late, by a timer: it holds no thread.
 */
#ifndef FLOW_AUTHORITY_H
#define FLOW_AUTHORITY_H

#include "base/fail.h"
#include "base/ip.h"
#include "conf/conf.h"
#include "login/sasl.h"
#include "world/loop.h"

#define AUTHORITY_TALKS_MAX 4000 /* that wait for an answer: beyond, 454 */

struct authority;
struct authority_talk; /* belongs to who asked, until a YES or a NO, or authority_leave */

/* Its thread runs when this returns, and the table was read; where that cannot be, the log says so,
 * and the authority says 454 until it is mended. */
struct authority *authority_open(const struct conf *conf, unsigned threads) MUST_USE;
void authority_change(
	struct authority *a, const struct conf *conf); /* a reload; takes a reference */
void authority_close(struct authority *a); /* all talks have ended, or their loops are gone */

/* What may be offered now, as bits of enum sasl_mechanism; from any thread. */
unsigned authority_mechanisms(const struct authority *a) MUST_USE;

struct authority_question {
	enum sasl_mechanism mechanism;
	bool plus_offered;
	struct sasl_binding binding;
	struct ip client, local;
	bool initial;
	str response; /* the initial one */
};

struct authority_answer {
	enum { AUTHORITY_CHALLENGE, AUTHORITY_YES, AUTHORITY_NO } kind;
	str bytes;              /* CHALLENGE: for the client */
	str login;              /* YES: who he is; NO: who he said he is, or "" */
	const struct fail *why; /* NO: the reply */
	const char *reason;     /* NO: for the log, more than the client may know; or "" */
};

/* Called in the loop of who asked, never from inside a call of his. */
typedef void authority_answered(void *owner, const struct authority_answer *answer);

struct authority_talk *authority_ask(struct authority *a, struct loop *loop,
	const struct authority_question *question, authority_answered *answered,
	void *owner) MUST_USE;
void authority_respond(struct authority_talk *t, str response); /* after a CHALLENGE */
void authority_leave(struct authority_talk *t); /* null is allowed; nothing is answered any more */

#endif
