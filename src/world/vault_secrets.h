/*
 * world/vault_secrets - files of secrets for SRS, inside of the vault
 *
 * A file is known by its path, and kept until it is read again.
 */
#ifndef WORLD_VAULT_SECRETS_H
#define WORLD_VAULT_SECRETS_H

#include "sender/srs_key.h"

#define VAULT_SECRETS_MAX 4 /* files; then the one that was read first goes */

struct vault_secrets;

struct vault_secrets *vault_secrets_new(void) MUST_USE;
void vault_secrets_free(struct vault_secrets *v);

/* Read the file, as it is now.  False: *why, and what was read before stays. */
bool vault_secrets_read(struct vault_secrets *v, str path, struct fail *why) MUST_USE;

/* Compute with all of its secrets; a file that is not there is read first. */
bool vault_secrets_mac(struct vault_secrets *v, str path, str text, struct srs_macs *to,
	struct fail *why) MUST_USE;

#endif
