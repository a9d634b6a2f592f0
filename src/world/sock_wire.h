/*
 * world/sock_wire - one read or one write of a descriptor that does not block, in clear or
 * protected
 */
#ifndef WORLD_SOCK_WIRE_H
#define WORLD_SOCK_WIRE_H

#include "world/tls_stream.h"

/* tls: null for a clear stream.  After TLS_BROKEN *error is the system's number, or EPROTO where
 * tls_stream_trouble has the words. */
enum tls_step sock_wire_read(
	int fd, struct tls_stream *tls, char *to, size_t size, size_t *n, int *error) MUST_USE;
enum tls_step sock_wire_write(
	int fd, struct tls_stream *tls, str bytes, size_t *n, int *error) MUST_USE;

/* Look at what has come, in clear; and take so much of what was seen out. */
enum tls_step sock_wire_peek(int fd, char *to, size_t size, size_t *n, int *error) MUST_USE;
void sock_wire_drop(int fd, char *to, size_t n);

#endif
