/*
 * smtp/client - one outbound SMTP or LMTP conversation, as a machine
 *
 * RFC 5321, RFC 2033 (LMTP), and what the peer offers of 1870, 2920, 3030, 3207, 3461, 4954, 6152,
 * 6531.
 *
 * Sans-IO.  It says READY when a mail can be given to it (after the greetings, and again after each
 * mail); then it pipelines as much as the peer allows: with PIPELINING and CHUNKING a small mail is
 * one segment there and one back.  Every recipient of a mail gets exactly one result before the
 * next READY or the CLOSE, whatever the peer does.  What the peer says is cleaned before it is
 * kept.
 */
#ifndef SMTP_CLIENT_H
#define SMTP_CLIENT_H

#include "base/fail.h"
#include "base/str.h"
#include "smtp/command.h"
#include "smtp/offer.h"

struct smtp_client; /* opaque */

struct smtp_client_setup {
	str hello; /* our name in EHLO or LHLO; borrowed */
	bool lmtp;
	bool tls_wanted;   /* STARTTLS when offered; refused or broken: the driver may try again
			      without */
	bool tls_required; /* no STARTTLS: a temporary failure of the conversation, 4.7.4 */
	bool tls_first;    /* the handshake comes before the greeting (RFC 8314 section 3.3) */
	bool login;        /* AUTH before the first mail, under TLS only: else 4.7.0 */
	/* RFC 5321 section 4.5.3.2 */
	int64_t greeting_ms_max, command_ms_max, data_ms_max, final_ms_max;
};

struct smtp_client_rcpt {
	str address;
	unsigned notify;
	str orcpt;
};

/* Borrowed until the mail's results are there. */
struct smtp_client_mail {
	str sender;
	bool smtputf8,
		eightbit; /* say SMTPUTF8, BODY=8BITMIME: the caller has looked at the peer */
	enum smtp_ret ret;
	str envid;
	bool asks_only;       /* no content follows: each recipient's reply is its result */
	uint64_t size_octets; /* exactly what smtp_client_body will be given */
	const struct smtp_client_rcpt *rcpts;
	size_t rcpt_count;
};

struct smtp_client_result {
	bool done; /* false: not tried: the conversation broke before the peer had said a word
		      of it, or could have it all */
	bool delivered;
	struct fail reply; /* the peer's words, for success too (kind FAIL_NONE) */
};

struct smtp_client_act {
	enum {
		SMTP_CLIENT_IDLE,
		SMTP_CLIENT_SEND,     /* write bytes to the peer */
		SMTP_CLIENT_BODY,     /* give the next portion of the content: smtp_client_body */
		SMTP_CLIENT_STARTTLS, /* do the handshake, then smtp_client_secured */
		SMTP_CLIENT_AUTH,     /* who are we?  bytes: what the peer has said to it, or, with
					 a null p, nothing yet.  smtp_client_auth */
		SMTP_CLIENT_READY,    /* smtp_client_mail may be called; said once each time */
		SMTP_CLIENT_RESULTS,  /* the mail is over: read them by smtp_client_results */
		SMTP_CLIENT_CLOSE,    /* hang up; *why of the conversation is smtp_client_trouble */
	} kind;
	str bytes; /* valid until the next call */
};

struct smtp_client *smtp_client_new(const struct smtp_client_setup *setup, int64_t now_ms) MUST_USE;
void smtp_client_free(struct smtp_client *c);

/* Takes all of it, always: what it would have to keep is never more than one line. */
size_t smtp_client_feed(struct smtp_client *c, str bytes, int64_t now_ms) MUST_USE;
struct smtp_client_act smtp_client_next(struct smtp_client *c) MUST_USE;

/* Only after READY.  A mail that is larger than the peer takes is refused here, with 5.3.4.  On a
 * conversation that has ended since, its results are "not tried". */
void smtp_client_mail(struct smtp_client *c, const struct smtp_client_mail *mail, int64_t now_ms);

/* The answer to BODY: the next bytes of the content, not empty, with CRLF lines; the sum over all
 * calls is size_octets.  They are copied.  A null p says that the content cannot be read: the mail
 * ends unfinished (it is never ended as if it were whole), all results that are still open are
 * temporary, and CLOSE follows.  The same, but permanent 5.6.0, when the content has a bare CR or
 * LF.  An answer that comes when the mail is over already is dropped. */
void smtp_client_body(struct smtp_client *c, str bytes);

void smtp_client_secured(struct smtp_client *c, int64_t now_ms);

/* The answer to AUTH; borrowed for the call.  Late ones are dropped. */
struct smtp_client_login {
	str mechanism; /* the same each time */
	str response;  /* a null p: none, the peer speaks first */
	bool last;     /* only now is a yes of the peer one */
};
void smtp_client_auth(struct smtp_client *c, const struct smtp_client_login *login, int64_t now_ms);

/* Or: there is none, and that is the end of the conversation. */
void smtp_client_auth_fail(struct smtp_client *c, const struct fail *why, int64_t now_ms);

/* The stream is gone: everything open gets its result.  why null: the peer closed it. */
void smtp_client_gone(struct smtp_client *c, const struct fail *why);

/* No more mail: QUIT, when it is READY; then CLOSE. */
void smtp_client_quit(struct smtp_client *c, int64_t now_ms);

void smtp_client_tick(struct smtp_client *c, int64_t now_ms);
int64_t smtp_client_deadline_ms(const struct smtp_client *c) MUST_USE; /* INT64_MAX while READY */

const struct smtp_client_peer *smtp_client_peer(const struct smtp_client *c);

/* rcpt_count of them; valid until the next smtp_client_mail. */
const struct smtp_client_result *smtp_client_results(const struct smtp_client *c);

/* Why the conversation ended, or kind FAIL_NONE (QUIT, or a mail whose content broke off through no
 * fault of the peer): greeting refused, 421, silence, bad syntax.  Before the first READY it is
 * about the destination, not about a mail. */
const struct fail *smtp_client_trouble(const struct smtp_client *c);

#endif
