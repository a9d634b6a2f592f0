/*
 * dns/name - names of domains                     RFC 1035, RFC 5890, RFC 5321 section 2.3.5
 */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include "base/arena.h"
#include "dns/record.h"

#define DNS_LABEL_MAX 63

/* Letters, digits, hyphens and underscores in labels of 1 to 63 that neither begin nor end with a
 * hyphen, at most DNS_NAME_MAX, no empty label; the last dot is not allowed. */
bool dns_name_valid(str name) MUST_USE;

/* The ASCII form in lower case: IDN labels (UTF-8) become xn-- labels (IDNA 2008, non-transitional
 * UTS 46, libidn2); an xn-- label that is not well formed is refused.  What is no valid name
 * fails.  The result is its own ASCII form. */
bool dns_name_ascii(str name, char to[DNS_NAME_MAX + 1]) MUST_USE;

/* Can this be asked for at all: labels of 1 to 63 visible characters or spaces, without backslash,
 * at most DNS_NAME_MAX?  SPF makes such names of what people write (RFC 7208 section 7). */
bool dns_name_askable(str name) MUST_USE;

/* Is name the domain, or a name below it?  Upper and lower case are the same; everything is below
 * the root, which is "". */
bool dns_name_below(str name, str domain) MUST_USE;

#endif
