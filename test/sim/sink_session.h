/*
 * test/sim/sink_session - one session with a sink: what test/sim/sink.c (bytes) and sink_mail.c
 * (commands) share
 */
#ifndef TEST_SIM_SINK_SESSION_H
#define TEST_SIM_SINK_SESSION_H

#include "base/buf.h"
#include "test/sim/ledger.h"
#include "test/sim/sink.h"
#include "world/sock.h"

#define SINK_RCPTS_MAX 128

enum sink_quirk {
	QUIRK_NONE,
	QUIRK_BUSY,      /* 421 instead of a greeting */
	QUIRK_MUTE,      /* no greeting */
	QUIRK_GARBAGE,   /* nonsense for a greeting */
	QUIRK_NOT_MAIL,  /* 451 to MAIL */
	QUIRK_NOT_RCPT,  /* 451 to every other RCPT */
	QUIRK_NOT_DATA,  /* 451 to DATA */
	QUIRK_NOT_FINAL, /* 451 to the message */
	QUIRK_DROP_MAIL, /* hangs up instead of an answer */
	QUIRK_DROP_RCPT,
	QUIRK_DROP_BODY,  /* in the middle */
	QUIRK_DROP_FINAL, /* before the last reply */
	QUIRK_DROP_TAKEN, /* takes the message, says so, and breaks: nobody knows who heard it */
	QUIRK_GO_AWAY,    /* 421 after a few commands */
	QUIRK_SLOW,
	QUIRK_STUCK,   /* takes a quarter of an hour for the last reply */
	QUIRK_NO_TLS,  /* offers STARTTLS, and then has none */
	QUIRK_BAD_TLS, /* speaks something else when the handshake should come */
	QUIRK_WORDY,   /* says everything in many lines */
	QUIRKS,
};

enum sink_reading { SINK_COMMANDS, SINK_TEXT, SINK_CHUNK };

struct sink {
	struct loop *loop;
	struct sink_kind kind;
	struct sink_session *last; /* the youngest one */
	int64_t mail_ns;           /* when the last mail began, or was taken */
};

struct sink_session {
	struct sink *sink;
	struct sock *sock; /* null: over */
	struct loop_timer timer;
	bool waits;    /* for the timer; says and reads nothing before */
	bool dropping; /* hang up when all is said */
	struct buf in, out, body;
	enum sink_quirk quirk;
	bool plain; /* knows no EHLO */
	bool eightbit;
	bool pipelining, chunking, sized, enhanced, starttls, secured; /* what it offers */
	enum sink_reading reading;
	uint64_t chunk_octets; /* still to come */
	bool chunk_last, chunk_refused;
	unsigned commands;
	const char *auth_offer; /* mechanisms */
	unsigned auth_tries;    /* which response must come; 0: none */
	unsigned auth_trouble;  /* what its login comes to */
	bool authenticated;
	bool has_mail, said_eightbit;
	int64_t mail_ns; /* when MAIL was heard */
	char sender[256];
	char rcpts[SINK_RCPTS_MAX][256];
	size_t rcpt_count;
	struct net_watch *told; /* to be watched when the reply leaves; null: nothing was taken */
};

void sink_say(struct sink_session *s, int code, const char *status, const char *text);
void sink_wait(struct sink_session *s, int64_t ms); /* before it says anything more */
void sink_secure(struct sink_session *s);           /* when 220 has been said */

/* sink_auth: when the session begins; in EHLO; AUTH; a line that may be a response: false, it is
 * none. */
void sink_auth_prepare(struct sink_session *s);
void sink_auth_offer(struct sink_session *s);
void sink_auth_command(struct sink_session *s, str arg);
bool sink_auth_response(struct sink_session *s, str line) MUST_USE;

void sink_command(struct sink_session *s, str line);
void sink_mail_over(struct sink_session *s); /* the body is whole */

#endif
