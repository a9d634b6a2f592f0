/*
 * world/tls_stream - TLS on one descriptor that does not block
 *
 * OpenSSL reads and writes the descriptor itself, so that no byte is copied once more.
 */
#ifndef WORLD_TLS_STREAM_H
#define WORLD_TLS_STREAM_H

#include "world/loop.h"
#include "world/tls_client.h"
#include "world/tls_server.h"

struct tls_stream;

enum tls_step {
	TLS_DONE,
	TLS_WAITS,  /* until the descriptor can be read, or written, or it is woken */
	TLS_ENDED,  /* the peer has closed, with or without saying so */
	TLS_BROKEN, /* *why of tls_stream_trouble */
};

/* Both take a reference. */
struct tls_stream *tls_stream_client(
	struct tls_context *context, int descriptor, const struct tls_expected *peer) MUST_USE;
struct tls_stream *tls_stream_server(struct tls_server *server, int descriptor) MUST_USE;
void tls_stream_free(struct tls_stream *t); /* null is allowed */

/* The vault signs for it, and is asked in this loop; woken: the handshake may go on. */
void tls_stream_parks(
	struct tls_stream *t, struct loop *l, void (*woken)(void *owner), void *owner);

enum tls_step tls_stream_handshake(struct tls_stream *t) MUST_USE;
enum tls_step tls_stream_read(struct tls_stream *t, char *to, size_t size, size_t *n) MUST_USE;
enum tls_step tls_stream_write(struct tls_stream *t, str bytes, size_t *n) MUST_USE;
void tls_stream_say_end(struct tls_stream *t); /* close_notify, if it can be written at once */

void tls_stream_facts(const struct tls_stream *t, struct tls_facts *facts);
void tls_stream_binding(const struct tls_stream *t, struct tls_binding *binding);
const char *tls_stream_trouble(const struct tls_stream *t); /* one line of text */

#endif
