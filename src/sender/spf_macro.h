/*
 * sender/spf_macro - the macros of SPF records                        RFC 7208 section 7, RFC 8616
 *
 * Checks and expands; text from a stranger's record in, at most a known number of bytes out.  It
 * allocates nothing.
 */
#ifndef SENDER_SPF_MACRO_H
#define SENDER_SPF_MACRO_H

#include "base/ip.h"
#include "dns/record.h"

#define SPF_VALUE_MAX 512 /* octets of any one of the values below */
#define SPF_TEXT_MAX 400  /* octets of an expanded explanation; what is beyond is cut */

struct spf_macro_values {
	str local, sender_domain; /* %{l} %{o}, and with an @ between them %{s} */
	str domain;               /* %{d}: whose record this is */
	str helo;                 /* %{h} */
	str receiver;             /* %{r} */
	str client_name;          /* %{p}: the validated name of the client, or "unknown" */
	struct ip client;         /* %{i} %{c} %{v} */
	int64_t wall_s;           /* %{t} */
};

/* Where a text stands: %{c}, %{r}, %{t} and spaces are for explanations only; an unknown modifier
 * must only be well formed. */
enum spf_macro_place { SPF_IN_DOMAIN, SPF_IN_MODIFIER, SPF_IN_EXPLANATION };

bool spf_macro_check(str text, enum spf_macro_place place) MUST_USE;

/* Is it a domain-spec: macros and visible characters that end in a macro or in ".toplabel"? */
bool spf_macro_domain(str spec) MUST_USE;

/* Does a checked text use one of these macro letters (lower case), whatever its case there? */
bool spf_macro_uses(str text, str letters) MUST_USE;

/* Expand a checked domain-spec into a name to look up: without the last dot, labels dropped from
 * the left until it fits.  False: no such name can be asked for. */
bool spf_macro_name(
	str spec, const struct spf_macro_values *v, char to[DNS_NAME_MAX + 1], str *name) MUST_USE;

/* Expand a checked explanation, cleaned of control characters.  Returns to. */
char *spf_macro_text(str text, const struct spf_macro_values *v, char to[SPF_TEXT_MAX + 1]);

#endif
