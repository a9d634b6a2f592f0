/*
 * smtp/client_machine - the state of one outbound conversation, for the files that move it
 *
 * client.c has the conversation: greetings, TLS, time, the end.  client_auth.c has the login,
 * client_mail.c has the mail in hand.
 */
#ifndef SMTP_CLIENT_MACHINE_H
#define SMTP_CLIENT_MACHINE_H

#include "base/buf.h"
#include "smtp/client.h"
#include "smtp/dots.h"
#include "smtp/reply.h"

/* Whose reply comes next. */
enum smtp_client_waiting {
	WAIT_NOTHING, /* READY */
	WAIT_GREETING,
	WAIT_EHLO,
	WAIT_HELO,
	WAIT_STARTTLS,
	WAIT_HANDSHAKE, /* not a reply: smtp_client_secured */
	WAIT_LOGIN,     /* not a reply: smtp_client_auth */
	WAIT_AUTH,      /* to AUTH, or to an answer in it */
	WAIT_MAIL,
	WAIT_RCPT,
	WAIT_DATA,
	WAIT_FINAL, /* to the end of the content; with LMTP, one for each recipient */
	WAIT_RSET,
	WAIT_QUIT,
	WAIT_OVER, /* there is no conversation any more */
};

struct smtp_client {
	struct smtp_client_setup setup;
	struct smtp_client_peer peer;
	enum smtp_client_waiting waiting;
	bool secured, quit_wanted;
	bool results_due, ready_due, handshake_due; /* acts not yet said */
	bool progress;                              /* content was given since since_ms */
	int64_t now_ms, since_ms;
	struct fail trouble;
	struct smtp_reply reply;
	struct buf line; /* of a reply, until its end comes */
	struct buf out;  /* to be sent; the first said bytes of it were */
	size_t said;

	struct {
		bool due;     /* the act is not yet said */
		bool begun;   /* AUTH was said */
		bool last;    /* the answer that was given last is */
		bool ended;   /* by us, with "*" */
		bool on_hold; /* held was too long for the command */
		struct buf held;
		struct buf challenge; /* decoded */
		bool challenged;      /* there is one */
	} auth;

	/* the mail in hand */
	struct smtp_client_mail mail;
	bool in_mail;
	bool heard;     /* a reply to one of its commands was read */
	bool committed; /* DATA or BDAT was said */
	bool ended;     /* the end of its content was said */
	enum { BODY_NONE, BODY_WANTED, BODY_ASKED, BODY_GIVEN } body;
	uint64_t body_left; /* octets to be given */
	struct smtp_dots dots;
	size_t rcpt_at; /* whose reply comes next */
	size_t open;    /* recipients without a result */
	struct smtp_client_result *results;
};

/* The conversation is over; so is a mail in hand. */
void smtp_client_end(struct smtp_client *c, const struct fail *why);

/* The next mail may come, or QUIT where none is wanted. */
void smtp_client_ready(struct smtp_client *c);

/* QUIT, for this reason; null: all went well. */
void smtp_client_leave(struct smtp_client *c, const struct fail *trouble);

/* We are protected as far as we want to be: log in, or be ready. */
void smtp_client_auth_begin(struct smtp_client *c);
void smtp_client_auth_text(struct smtp_client *c, str text); /* of a reply: perhaps a challenge */
void smtp_client_auth_replied(struct smtp_client *c, const struct fail *reply);
void smtp_client_auth_wipe(struct smtp_client *c);

/* A reply that nothing asked for ends the conversation. */
void smtp_client_out_of_turn(struct smtp_client *c, const struct fail *reply);

/* A reply to MAIL, RCPT, DATA, the content, or the RSET behind it. */
void smtp_client_mail_replied(struct smtp_client *c, const struct fail *reply);

/* Content for it. */
void smtp_client_mail_body(struct smtp_client *c, str bytes);

/* The conversation broke under the mail in hand: it gets its results. */
void smtp_client_mail_broke(struct smtp_client *c, const struct fail *why);

#endif
