/*
 * world/tls_pair - what a server shows: a certificate chain and its key
 */
#ifndef WORLD_TLS_PAIR_H
#define WORLD_TLS_PAIR_H

#include "world/tls.h"

enum tls_minimum { TLS_MINIMUM_1_2, TLS_MINIMUM_1_3 };

/* PEM files.  Clients are asked for no certificate. */
struct tls_pair {
	const char *certificate, *key;
	enum tls_minimum minimum;
	bool even_expired; /* take it although its time is over */
};

/* Null: *why, which begins with the file's name: it cannot be read, the two do not match, or the
 * certificate is not valid now. */
struct tls_context *tls_pair_new(const struct tls_pair *pair, struct fail *why) MUST_USE;
int64_t tls_pair_ends_ms(
	const struct tls_context *pair) MUST_USE; /* the certificate's last moment */
bool tls_pair_is_for(const struct tls_context *pair, str name) MUST_USE; /* it has that name */

#endif
