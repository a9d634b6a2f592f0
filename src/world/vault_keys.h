/*
 * world/vault_keys - private keys, inside of the vault
 *
 * A key is known by its file, and by SHA-256 of what is public of it (SubjectPublicKeyInfo): after
 * a renewal both the former and the new key of a file are kept, since handshakes with the former
 * certificate may be under way.
 */
#ifndef WORLD_VAULT_KEYS_H
#define WORLD_VAULT_KEYS_H

#include "base/arena.h"
#include "base/fail.h"
#include "world/vault_wire.h"

#define VAULT_KEYS_MAX 2000 /* then the one that was used longest ago goes */
#define VAULT_NAME_OCTETS 32
#define VAULT_SIGNATURE_MAX 2048 /* RSA with 16384 bits */

struct vault_keys;

struct vault_keys *vault_keys_new(void) MUST_USE;
void vault_keys_free(struct vault_keys *k);

/* Read the file, as it is now.  public: in the arena. */
bool vault_keys_read(
	struct vault_keys *k, struct arena *a, str path, str *public, struct fail *why) MUST_USE;

/* Sign as the message asks; a key that is not there is read from its file. */
bool vault_keys_sign(struct vault_keys *k, const struct vault_message *m,
	unsigned char signature[VAULT_SIGNATURE_MAX], size_t *n, struct fail *why) MUST_USE;

#endif
