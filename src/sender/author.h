/*
 * sender/author - who a message says it is from          RFC 5322 sections 3.4 and 3.6.2, RFC 6854
 *
 * Readers of mail show what is in From, so nothing is guessed here: a field that cannot be read, a
 * second one, or none is a fault, and so is an address that no mail could be sent to.
 */
#ifndef SENDER_AUTHOR_H
#define SENDER_AUTHOR_H

#include "mail/address.h"
#include "sender/dkim_header.h"

#define AUTHOR_ADDRESSES_MAX 10
#define AUTHOR_DEPTH_MAX 20 /* of comments in comments */

enum author_step { AUTHOR_ADDRESS, AUTHOR_END, AUTHOR_BAD };

/* Take the next mailbox off *list, the rest of an address list (the body of a From, Sender or To
 * field, folded or not; groups are looked into): its address, without display name and comments. */
enum author_step author_next(str *list, char address[ADDRESS_MAX + 1]) MUST_USE;

/* All addresses of From. */
struct author {
	char addresses[AUTHOR_ADDRESSES_MAX][ADDRESS_MAX + 1];
	size_t count;
	const char *fault; /* null: there is one From field, and these are its addresses, at least
			      one */
};

/* The header is over. */
void author_gather(const struct dkim_header *h, struct author *a);

#endif
