/*
 * world/courier - a delivery into files, made by a child as the user who owns them
 *
 * One child a user, started when first needed, gone when idle for a minute; as root it takes the
 * user's uid, gid and groups and no more, else it runs as we are.  A message is written into
 * PATH/tmp, synced, renamed into PATH/new, and the folder is synced, before it is said to be
 * delivered: what Maildir readers expect, and what P2 needs.
 */
#ifndef WORLD_COURIER_H
#define WORLD_COURIER_H

#include "base/fail.h"
#include "world/loop.h"

struct courier;

/* Must be opened before any thread is started (it forks).  hostname: for names in Maildir. */
struct courier *courier_open(str hostname, struct fail *why) MUST_USE;
void courier_close(struct courier *c);

struct courier_parcel; /* one message on its way into a Maildir */

/* Begin; done is called once, on the loop, with ok or *why (unless dropped before).  head: fields
 * to put before the content (Return-Path, Delivered-To), CRLF lines; in the file lines end in LF,
 * as Maildir readers expect. */
struct courier_parcel *courier_send(struct courier *c, struct loop *loop, str user, str path,
	str head, void (*done)(void *owner, const struct fail *why), void *owner) MUST_USE;
void courier_write(struct courier_parcel *p, str bytes); /* copied; the pipe is unbounded: give one
							     block, wait for writable */
void courier_finish(struct courier_parcel *p);		  /* all is there: deliver it */
void courier_drop(struct courier_parcel *p);		  /* undo; done is not called */

#endif
