/*
 * flow/transaction_inside - what the files of the transaction share: the questions of MAIL and RCPT
 * (transaction_ask.c), the body (transaction.c), and the promise (transaction_promise.c)
 */
#ifndef FLOW_TRANSACTION_INSIDE_H
#define FLOW_TRANSACTION_INSIDE_H

#include "base/buf.h"
#include "flow/addressing.h"
#include "flow/callout.h"
#include "flow/copies.h"
#include "flow/edit.h"
#include "flow/forwarding.h"
#include "flow/proof.h"
#include "flow/recipients.h"
#include "flow/ruling.h"
#include "flow/transaction.h"
#include "gate/body.h"

/* A recipient who is in, if others know him. */
struct rcpt_question {
	bool open;
	uint32_t ticket;
	transaction_answer *answered;
	void *owner;
	str original;                 /* how he was called, in the arena of the transaction */
	struct addressing addressing; /* who he is: the targets */
	struct arena step;            /* of their ways */
	struct forwarding *behind;    /* who a rewritten sender is, is being asked */
	bool returns;                 /* it was one */
	size_t next;                  /* target to ask about */
	struct callout callout;
	bool inside; /* a call-out is being asked: its answer is only noted */
	bool heard, yes;
	struct fail why;
	struct recipients_mark before;
};

struct transaction {
	struct flow *flow;
	struct router *router;
	struct arena arena;
	struct envelope envelope;
	struct recipients recipients; /* of the envelope */
	bool extended, trusted, certified;
	struct tls_facts *tls; /* in the arena; null: in clear */
	struct proof *proof;   /* of the sender; null: there is nothing to prove */
	struct ruling *ruling;
	struct body_rules body; /* of which each line is looked at */
	struct edit *edit;      /* of its header; null: it is left as it is */
	struct question {       /* MAIL or RCPT, until its answer */
		transaction_answer *answered;
		void *owner;
		uint32_t ticket;
		struct smtp_rcpt rcpt; /* in its arena: who asked may not wait so long */
		struct arena arena;
	} question;
	struct header_scan header;
	bool header_done;
	struct buf held; /* the start of a header line, until there is more of it */
	struct spool_draft *draft;
	uint64_t octets;
	uint64_t quarantined;       /* octets of the place that it has taken there; 0: none */
	struct asking owner_asking; /* whose address the sender is */
	struct copies copies;
	struct forwarding *forwarding; /* the sender is being rewritten */
	struct spool_commit commit;
	void (*committed)(void *owner, const struct fail *why, str text);
	void *owner;
	struct rcpt_question rcpt;
};

/* Nobody waits for the answer to RCPT any more: what it has added is taken back. */
void transaction_forget_rcpt(struct transaction *t);

void transaction_free(struct transaction *t);

/* It was not promised: the place that it may have taken is free again. */
void transaction_leave_quarantine(struct transaction *t);

/* Bytes for the spool, past all that looks at what leaves. */
enum spool_write transaction_write(struct transaction *t, str bytes);

/* A rule refuses the message; null: none does, so far. */
const struct fail *transaction_refusal(const struct transaction *t) MUST_USE;

/* The facts of the header as it leaves. */
const struct header_scan *transaction_left(const struct transaction *t) MUST_USE;

/* The header has ended: what it lacks comes here, and an empty line if that was missing. */
void transaction_end_header(struct transaction *t);

#endif
