/*
 * mail/delivered - has this mail been delivered to this address before?
 *
 * Who delivers into a mailbox or a program writes a Delivered-To field (RFC 9228).  Mail that comes
 * back to where it has been runs in a circle: a forward there leads here, and an alias here leads
 * there.
 */
#ifndef MAIL_DELIVERED_H
#define MAIL_DELIVERED_H

#include "base/str.h"

/* bytes: the beginning of a message; what of its header they hold is read.  The letters' case does
 * not count, and brackets around an address neither. */
bool delivered_before(str bytes, str address) MUST_USE;

#endif
