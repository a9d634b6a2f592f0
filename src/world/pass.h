/*
 * world/pass - messages between two processes of ours, each with a descriptor if need be
 *
 * A pair of SOCK_SEQPACKET sockets: a message arrives whole, or not at all.  A pair whose ends a
 * third process keeps open outlives both that use it: what was sent to a process that has died is
 * read by the one that takes its place.
 */
#ifndef WORLD_PASS_H
#define WORLD_PASS_H

#include "base/fail.h"
#include "world/loop.h"

#define PASS_OCTETS_MAX 16384 /* of one message */

bool pass_pair(int ends[2], struct fail *why) MUST_USE;
void pass_close(int descriptor); /* one end, or what was received; -1 is allowed */

bool pass_alive(int socket) MUST_USE; /* somebody has the other end */

/* descriptor: goes along, and stays ours; -1: none.  wait_ms 0: false rather than wait for space.
 */
bool pass_send(int socket, str bytes, int descriptor, int wait_ms) MUST_USE;

/* The next message; its descriptor, or -1, is the caller's.  wait_ms < 0: for ever.  False: the
 * other end has gone, or there is none in time. */
bool pass_receive(
	int socket, char to[PASS_OCTETS_MAX], str *bytes, int *descriptor, int wait_ms) MUST_USE;

/* Both, of one question at a time and process: from any thread.  What was answered too late to an
 * earlier question may come first. */
bool pass_ask(int socket, str question, char to[PASS_OCTETS_MAX], str *answer, int *descriptor,
	bool (*answers)(str question, str answer), int wait_ms) MUST_USE;

/* Be called for each message, in a loop; *descriptor is closed afterwards unless it is set to -1.
 * gone: the other end was closed by all who had it. */
struct pass_handler {
	void (*received)(void *owner, str bytes, int *descriptor);
	void (*gone)(void *owner);
};
struct pass_watch *pass_watch(
	struct loop *l, int socket, const struct pass_handler *handler, void *owner) MUST_USE;
void pass_watch_free(struct pass_watch *w); /* from inside its handler, too; null is allowed */

#endif
