/*
 * smtp/play - for tests: drives a server machine as flow/inbound does, and writes down what
 * happens in two lines of text, which must not depend on how the bytes were cut or how late the
 * answers were
 *
 * Who may come in is told by local parts: "no..." is refused with 550 5.1.1, "later..." with
 * 451 4.7.1, "bye..." with 421 4.3.2; a sender that begins with "nodata" is refused at DATA, and a
 * message that has the word REFUSE at its end.
 */
#ifndef SMTP_PLAY_H
#define SMTP_PLAY_H

#include "base/buf.h"
#include "smtp/server.h"

struct play {
	struct smtp_server *machine;
	struct smtp_server_limits limits;
	struct smtp_server_setup setup;
	bool late; /* answer when next has said IDLE, not at once */
	bool mute; /* never answer */
	int64_t now_ms;
	struct buf sent;     /* every byte of every reply */
	struct buf events;   /* "MAIL(a@b) RCPT(c@d) DATA BODY(hello~) COMMIT RESET TLS CLOSE", ~ is
				CRLF */
	struct buf body;     /* of the last message */
	struct buf refusals; /* the machine's own: "552/5.3.4 message, 500/5.5.1 -" */
	bool gone;           /* the last of them said that it hangs up */
	uint32_t ticket;     /* of the open question, or 0 */
	enum smtp_server_question question;
	str sender;
	char sender_text[300];
	struct fail refusal;
	char login[300];
	bool challenges; /* the answer to AUTH is one */
	bool refused;    /* the open question's answer is no */
	bool begun, may_body, body_open, closed;
	bool shaking; /* the handshake; it ends well when the next flight begins */
	unsigned commits;
};

void play_begin(struct play *p, bool late); /* limits may be set after it; then play_greet */
void play_greet(struct play *p);
void play_end(struct play *p);

/* Bytes that arrive in pieces of step; false: hung up. */
bool play_flight(struct play *p, str bytes, size_t step);
void play_run(struct play *p); /* all that the machine wants now */
void play_tick(struct play *p, int64_t now_ms);

/* "220 250 250/2.1.0 354": the codes and statuses of all replies so far. */
void play_codes(const struct play *p, struct buf *to);

#endif
