/*
 * smtp/server - one inbound SMTP conversation, as a machine
 *
 * RFC 5321, 1870 (SIZE), 2034 and 3463 (ENHANCEDSTATUSCODES), 2920 (PIPELINING), 3030 (CHUNKING,
 * not BINARYMIME), 3207 (STARTTLS), 3461 (DSN), 4954 (AUTH), 6152 (8BITMIME), 6531 (SMTPUTF8), 9422
 * (LIMITS).
 *
 * Sans-IO: bytes, answers and time go in; acts come out.  The machine owns no socket, calls nobody
 * back, and may be freed after any call.  Only CRLF ends a line and only CRLF.CRLF ends a message
 * (P6); a bare CR or LF in a message refuses the message with 550 5.6.0 at its end and is never
 * passed on; a bare CR or LF in a command line is a syntax error.
 *
 * How it is driven: feed what arrived; call next until IDLE (or CLOSE); feed what was not taken;
 * and so on.  While a question is open, feed takes nothing but keeps its promise to the client:
 * replies come in the order of the commands.  A line that is not whole yet is taken and kept, so
 * fewer bytes taken always means "not now": they are to be fed again after an act, an answer or a
 * tick.  Replies to pipelined commands are gathered: where an answer comes before next has said
 * IDLE, its SEND may wait for the bytes that were not taken.
 *
 * Who may not pipeline, has to wait: a client to whom PIPELINING was not offered (before EHLO, or
 * after HELO) for every reply and for the banner, every client for the replies to EHLO, HELO and
 * DATA.  Bytes that were there too early are not read as anything: they get one 554 5.5.0, and we
 * hang up.  What was said before them keeps its own reply, but DATA gets no 354.  Bytes behind
 * STARTTLS are such, too: whoever put them there in clear speaks as nobody in the protected
 * session.
 */
#ifndef SMTP_SERVER_H
#define SMTP_SERVER_H

#include "base/fail.h"
#include "base/str.h"
#include "smtp/command.h"
#include "smtp/xclient.h"

struct smtp_server; /* opaque */

/* Each limit has a name in the configuration, a default there, and its own reply. */
struct smtp_server_limits {
	size_t line_octets_max;      /* a command line with its CRLF: 500 5.5.2 */
	size_t text_line_octets_max; /* a line of the message with its CRLF: 552 5.6.0 at the end */
	uint64_t message_octets_max; /* 552 5.3.4, at MAIL when SIZE says so, else at the end */
	unsigned recipients_max;     /* of one message: 452 4.5.3 */
	unsigned transactions_max;   /* of one session: 421 4.7.0 */
	unsigned idle_commands_max;  /* in a row that move no mail: NOOP, RSET, VRFY, HELP...:
					421 4.7.0 */
	unsigned errors_max;         /* 4xx and 5xx replies in a session: instead of one more to a
					command, 421 4.7.0; behind that of a message, too.  452
					4.5.3 is not counted */
	int64_t command_ms_max;      /* silence between commands: 421 4.4.2 */
	int64_t data_ms_max;         /* silence inside a message: 421 4.4.2 */
	int64_t answer_ms_max;       /* for our own answer to a question: 451 4.3.0 to that command;
					if it was COMMIT, we also hang up */
	int64_t message_ms_max;      /* from DATA or the first BDAT to its end, in all: 421 4.4.2 */
	int64_t handshake_ms_max;    /* for the TLS handshake; then we hang up without a word */
};

enum smtp_server_tls {
	SMTP_SERVER_TLS_OFF,
	SMTP_SERVER_TLS_OFFERED,  /* STARTTLS */
	SMTP_SERVER_TLS_REQUIRED, /* and without it nothing but it: 530 5.7.0 */
	SMTP_SERVER_TLS_IMPLICIT, /* the handshake comes before the banner (RFC 8314) */
};

enum smtp_server_login {
	SMTP_SERVER_LOGIN_OFF,
	SMTP_SERVER_LOGIN_OFFERED,  /* AUTH, under TLS */
	SMTP_SERVER_LOGIN_REQUIRED, /* and no mail without it */
};

/* Borrowed; must outlive the machine. */
struct smtp_server_setup {
	str hostname; /* in the banner and in EHLO */
	const struct smtp_server_limits *limits;
	enum smtp_server_login login;
	str mechanisms;       /* of AUTH, blanks between them; "": none can be used now */
	unsigned tries_max;   /* failed logins of one session: 421 4.7.0 */
	bool repair_newlines; /* this client may send bare LF, made CRLF (never a bare CR), but not
				 around the dot that ends a message */
	bool xclient, xforward; /* this client may say who the real one is */
	enum smtp_server_tls tls;
	bool softens;    /* a permanent refusal is said as a temporary one; but for logins,
			    whose replies are those of RFC 4954, 53x */
	bool tls_broken; /* there is no certificate to show: STARTTLS is not offered, or gets 454
			    where it is required */
};

enum smtp_server_question {
	SMTP_ASK_AUTH,   /* auth: who is it?  smtp_server_auth_challenge, or answer: yes, with the
			    name   of the login as text, or no */
	SMTP_ASK_CLIENT, /* client: that is who it really is; yes, with the name of the login, where
			    it has said one, as text.  The setup may be changed before that */
	SMTP_ASK_MAIL,   /* mail: may this sender begin? */
	SMTP_ASK_RCPT,   /* rcpt: may this recipient come in? */
	SMTP_ASK_DATA,   /* may the body come? it begins after the answer (354, or BDAT's bytes) */
	SMTP_ASK_COMMIT, /* the body is over: make it durable, then answer */
};

#define SMTP_AUTH_MECHANISM_MAX 20 /* RFC 4422 section 3.1 */
#define SMTP_AUTH_LINE_MAX 12290   /* RFC 4954 section 4, with the line's end */

struct smtp_auth {
	bool begins; /* else response is that to the challenge */
	char mechanism[SMTP_AUTH_MECHANISM_MAX + 1];
	bool initial; /* response came with the command */
	str response; /* decoded */
};

struct smtp_server_act {
	enum {
		SMTP_SERVER_IDLE,     /* nothing to do before the next feed, answer or tick */
		SMTP_SERVER_SEND,     /* write bytes to the client */
		SMTP_SERVER_ASK,      /* answer with the ticket, now or later */
		SMTP_SERVER_BODY,     /* bytes of the message: dots removed, lines end in CRLF */
		SMTP_SERVER_RESET,    /* the transaction that ASK_MAIL had begun is over without
					 commit: drop its body and envelope.  It follows a COMMIT that
					 was refused, too, but not one whose answer came too late: that
					 message is in the hands of whoever was asked */
		SMTP_SERVER_REFUSED,  /* the machine has refused something by itself, in words that
					 are on their way; for the log (P7) */
		SMTP_SERVER_STARTTLS, /* become the server of a TLS handshake, behind what was sent;
					 then smtp_server_tls_done.  What came in clear and was not
					 taken is void */
		SMTP_SERVER_CLOSE,    /* write what was sent, then hang up */
	} kind;
	str bytes; /* SEND: valid until the next call; BODY: as long as the bytes that were fed */
	enum smtp_server_question question;
	uint32_t ticket;
	struct smtp_auth auth; /* ASK_AUTH: borrows, until the answer */
	struct smtp_mail mail; /* ASK_MAIL: borrows, until the answer */
	struct smtp_rcpt rcpt; /* ASK_RCPT: borrows, until the answer */
	/* ASK_CLIENT: what XCLIENT says; ASK_MAIL: what XFORWARD has said, or null.  Until the
	 * answer. */
	const struct xclient *client;
	/* REFUSED: valid until the next call.  Each has its record, but for the 452 of recipients
	 * beyond the limit, which has one a transaction.  errors_max bounds their number. */
	const struct fail *refusal;
	const char *limit; /* REFUSED: its name in the configuration, or null: the protocol */
	bool hangs_up;     /* REFUSED: and CLOSE follows */
};

struct smtp_server *smtp_server_new(const struct smtp_server_setup *setup, int64_t now_ms) MUST_USE;
void smtp_server_free(struct smtp_server *s); /* null is allowed */

/* The connection is open: the banner, or with refusal its code and text, then CLOSE.  Before it,
 * feed takes nothing.  With implicit TLS the banner waits for the handshake, and a refusal is not
 * worth one: CLOSE comes at once. */
void smtp_server_greet(struct smtp_server *s, const struct fail *refusal);

size_t smtp_server_feed(
	struct smtp_server *s, str bytes, int64_t now_ms) MUST_USE; /* how much was taken */
struct smtp_server_act smtp_server_next(struct smtp_server *s) MUST_USE;

/* In place of an answer to ASK_AUTH: the exchange goes on.  False: the ticket is old. */
bool smtp_server_auth_challenge(struct smtp_server *s, uint32_t ticket, str challenge);

/* refusal null: yes.  text: for COMMIT, what follows "250 2.0.0 " ("queued as ..."); else unused.
 * A refusal with code 421 also hangs up.  False: the ticket is old, the client has been told 451
 * and nothing changes; a recipient that was found good meanwhile is none of this transaction.  The
 * machine's clock is that of the last feed or tick. */
bool smtp_server_answer(
	struct smtp_server *s, uint32_t ticket, const struct fail *refusal, str text);

/* The handshake of STARTTLS has ended well.  The client begins anew: what it said in clear is
 * forgotten (RFC 3207 section 4.2), but for what counts against the limits of the session. */
void smtp_server_tls_done(struct smtp_server *s, int64_t now_ms);

/* Refuse the message that is coming in without waiting for its end (a full disk, too many hops):
 * its bytes are swallowed, and its end gets this reply instead of a question.  The first reason
 * wins, ours or this; behind ASK_COMMIT, or outside a message, it does nothing. */
void smtp_server_fail_body(struct smtp_server *s, const struct fail *refusal);

void smtp_server_tick(struct smtp_server *s, int64_t now_ms);
int64_t smtp_server_deadline_ms(const struct smtp_server *s) MUST_USE; /* tick no later */

/* We are about to stop: 421 4.3.2 at the next moment at which we owe nothing; a message whose
 * bytes are coming or whose commit is asked still gets its answer first. */
void smtp_server_shutdown(struct smtp_server *s);

/* Facts for the Received field and the log; valid until the next feed. */
str smtp_server_helo(const struct smtp_server *s);
bool smtp_server_extended(const struct smtp_server *s); /* EHLO was said */
bool smtp_server_tls_on(const struct smtp_server *s);
str smtp_server_auth_login(const struct smtp_server *s); /* "": nobody has logged in */
/* An exchange of AUTH is open.  When the client ends it (by *, or by what is no base64), a REFUSED
 * says so, and this says no. */
bool smtp_server_auth_open(const struct smtp_server *s);
bool smtp_server_smtputf8(const struct smtp_server *s); /* in this transaction */
bool smtp_server_in_message(
	const struct smtp_server *s); /* between ASK_DATA's yes and COMMIT's answer */

#endif
