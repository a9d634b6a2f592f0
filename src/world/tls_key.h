/*
 * world/tls_key - where a server's private key comes from: the one place
 */
#ifndef WORLD_TLS_KEY_H
#define WORLD_TLS_KEY_H

#include "world/tls_inside.h"

/* Give the context, which has its certificate already, the key of this file.  False: *why. */
bool tls_key_use(SSL_CTX *c, const char *path, struct fail *why) MUST_USE;

/* The certificates of a file, and the key of another. */
bool tls_key_use_pair(
	SSL_CTX *c, const char *certificate, const char *key, struct fail *why) MUST_USE;

/* For OpenSSL, which would ask on a terminal: there is nobody. */
int tls_key_no_password(char *to, int size, int writes, void *owner);

#endif
