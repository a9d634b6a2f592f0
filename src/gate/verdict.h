/*
 * gate/verdict - what a rule says: the value behind its key     access(5), header_checks(5)
 *
 *	accept | refuse [CODE] [x.y.z] [TEXT] | defer [CODE] [x.y.z] [TEXT] | hold [TEXT] |
 *	discard [TEXT] | copy ADDRESS | redirect ADDRESS | warn [TEXT] | dunno
 *
 * and of access prepend FIELD, filter TRANSPORT:NEXTHOP; of header fields remove, replace FIELD,
 * prepend FIELD.
 *
 * Postfix's words for the same are understood, in upper or lower case: OK, REJECT, BCC, IGNORE,
 * INFO, 4xx and 5xx with a text.
 */
#ifndef GATE_VERDICT_H
#define GATE_VERDICT_H

#include "base/fail.h"

enum verdict_kind {
	VERDICT_NONE,     /* as if there were no such rule */
	VERDICT_ACCEPT,   /* no more rules */
	VERDICT_REFUSE,   /* with 4xx or 5xx */
	VERDICT_HOLD,     /* take it, but do not send it on until it is released */
	VERDICT_DISCARD,  /* take it, and throw it away */
	VERDICT_WARN,     /* only log it */
	VERDICT_COPY,     /* somebody gets a copy */
	VERDICT_REDIRECT, /* somebody else gets it, in the place of all its recipients */
	VERDICT_FILTER,   /* all of them leave by this way */
	VERDICT_REMOVE,   /* the field */
	VERDICT_REPLACE,  /* the field by another one */
	VERDICT_PREPEND,  /* another field before it, or on top of the message */
};

enum verdict_place {
	VERDICT_OF_ACCESS = 1,
	VERDICT_OF_HEADER = 2,
	VERDICT_OF_BODY = 4,
};

struct verdict {
	enum verdict_kind kind;
	int code;        /* REFUSE */
	char status[12]; /* REFUSE */
	str text;        /* of REFUSE never ""; of COPY and REDIRECT an address */
};

/* False: *why.text says what was expected. */
bool verdict_parse(
	str value, enum verdict_place place, struct verdict *v, struct fail *why) MUST_USE;
const char *verdict_name(enum verdict_kind kind);

#endif
