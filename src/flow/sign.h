/*
 * flow/sign - our signatures on one message                                RFC 6376 section 5
 *
 * The message streams by as it will leave; who its author is, and so which keys sign, is known when
 * its header is over.  The signatures are made at the end, by a pool of threads, since RSA takes
 * long for a loop.  Nothing may change a byte of the message after that.
 */
#ifndef FLOW_SIGN_H
#define FLOW_SIGN_H

#include "flow/flow.h"

struct sign;

/* Is mail of this client ours to sign?  client: null, nobody knows.  login: "" for none.  *rule
 * says why, for the log. */
#define SIGN_RULE_MAX FAIL_ORIGIN_MAX
bool sign_ours(const struct router *r, const struct ip *client, str login,
	char rule[SIGN_RULE_MAX]) MUST_USE;

/* rule: of sign_ours.  sender: of the envelope, who stands in where the header names no author. */
struct sign *sign_new(
	struct flow *f, struct router *r, uint64_t id, str sender, const char *rule) MUST_USE;
/* The same for a whole message that we have made ourselves.  Null: nothing signs. */
struct sign *sign_own(struct flow *f, struct router *r, uint64_t id, str author, str text) MUST_USE;
void sign_free(struct sign *s); /* null is allowed; at any time */

void sign_feed(struct sign *s, str bytes);
void sign_header_over(struct sign *s); /* the author is known; what is missing may yet be fed */

/* Nothing more is fed.  done is called once, from inside this call or later on the same loop: why
 * null means that the fields are there, which may be none.  It may free the sign. */
void sign_end(struct sign *s, void (*done)(void *owner, const struct fail *why), void *owner);
str sign_fields(const struct sign *s) MUST_USE;

#endif
