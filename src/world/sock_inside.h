/*
 * world/sock_inside - what a stream is, and what the other files of this room may do with it
 */
#ifndef WORLD_SOCK_INSIDE_H
#define WORLD_SOCK_INSIDE_H

#include <event2/event_struct.h>

#include "base/buf.h"
#include "world/loop_event.h"
#include "world/sock.h"
#include "world/tls_stream.h"

/* A stream that its owner has left to us, to write what is queued. */
struct sock_ending {
	struct sock *sock;
	struct loop_timer timer;
	struct loop_hook end; /* the loop ends first */
	bool heard_more;      /* the peer still talks */
	bool said_end;
};

/*
 * The descriptor is watched edge-triggered, for reading always, for writing from the first time on
 * that a write would have blocked: so the common stream costs epoll_ctl only at its two ends.
 * `readable' and `blocked' remember the edges.
 */
struct sock {
	struct loop *loop;
	const struct sock_handler *handler; /* null: nobody is there any more, it is finishing */
	void *owner;
	struct event event;
	struct loop_hook hook;
	struct buf out;        /* to be written */
	struct buf rest;       /* received and not taken */
	struct endpoint *peer; /* of sock_connect, for messages */
	struct tls_stream *tls;
	size_t clear_n; /* bytes at the front of out that go before the handshake */
	struct sock_ending *ending;
	int fd;
	int error; /* of the system; not yet told */

	bool connecting : 1;
	bool handshaking : 1;
	bool watches_writes : 1;
	bool readable : 1; /* as far as we know */
	bool hung_up : 1;  /* the kernel says that there is an end behind the bytes */
	bool blocked : 1;  /* a write would block */
	bool held : 1;     /* the owner said "not now" */
	bool offering : 1; /* received is being called; meanwhile: */
	bool resumed : 1;  /* the owner said sock_resume */
	bool dropped : 1;  /* what is offered is void: TLS begins, or the owner has left */
	bool queued : 1;   /* something was sent since the last drained */
	bool peeks : 1;    /* what is not taken stays in the kernel */
	bool gone : 1;     /* closed has been called */
	bool busy : 1;     /* we are in a function of this file that looks at it again */
	bool dead : 1;     /* sock_close was called meanwhile */
};

/* A connected, non-blocking descriptor becomes a stream, which owns it. */
struct sock *sock_adopt(
	struct loop *l, int descriptor, const struct sock_handler *handler, void *owner) MUST_USE;

/* One that is connecting to a peer, or could not even begin: error is why, descriptor may be -1. */
struct sock *sock_await(struct loop *l, int descriptor, const struct endpoint *to, int error,
	const struct sock_handler *handler, void *owner) MUST_USE;

bool sock_silent(const struct sock *s) MUST_USE; /* its owner hears nothing of it any more */
void sock_tell_closed(struct sock *s); /* the last call but one: the owner still has to close */

/* --- world/sock_tls.c */

void sock_tls_shake(struct sock *s); /* as far as it goes now */

#endif
