/*
 * gate/access_keys - what is looked up for a client, a host name, an address       access(5)
 */
#ifndef GATE_ACCESS_KEYS_H
#define GATE_ACCESS_KEYS_H

#include "base/ip.h"
#include "gate/access.h"

struct access_keys {
	str whole;                              /* as it was said */
	str items[2 * ACCESS_PARENTS_MAX + 10]; /* in table form, the most telling first */
	size_t count;
};

/* In the arena of the asking; null: it has no room, or that is no address, and no table can have
 * it. */
struct access_keys *access_keys_client(struct asking *asking, const struct ip *ip) MUST_USE;
/* Is the key of a row one that a client can have? */
bool access_keys_is_client(str key) MUST_USE;
struct access_keys *access_keys_name(struct asking *asking, str name) MUST_USE;
struct access_keys *access_keys_address(
	struct asking *asking, const struct router *r, str address) MUST_USE;

#endif
