/*
 * mail/received - who handed the message to the server that wrote this Received field?
 *
 * RFC 5321 section 4.4 gives the form, and servers write it in their own ways.  Of the from clause,
 * which ends at the word "by", this reads the name that the client gave itself and the address that
 * the server saw:
 *
 *	from helo (name [192.0.2.1]) by ...         Postfix, sendmail, we
 *	from name ([192.0.2.1] helo=helo) by ...    Exim
 *	from [192.0.2.1] (helo=helo) by ...         Exim
 *	from unknown (HELO helo) (192.0.2.1) by ... qmail
 *	from helo (192.0.2.1) by ...                Exchange
 */
#ifndef MAIL_RECEIVED_H
#define MAIL_RECEIVED_H

#include "base/ip.h"

struct received {
	struct ip client; /* family 0: the field names no address, as of mail that began there */
	str helo;         /* borrows the value; "" where it is not said */
};

/* value: what stands behind the colon, folded or not.  False: it has no from clause. */
bool received_read(str value, struct received *r) MUST_USE;

#endif
