/*
 * world/sock - a stream of bytes to a peer, in a loop
 *
 * Reading: bytes are offered to handler->received, which says how many it took.  Fewer than offered
 * means "not now": the rest is kept (at most SOCK_READ_MAX bytes), nothing more is read, and it is
 * offered again after sock_resume.  Writing: sock_send queues, and the loop writes at the end of
 * the round, so that many small sends become one segment; who sends much watches sock_backlog and
 * waits for handler->drained.
 *
 * No handler function is called from inside a call that the owner makes: everything arrives from
 * the loop.  After sock_close none arrives any more, whatever was on its way, and the pointer is
 * dead.  A sock whose peer has gone (closed was called) still has to be closed by its owner.
 */
#ifndef WORLD_SOCK_H
#define WORLD_SOCK_H

#include "base/fail.h"
#include "base/ip.h"
#include "world/loop.h"
#include "world/tls_client.h"
#include "world/tls_server.h"

#define SOCK_READ_MAX 65536      /* one offer of bytes is never longer */
#define SOCK_FINISH_MS_MAX 15000 /* for a peer to read our last words */
#define SOCK_ENDINGS_MAX 1000    /* of one loop; beyond, last words are not waited for */

struct sock;
struct sock_listener;

struct sock_handler {
	/* Bytes came.  Returns how many were taken. */
	size_t (*received)(void *owner, str bytes);
	/* All that was queued by sock_send has been handed to the kernel.  May be null. */
	void (*drained)(void *owner);
	/* The peer has closed (why is null) or the stream broke.  Bytes that were already received
	 * have been offered before. */
	void (*closed)(void *owner, const struct fail *why);
	/* sock_connect has succeeded.  Null for accepted streams. */
	void (*connected)(void *owner);
	/* The handshake of sock_tls_* is over; all bytes from now on are protected.  A handshake
	 * that fails ends in closed. */
	void (*secured)(void *owner, const struct tls_facts *facts);
};

/* Bind and listen; the descriptor is shared by all workers: one of them gets each client.  Ports
 * below 1024 need root.  A unix path is replaced when nobody answers there; mode is its
 * permissions. -1: *why says what went wrong. */
int sock_bind(const struct endpoint *at, unsigned mode, struct fail *why) MUST_USE;
void sock_unbind(int descriptor); /* close it, when all listeners on it are gone */
void sock_bound(int descriptor, struct endpoint *at); /* where: with the port, if 0 was asked */

/* Accept in this loop.  accepted gets a stream whose handler it must set by sock_own before it
 * returns, or close.  listener_free stops accepting; the descriptor stays open. */
typedef void sock_accepted(
	void *owner, struct sock *s, const struct endpoint *peer, const struct endpoint *local);
struct sock_listener *sock_listen(
	struct loop *l, int descriptor, sock_accepted *accepted, void *owner) MUST_USE;
void sock_listener_free(struct sock_listener *listener);

void sock_own(struct sock *s, const struct sock_handler *handler, void *owner);

/* Connect; connected or closed follows.  from: the source address, or null. */
struct sock *sock_connect(struct loop *l, const struct endpoint *to, const struct ip *from,
	const struct sock_handler *handler, void *owner) MUST_USE;

/* Copied; after closed it is silently dropped. */
void sock_send(struct sock *s, str bytes);
size_t sock_backlog(const struct sock *s) MUST_USE; /* bytes queued and not yet written */

void sock_pause(struct sock *s);  /* do not read until sock_resume; what arrives waits */
void sock_resume(struct sock *s); /* offer what was not taken, then read on */

/* From now on until sock_peek_end, or until TLS begins, bytes are offered as they lie in the
 * kernel: what is not taken stays there, and is offered again when more has come.  So a header in
 * front of a handshake can be read, and not one byte more. */
void sock_peek(struct sock *s);
void sock_peek_end(struct sock *s);

/* Write what is queued, then close: the pointer is dead, the loop does the rest.  A peer that still
 * talks is given SOCK_FINISH_MS_MAX to read it. */
void sock_finish(struct sock *s);
void sock_close(struct sock *s); /* at once; queued bytes are dropped */

/* Become the client or the server of a TLS handshake on the open stream.  Bytes already received
 * in clear and not taken are dropped (RFC 3207 section 4.2), but after sock_peek they are its
 * first.
 */
void sock_tls_connect(struct sock *s, struct tls_context *context, const struct tls_expected *peer);
void sock_tls_accept(struct sock *s, struct tls_server *server);

/* Of a protected stream, at either end; in clear there is none. */
void sock_tls_binding(const struct sock *s, struct tls_binding *binding);

#endif
