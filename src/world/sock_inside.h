/*
 * world/sock_inside - what the other files of this room may do with a stream
 */
#ifndef WORLD_SOCK_INSIDE_H
#define WORLD_SOCK_INSIDE_H

#include "world/sock.h"

/* A connected, non-blocking descriptor becomes a stream, which owns it. */
struct sock *sock_adopt(
	struct loop *l, int descriptor, const struct sock_handler *handler, void *owner) MUST_USE;

/* One that is connecting to a peer, or could not even begin: error is why, descriptor may be -1. */
struct sock *sock_await(struct loop *l, int descriptor, const struct endpoint *to, int error,
	const struct sock_handler *handler, void *owner) MUST_USE;

#endif
