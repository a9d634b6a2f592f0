/*
 * world/tls_vault - a private key that is in the vault, as OpenSSL wants to see it
 *
 * A provider of our own has key types RSA, EC and ED25519 of which only the public part is here;
 * to sign, it asks the vault.  Inside a handshake with SSL_MODE_ASYNC the handshake is parked
 * meanwhile (SSL_ERROR_WANT_ASYNC), and the callback of SSL_set_async_callback says when to go on;
 * elsewhere it waits.  The provider comes after OpenSSL's own and is taken for its own keys only.
 */
#ifndef WORLD_TLS_VAULT_H
#define WORLD_TLS_VAULT_H

#include <openssl/ssl.h>

#include "base/fail.h"
#include "world/loop.h"

/* The key in this file, for EVP_PKEY_free.  Asks the vault, and waits. */
EVP_PKEY *tls_vault_key(str path, struct fail *why) MUST_USE;

/* A handshake that is parked is to end: it goes on, and fails, with its next call. */
void tls_vault_abandon(SSL *ssl);

/* Signatures that are made in this thread from now on are asked for in this loop. */
void tls_vault_in(struct loop *l);

#endif
