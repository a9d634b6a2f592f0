/*
 * admin/signing_vault - a private key of DKIM that the vault holds, as a signer
 *
 * What is public of it is asked once, and its kind is read from that; then each signature is asked
 * for, by a thread that may wait.
 */
#ifndef ADMIN_SIGNING_VAULT_H
#define ADMIN_SIGNING_VAULT_H

#include "sender/dkim_sign.h"

/* For keyring_files; conf: the struct conf whose folder the path begins in.  Null: *why. */
struct dkim_signer *signing_vault_hold(void *conf, str path, struct fail *why) MUST_USE;
void signing_vault_release(struct dkim_signer *s);

#endif
