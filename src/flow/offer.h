/*
 * flow/offer - what a peer offers against what a message needs
 *
 * RFC 6152 (8BITMIME), 6531 (SMTPUTF8), 3461 (DSN).  Content is changed only where nobody has
 * signed it.
 */
#ifndef FLOW_OFFER_H
#define FLOW_OFFER_H

#include "flow/delivery.h"
#include "smtp/client.h"

enum offer {
	OFFER_AS_IT_IS,
	OFFER_DOWNGRADED, /* its 8-bit parts must be encoded first */
	OFFER_CANNOT,     /* *why: 5.6.3 or 5.6.7 */
};

enum offer offer_judge(
	const struct delivery *d, const struct smtp_client_peer *peer, struct fail *why) MUST_USE;

/* Fill in the mail, all but size_octets; what is made for it is in the arena. */
void offer_mail(const struct delivery *d, const struct smtp_client_peer *peer, struct arena *a,
	struct smtp_client_mail *mail);

#endif
