/*
 * flow/stamp - the fields that we add to a message on its way in
 *
 * RFC 5321 section 4.4 (Received), RFC 3848 and 6531 (protocol keywords), RFC 6409 section 8
 * (missing fields of mail that we submit for others).
 */
#ifndef FLOW_STAMP_H
#define FLOW_STAMP_H

#include "base/buf.h"
#include "mail/header.h"
#include "queue/envelope.h"
#include "world/tls.h"

struct stamp {
	str hostname;
	const struct envelope *envelope; /* id, client, helo, login, sender, recipients, when */
	bool extended;                   /* EHLO */
	const struct tls_facts *tls;     /* null: in clear */
	bool hides_client;               /* its address and its name are not for everybody */
	int zone_minutes;
};

/* Append the Received field. */
void stamp_received(const struct stamp *s, struct buf *to);

/* Append Date, Message-ID and From where the header lacks them. */
void stamp_missing(const struct stamp *s, const struct header_scan *header, struct buf *to);

#endif
