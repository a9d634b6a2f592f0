/*
 * mail/dsn - the message that tells a sender what became of his mail     RFC 3461, 3464, 6522
 *
 * Builds a multipart/report with three parts: words for people, message/delivery-status, and the
 * original (its header, or all of it).  Every text that came from outside has been cleaned, is
 * folded, and cannot add a field or close a part.
 */
#ifndef MAIL_DSN_H
#define MAIL_DSN_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "mail/dsn_words.h"

enum dsn_action { DSN_FAILED, DSN_DELAYED, DSN_DELIVERED, DSN_RELAYED, DSN_EXPANDED };

struct dsn_recipient {
	str final;    /* the address we tried */
	str original; /* what was said at RCPT, when that is another */
	str orcpt;    /* ORCPT as given, or "" */
	enum dsn_action action;
	str remote_mta;              /* the peer's name, or "" */
	const struct fail *reply;    /* the peer's words, or ours */
	bool reply_is_ours;          /* no peer said it: no Diagnostic-Code smtp */
	int64_t will_retry_until_ms; /* DELAYED; 0: not said */
};

struct dsn {
	str reporting_mta;          /* our hostname */
	str from;                   /* "Mail Delivery System <MAILER-DAEMON@...>"'s address */
	str to;                     /* the sender of the original */
	str message_id;             /* without brackets */
	uint64_t queue_id;          /* of the original */
	str envid;                  /* as given, xtext, or "" */
	int64_t now_ms, arrival_ms; /* wall clock */
	int zone_minutes;
	bool smtputf8; /* addresses need RFC 6533 forms */
	const struct dsn_recipient *recipients;
	size_t recipient_count;
	const enum dsn_language *languages; /* of the words for people, one after the other */
	size_t language_count;              /* 0: English */
	str original;                       /* the first bytes of the original message */
	bool original_whole; /* all of it is there: message/rfc822, else text/rfc822-headers */
};

/* Append the whole message, CRLF lines.  False at the limit of to. */
bool dsn_build(const struct dsn *d, struct buf *to) MUST_USE;

#endif
