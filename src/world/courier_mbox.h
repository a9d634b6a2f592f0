/*
 * world/courier_mbox - one message at the end of an mbox, for a process that may wait for the disk
 *
 * mbox(5), as "mboxrd" quotes it: every line that begins with From, with any number of '>' in
 * front, gets one more.  The message is gathered in a file without a name first, so that the
 * mailbox is locked only while it is copied; what could not be written whole is cut off again.
 */
#ifndef WORLD_COURIER_MBOX_H
#define WORLD_COURIER_MBOX_H

#include "base/buf.h"
#include "base/fail.h"
#include "world/courier.h"
#include "world/courier_lines.h"

#define COURIER_MBOX_LOCK_MS 30000 /* then it is tried again later */
#define COURIER_MBOX_STALE_S 600   /* a PATH.lock of this age was forgotten */

/* One message at a time; zeroed, it is ready. */
struct courier_mbox {
	bool open;
	int gathered; /* the file without a name */
	struct courier_lines lines;
	struct buf out;  /* lines that end in LF, not yet quoted */
	bool line_begun; /* what is in out goes on with a line whose start was written */
	struct fail why;
	char path[COURIER_PATH_MAX + 1];
};

void courier_mbox_begin(struct courier_mbox *m, str path, str sender, str head);
void courier_mbox_write(struct courier_mbox *m, str bytes);                  /* CRLF becomes LF */
bool courier_mbox_finish(struct courier_mbox *m, struct fail *why) MUST_USE; /* delivered? */
void courier_mbox_drop(struct courier_mbox *m); /* one that is not open is allowed */

#endif
