/*
 * daemon/vault_introduce - the vault says who we are to other servers
 *
 * The files of credentials are read here alone, each time anew, in a thread beside the loop that
 * signs: SCRAM lets the other server choose how long we compute.
 */
#ifndef DAEMON_VAULT_INTRODUCE_H
#define DAEMON_VAULT_INTRODUCE_H

#include "world/vault_serve.h"

struct vault_introduce;

struct vault_introduce *vault_introduce_new(struct loop *l) MUST_USE;
void vault_introduce_free(struct vault_introduce *v);

/* A question of VAULT_INTRODUCE: answered later, or refused at once. */
void vault_introduce_ask(
	struct vault_introduce *v, struct vault_stream *s, const struct vault_message *q);

/* Who asked has gone. */
void vault_introduce_closed(struct vault_introduce *v, struct vault_stream *s);

#endif
