/*
 * smtp/envelope - MAIL and RCPT as we say them to a peer     RFC 5321 section 4.1.1, 1870, 3461,
 *6152, 6531
 *
 * Only what the peer offered is said.  Addresses and parameters were checked when they came in: a
 * control character in one is a broken invariant, and stops us.
 */
#ifndef SMTP_ENVELOPE_H
#define SMTP_ENVELOPE_H

#include "base/buf.h"
#include "smtp/client.h"

void smtp_envelope_mail(
	struct buf *to, const struct smtp_client_peer *peer, const struct smtp_client_mail *mail);
/* The recipient with that index. */
void smtp_envelope_rcpt(struct buf *to, const struct smtp_client_peer *peer,
	const struct smtp_client_mail *mail, size_t index);

#endif
