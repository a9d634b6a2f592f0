/*
 * flow/seal - our seal on one message that we forward                      RFC 8617 section 5.1
 *
 * The message streams by as it will leave; what we found out about it is known at the end, and a
 * thread of the pool that signs makes the set then.  A message that cannot be sealed leaves
 * without.
 */
#ifndef FLOW_SEAL_H
#define FLOW_SEAL_H

#include "flow/flow.h"
#include "sender/arc_seal.h"

struct seal;

/* Null: the configuration names no key. */
struct seal *seal_new(struct flow *f, struct router *r, uint64_t id) MUST_USE;
void seal_free(struct seal *s); /* null is allowed; at any time */

void seal_feed(struct seal *s, str bytes);

/* Nothing more is fed; results: an Authentication-Results body, which is copied.  done is called
 * once, from inside this call or later on the same loop.  It may free the seal. */
void seal_end(struct seal *s, enum arc_cv cv, str results, void (*done)(void *owner), void *owner);
str seal_fields(const struct seal *s) MUST_USE; /* "": there is no seal */

#endif
