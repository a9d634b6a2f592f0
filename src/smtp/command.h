/*
 * smtp/command - one command line into its parts       RFC 5321 section 4.1.1, 1870, 3461, 6152,
 *                                                       6531, 6533, 3030, 4954
 */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include "base/fail.h"
#include "base/str.h"

enum smtp_body { SMTP_BODY_7BIT, SMTP_BODY_8BITMIME };
enum smtp_ret { SMTP_RET_NONE, SMTP_RET_FULL, SMTP_RET_HDRS };

/* RFC 3461 section 4.1; 0: not said */
enum {
	SMTP_NOTIFY_NEVER = 1,
	SMTP_NOTIFY_SUCCESS = 2,
	SMTP_NOTIFY_FAILURE = 4,
	SMTP_NOTIFY_DELAY = 8
};

#define SMTP_ENVID_MAX 100 /* RFC 3461 section 4.4 */
#define SMTP_ORCPT_MAX 500 /* RFC 3461 section 4.2 */
#define SMTP_AUTH_MAX 500  /* RFC 4954 section 5 */
#define SMTP_HELO_MAX 255  /* RFC 5321 section 4.5.3.1.2 */

/* All strs borrow the line that was parsed. */
struct smtp_mail {
	str sender;           /* without brackets; "" is the null sender */
	uint64_t size_octets; /* SIZE=, 0: not said */
	enum smtp_body body;
	bool smtputf8;
	enum smtp_ret ret;
	str envid; /* xtext, as it came; "" when not said */
	str auth;  /* AUTH=, xtext, as it came */
};

struct smtp_rcpt {
	str recipient; /* without brackets */
	unsigned notify;
	str orcpt; /* "rfc822;xtext", as it came */
};

struct smtp_bdat {
	uint64_t octets;
	bool last;
};

/* arg is what stands behind the verb and its space.  False: *why is the whole reply: 501 5.5.4 for
 * bad syntax, 555 5.5.4 for an unknown parameter, 501 5.1.7 for a bad sender, 501 5.1.3 for a bad
 * recipient, 553 5.6.7 for one that needs SMTPUTF8 where that was not said. */
bool smtp_command_mail(str arg, struct smtp_mail *mail, struct fail *why) MUST_USE;

/* <Postmaster>, without a domain, is a recipient too (RFC 5321 section 4.5.1). */
bool smtp_command_rcpt(str arg, bool smtputf8, struct smtp_rcpt *rcpt, struct fail *why) MUST_USE;

bool smtp_command_bdat(str arg, struct smtp_bdat *bdat, struct fail *why) MUST_USE;

/* Names of HELO and EHLO: a domain name or an address literal; what appliances say beyond that
 * (underscores, a bare word, an apostrophe) is taken too.  Control characters, spaces, bytes above
 * 127 and what could end a comment or a string in a Received field are not. */
bool smtp_command_helo(str arg, str *name, struct fail *why) MUST_USE;

/* Are these values of ENVID and of ORCPT, which may go on to other servers as they stand? */
bool smtp_command_envid_good(str value) MUST_USE;
bool smtp_command_orcpt_good(str value) MUST_USE;

#endif
