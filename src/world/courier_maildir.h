/*
 * world/courier_maildir - one message into a Maildir, for a process that may wait for the disk
 *
 * https://cr.yp.to/proto/maildir.html; the size in the name (",S=") is what Dovecot reads.
 * What goes wrong is kept until the end and told there; nothing is left behind then.
 */
#ifndef WORLD_COURIER_MAILDIR_H
#define WORLD_COURIER_MAILDIR_H

#include "base/buf.h"
#include "base/fail.h"
#include "world/courier.h"
#include "world/courier_lines.h"

/* One message at a time; zeroed, it is ready. */
struct courier_maildir {
	int tmp, new, file; /* descriptors; meaningful while open */
	bool open;
	struct courier_lines lines;
	uint64_t octets;
	struct buf out; /* to be written */
	struct fail why;
	char path[COURIER_PATH_MAX + 1];
	char name[320];
};

void courier_maildir_begin(struct courier_maildir *m, str hostname, str path, str head);
void courier_maildir_write(struct courier_maildir *m, str bytes); /* CRLF becomes LF */
bool courier_maildir_finish(struct courier_maildir *m, struct fail *why) MUST_USE; /* delivered? */
void courier_maildir_drop(struct courier_maildir *m); /* one that is not open is allowed */

#endif
