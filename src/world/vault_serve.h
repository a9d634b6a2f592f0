/*
 * world/vault_serve - the vault's side: whoever holds the other end of its socket may ask
 *
 * Each message of that socket brings a descriptor, the stream of one who asks.  Questions of a
 * stream are answered in their order.
 */
#ifndef WORLD_VAULT_SERVE_H
#define WORLD_VAULT_SERVE_H

#include "world/loop.h"

#define VAULT_STREAMS_MAX 1000

struct vault_serve;

/* over: that socket was closed by all who had it. */
struct vault_serve *vault_serve_new(
	struct loop *l, int office, void (*over)(void *owner), void *owner) MUST_USE;
void vault_serve_free(struct vault_serve *v);

#endif
