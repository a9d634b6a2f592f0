/*
 * daemon/vault - the process that holds the secrets and only answers
 *
 * It opens no file (the parent does, of those that the configuration names), speaks to nobody but
 * mail, and ends with its socket.
 */
#ifndef DAEMON_VAULT_H
#define DAEMON_VAULT_H

#include "base/str.h"

int vault_run(str dir, str user);

#endif
