/*
 * world/vault_serve - the vault's side: whoever holds the other end of its socket may ask
 *
 * Each message of that socket brings a descriptor, the stream of one who asks.  Questions of a
 * stream are answered in their order.
 */
#ifndef WORLD_VAULT_SERVE_H
#define WORLD_VAULT_SERVE_H

#include "world/loop.h"
#include "world/vault_wire.h"

#define VAULT_STREAMS_MAX 1000

struct vault_serve;
struct vault_stream; /* of one who asks */

/* Whoever answers what is not about keys. */
struct vault_serve_handler {
	void (*asked)(void *owner, struct vault_stream *s, const struct vault_message *question);
	void (*closed)(void *owner, struct vault_stream *s); /* the pointer is dead */
	void (*over)(void *owner); /* the socket was closed by all who had it */
};

/* Without asked nobody answers those; closed may be null, too. */
struct vault_serve *vault_serve_new(struct loop *l, int office,
	const struct vault_serve_handler *handler, void *owner) MUST_USE;
void vault_serve_free(struct vault_serve *v);

void vault_serve_answer(struct vault_stream *s, const struct vault_message *answer);

#endif
