/*
 * flow/notice - telling senders what became of their mail        RFC 3464; RFC 5321 section 6.1
 *
 * A notice about a failure is durable before the recipients that it is about are closed (P2).  It
 * goes to the sender, through the aliases if he is one of ours; never about a notice (the null
 * sender): then postmaster is told, once, and what cannot be told to him is only logged.
 */
#ifndef FLOW_NOTICE_H
#define FLOW_NOTICE_H

#include "flow/dispatch.h"
#include "mail/dsn.h"

#define NOTICE_ORIGINAL_MAX 50000 /* a larger original is returned by its header only */
#define NOTICE_AGAIN_MS 300000    /* after a notice could not be made durable */

struct notice_rcpt {
	uint32_t rcpt;
	struct fail reply;
	bool ours;        /* no peer said it */
	str remote;       /* the peer's name, or ""; copied */
	bool of_original; /* about what was said at RCPT: its sender is told, not a list's owner */
};

/* Tell the sender; all recipients have the same one.  For DSN_FAILED they are in hand, and end by
 * dispatch_end or come back by dispatch_put_down.  Others change nothing.  f: of the main loop. */
void notice_send(struct flow *f, struct dispatch *d, struct promise *m, enum dsn_action action,
	const struct notice_rcpt *rcpts, size_t count);

#endif
