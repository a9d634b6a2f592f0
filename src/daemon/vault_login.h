/*
 * daemon/vault_login - logins, inside of the vault: the authority, asked by message
 */
#ifndef DAEMON_VAULT_LOGIN_H
#define DAEMON_VAULT_LOGIN_H

#include "conf/conf.h"
#include "world/vault_serve.h"

struct vault_login;

/* dir: the configuration folder, for reloads; the loop stops when nobody can ask any more. */
struct vault_login *vault_login_new(str dir, struct conf *conf, struct loop *l) MUST_USE;
void vault_login_free(struct vault_login *v);

extern const struct vault_serve_handler vault_login_handler; /* its owner is a vault_login */

#endif
