/*
 * world/tls_inside - a tls_context is an SSL_CTX, which counts its references itself
 */
#ifndef WORLD_TLS_INSIDE_H
#define WORLD_TLS_INSIDE_H

#include <openssl/ssl.h>

#include "world/tls.h"

static inline SSL_CTX *tls_context_ssl(struct tls_context *context)
{
	return (SSL_CTX *)context;
}

static inline struct tls_context *tls_context_of(SSL_CTX *ssl)
{
	return (struct tls_context *)ssl;
}

const char *tls_words(char *to, size_t size); /* what OpenSSL says went wrong */

#endif
