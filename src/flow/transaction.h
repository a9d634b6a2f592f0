/*
 * flow/transaction - one message on its way in, from MAIL to the spool
 *
 * It outlives the session that began it, when the client hangs up while the spool is writing: what
 * was asked to be made durable then is ours all the same.
 */
#ifndef FLOW_TRANSACTION_H
#define FLOW_TRANSACTION_H

#include "base/log.h"
#include "flow/flow.h"
#include "mail/header.h"
#include "smtp/server.h"

#define TRANSACTION_OCTETS_MAX (8 << 20) /* of envelope and expanded recipients: 452 */

struct transaction;

struct transaction_client {
	uint64_t session_id;
	struct ip ip;
	str helo;
	bool extended;
	const struct tls_facts *tls; /* null: in clear */
	str login;                   /* "": none */
	bool certified;              /* it may send anywhere: relay-for-certificate */
	bool trusted;                /* missing fields are added */
	bool unnamed;                /* the address is that of a proxy, who has not said whose */
	const struct xclient
		*forwarded; /* whose message it is, who hands it on has said; or null */
};

struct transaction *transaction_new(struct flow *f, struct router *router,
	const struct transaction_client *client, const struct smtp_mail *mail) MUST_USE;
uint64_t transaction_id(const struct transaction *t);
void transaction_log(const struct transaction *t, struct log_record *r); /* which one it is */

/* The answer to MAIL or RCPT: why null means yes.  Called once for each, from inside the call that
 * asked or later on the same loop, but not after transaction_leave, and not when the next question
 * has come first.  It may call everything here, transaction_leave too.  False: nobody waits for it
 * any more, and it has called nothing; a recipient is taken back then. */
typedef bool transaction_answer(void *owner, uint32_t ticket, const struct fail *why);

/* MAIL: may it come at all?  After a no only transaction_leave may follow. */
void transaction_mail(
	struct transaction *t, uint32_t ticket, transaction_answer *answered, void *owner);

/* RCPT: expand it and add what it stands for.  rcpt lives until the answer. */
void transaction_rcpt(struct transaction *t, const struct smtp_rcpt *rcpt, uint32_t ticket,
	transaction_answer *answered, void *owner);

/* DATA: the body begins.  writable is called when TRANSACTION_ENOUGH is over. */
void transaction_begin(struct transaction *t, void (*writable)(void *owner), void *owner);

/* Bytes of the body.  ENOUGH as spool_draft_write.  False in *fits: the message is refused by *why
 * (too many hops, too long a header). */
enum spool_write transaction_body(struct transaction *t, str bytes, bool *fits, struct fail *why);

/* The body is over: make it durable.  answered is called once, unless transaction_leave was called
 * before: why null means ours, text is for the reply.  The transaction is gone afterwards. */
void transaction_commit(struct transaction *t,
	void (*answered)(void *owner, const struct fail *why, str text), void *owner);

/* The client is gone or has changed its mind: forget it, or if it is being committed, let it end
 * by itself. */
void transaction_leave(struct transaction *t);

#endif
