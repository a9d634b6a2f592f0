/*
 * login/sasl_fake - the other side of SCRAM, for tests
 */
#ifndef LOGIN_SASL_FAKE_H
#define LOGIN_SASL_FAKE_H

#include "login/sasl.h"

struct sasl_fake {
	const char *gs2_header, *name, *nonce, *password;
	str binding;
	struct buf bare, auth_message;
	struct scram_secret secret;
};

/* client-first-message. */
void sasl_fake_first(struct sasl_fake *c, struct buf *to);

/* client-final-message, the answer to a server-first-message. */
void sasl_fake_final(struct sasl_fake *c, str server_first, struct buf *to);

/* Has the server proven itself by its last message? */
bool sasl_fake_trusts(const struct sasl_fake *c, str server_final) MUST_USE;

void sasl_fake_free(struct sasl_fake *c);

#endif
