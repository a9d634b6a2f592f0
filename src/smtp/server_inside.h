/*
 * smtp/server_inside - what the files of smtp/server share; nobody else looks here
 */
#ifndef SMTP_SERVER_INSIDE_H
#define SMTP_SERVER_INSIDE_H

#include "base/buf.h"
#include "smtp/data.h"
#include "smtp/server.h"

/* How far the conversation is; a command says where it is legal. */
enum {
	AT_START = 1,   /* no HELO yet */
	AT_REST = 2,    /* no transaction */
	AT_MAIL = 4,    /* a sender */
	AT_RCPT = 8,    /* and a recipient */
	AT_CHUNKS = 16, /* and the first BDAT */
	AT_TRANSACTION = AT_MAIL | AT_RCPT | AT_CHUNKS,
	AT_ANY = AT_START | AT_REST | AT_TRANSACTION,
};

/* What the next bytes are. */
enum smtp_server_reading {
	READING_COMMANDS,
	READING_BAD_LINE, /* dropped to its CRLF */
	READING_AUTH,     /* the answer to a challenge */
	READING_DATA,
	READING_CHUNK, /* of BDAT, dropped when there is a refusal */
};

struct smtp_server {
	const struct smtp_server_setup *setup;
	int64_t now_ms, since_ms; /* since when the client owes us something */
	int64_t message_since_ms;

	/* What came: the beginning of a line, or the line whose question is open. */
	struct buf line;
	bool after_cr; /* in a bad line */
	bool pending;  /* bytes wait that feed did not take */
	bool early;    /* they came too early: the client had to wait for a reply */
	enum smtp_server_reading reading;

	/* What leaves: replies, told_octets of which were handed out; a piece of the body. */
	struct buf out;
	size_t told_octets;
	str body;
	bool reset_due, waited, closing;

	struct smtp_server_ask {
		bool open, told;
		enum smtp_server_question kind;
		uint32_t ticket;
		int64_t since_ms;
		struct smtp_auth auth;
		struct smtp_mail mail;
		struct smtp_rcpt rcpt;
	} question;

	struct {
		bool open;
		unsigned failed;
		struct buf response; /* of the client, decoded */
	} auth;
	str login; /* by mem_copy */
	struct xclient *said,
		*forward; /* by XCLIENT, whose question is open; by XFORWARD; or null */

	unsigned at;
	bool greeted, extended, stopping;
	enum smtp_server_tls_is { TLS_NOT_YET, TLS_DUE, TLS_SHAKING, TLS_SECURED } tls;
	str helo; /* ours, by mem_copy */
	unsigned transactions, idle_commands, errors;

	/* Of the transaction. */
	bool smtputf8, in_message, some_refused;
	unsigned recipients, recipients_beyond;
	struct smtp_data data;
	uint64_t chunk_octets, chunk_left;
	bool chunk_last;
	struct fail *refusal; /* why its bytes are dropped: said at the end; null: they are not */
	bool refusal_own;     /* that is our word, not that of whom we asked */

	/* A refusal of our own, for the log. */
	struct smtp_server_own {
		struct fail why;
		const char *limit;
		bool told;
	} * own; /* null: none */
};

/* --- smtp/server.c */

void smtp_server_banner(struct smtp_server *s, const struct fail *refusal);

bool smtp_server_answers(struct smtp_server *s, uint32_t ticket) MUST_USE; /* the open question */
void smtp_server_forget_told(struct smtp_server *s); /* what a SEND has handed out */

/* A reply, cleaned; it is not counted. */
void smtp_server_say(struct smtp_server *s, int code, const char *status, const char *text);
const char *smtp_server_status(const struct fail *why); /* enhanced, whatever why lacks */

/* A reply to a command that failed: counted; the one beyond errors_max, or with code 421, hangs up.
 * The first is the word of whom we asked, the others are ours, and noted. */
void smtp_server_pass_on(struct smtp_server *s, const struct fail *why);
void smtp_server_refuse(struct smtp_server *s, const struct fail *why);
void smtp_server_refuse_as(
	struct smtp_server *s, const char *limit, int code, const char *status, const char *text);

/* 421 */
void smtp_server_hang_up(
	struct smtp_server *s, const char *limit, const char *status, const char *text);

/* Our own refusal, to be told by next; of two before that, the first. */
void smtp_server_note(
	struct smtp_server *s, const char *limit, int code, const char *status, const char *text);
void smtp_server_ask(struct smtp_server *s, enum smtp_server_question kind);

/* --- smtp/server_tls.c */

void smtp_server_tls_begin(struct smtp_server *s);                  /* before all others */
void smtp_server_tls_command(struct smtp_server *s, str arg);       /* STARTTLS */
bool smtp_server_tls_offered(const struct smtp_server *s) MUST_USE; /* now, to this client */
bool smtp_server_tls_lacking(const struct smtp_server *s) MUST_USE; /* nothing goes without it */
bool smtp_server_tls_holds(const struct smtp_server *s) MUST_USE;   /* nothing is read, or said */
void smtp_server_tls_late(struct smtp_server *s);

/* --- smtp/server_auth.c */

void smtp_server_auth_command(struct smtp_server *s, str arg);       /* AUTH */
void smtp_server_auth_line(struct smtp_server *s, str line);         /* the answer to a challenge */
void smtp_server_auth_line_bad(struct smtp_server *s);               /* it was none */
bool smtp_server_auth_offered(const struct smtp_server *s) MUST_USE; /* now, to this client */
bool smtp_server_auth_lacking(const struct smtp_server *s) MUST_USE; /* no mail without it */
void smtp_server_auth_answered(struct smtp_server *s, const struct fail *refusal, str login);
void smtp_server_auth_end(struct smtp_server *s); /* of an exchange, however it ended */
void smtp_server_auth_free(struct smtp_server *s);

/* --- smtp/server_xclient.c */

void smtp_server_xclient_command(struct smtp_server *s, str arg);
void smtp_server_xclient_forward(struct smtp_server *s, str arg);
void smtp_server_xclient_answered(struct smtp_server *s, const struct fail *refusal, str login);
void smtp_server_xclient_offer(struct smtp_server *s);  /* in EHLO */
void smtp_server_xclient_forget(struct smtp_server *s); /* what XFORWARD has said */

/* --- smtp/server_transaction.c */

void smtp_server_transaction_end(struct smtp_server *s, bool reset); /* if there is one */
void smtp_server_transaction_drop(
	struct smtp_server *s, const struct fail *why, bool own); /* the first why holds */
void smtp_server_transaction_message_over(struct smtp_server *s); /* all of its bytes are here */
void smtp_server_transaction_chunk_over(struct smtp_server *s);
void smtp_server_transaction_answered(struct smtp_server *s, const struct fail *refusal, str text);

/* --- smtp/server_command.c */

void smtp_server_command(struct smtp_server *s, str line); /* a whole one, without its CRLF */

#endif
