/*
 * admin/queue - what waits: list, show, retry, delete
 *
 * Runs inside the daemon, in the main loop; the command line asks through the control socket.
 */
#ifndef ADMIN_QUEUE_H
#define ADMIN_QUEUE_H

#include "base/buf.h"
#include "flow/dispatch.h"

/* words: "list"; "show ID"; "retry ID..." or "retry all"; "delete ID..." or "delete all".  False:
 * *out says what is wrong. */
bool queue_words_right(const str *words, size_t count, struct buf *out) MUST_USE;

/* Returns the exit code: 0 done, 1 no such message (which, as JSON: ok false, and why), 2 usage. */
int queue_command(struct dispatch *d, const str *words, size_t count, bool json, struct buf *out);

#endif
