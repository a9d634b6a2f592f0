/*
 * mail/addresses - where the addresses of a header field stand   RFC 5322 sections 3.4 and 4.4
 *
 * For who replaces addresses and must leave every other byte as it is: display names, comments,
 * groups, folding.  What is no address that mail could be sent to is passed over, and so is what
 * stands behind a quote or a comment that does not end: nothing is guessed.  (sender/author reads
 * the same lists for a verdict, where a fault is a fault.)
 */
#ifndef MAIL_ADDRESSES_H
#define MAIL_ADDRESSES_H

#include "base/str.h"

/* What stands behind the colon, folded or not, and how far it has been read. */
struct addresses {
	str list;
	size_t at;
};

/* The next address, as a part of the list.  False: there is none left. */
bool addresses_next(struct addresses *a, str *address) MUST_USE;

#endif
