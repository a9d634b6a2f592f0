/*
 * smtp/offer - what a peer says that it can do, keyword by keyword  RFC 5321 section 4.1.1.1, 9422
 */
#ifndef SMTP_OFFER_H
#define SMTP_OFFER_H

#include "base/str.h"

#define SMTP_OFFER_AUTH_MAX 255

/* What the peer offered, after TLS if there was TLS. */
struct smtp_client_peer {
	bool esmtp, pipelining, chunking, eightbitmime, smtputf8, dsn, size, starttls, enhanced;
	uint64_t size_octets_max; /* 0: none said */
	uint64_t recipients_max;  /* RFC 9422 RCPTMAX, 0: none said */
	uint64_t mails_max;       /* RFC 9422 MAILMAX, 0: none said */
	/* RFC 4954: the mechanisms of AUTH, blanks between them; "" none.  As many as there is room
	 * for. */
	char auth[SMTP_OFFER_AUTH_MAX + 1];
};

/* Learn from one line of the reply to EHLO, any but the first.  What we do not know, or cannot
 * read, is not offered. */
void smtp_offer_line(struct smtp_client_peer *peer, str line);

#endif
