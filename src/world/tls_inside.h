/*
 * world/tls_inside - a tls_context is an SSL_CTX, which counts its references itself
 */
#ifndef WORLD_TLS_INSIDE_H
#define WORLD_TLS_INSIDE_H

#include <openssl/ssl.h>

#include "world/tls_server.h"
#include "world/tls_stream.h"

static inline SSL_CTX *tls_context_ssl(struct tls_context *context)
{
	return (SSL_CTX *)context;
}

static inline struct tls_context *tls_context_of(SSL_CTX *ssl)
{
	return (struct tls_context *)ssl;
}

/* With what all of ours have; null: *why. */
SSL_CTX *tls_context_new(const SSL_METHOD *method, struct fail *why) MUST_USE;

const char *tls_words(char *to, size_t size); /* what OpenSSL says went wrong */

/* The pair for a name; for an empty one that of no name.  No reference is taken. */
struct tls_context *tls_server_pair(const struct tls_server *s, str name) MUST_USE;

bool tls_server_asks(const struct tls_server *s) MUST_USE;
void tls_server_ask_in(
	const struct tls_server *s, SSL *ssl); /* again after another pair is shown */

/* What a stream of ours as a server shows; the app data of an SSL is its stream. */
const struct tls_server *tls_stream_shows(const struct tls_stream *t) MUST_USE;

#endif
