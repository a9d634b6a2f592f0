/*
 * admin/srs_vault - secrets of SRS that the vault holds, as a key
 */
#ifndef ADMIN_SRS_VAULT_H
#define ADMIN_SRS_VAULT_H

#include "sender/srs_key.h"

/* The vault reads the file, as it is now; then it is asked for each hash, by a thread that may
 * wait.  Null: *why. */
struct srs_key *srs_vault_key(str path, struct fail *why) MUST_USE;

#endif
