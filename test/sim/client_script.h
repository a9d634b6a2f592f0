/*
 * test/sim/client_script - what a client says, step by step, and what it must hear
 */
#ifndef TEST_SIM_CLIENT_SCRIPT_H
#define TEST_SIM_CLIENT_SCRIPT_H

#include "base/buf.h"
#include "test/sim/disguise.h"
#include "test/sim/letter.h"

enum client_step_kind {
	CLIENT_GREETING, /* hear it */
	CLIENT_TOLD,     /* what a proxy says of the client, or a liar */
	CLIENT_HELLO,
	CLIENT_STARTTLS,
	CLIENT_AUTH,
	CLIENT_MAIL,
	CLIENT_RCPT,
	CLIENT_DATA,
	CLIENT_BODY, /* and the dot */
	CLIENT_BDAT, /* BDAT n, one chunk of the body */
	CLIENT_RSET,
	CLIENT_NOOP,
	CLIENT_JUNK,
	CLIENT_LONG, /* a line that is too long */
	CLIENT_QUIT,
};

/* How a client logs in. */
enum client_auth {
	CLIENT_AUTH_CLEAR, /* where nobody takes a password */
	CLIENT_AUTH_WRONG,
	CLIENT_AUTH_RIGHT,
};

struct client_step {
	enum client_step_kind kind;
	enum client_auth auth;
	struct letter *letter;
	size_t rcpt;
	str chunk; /* BDAT */
	bool last;
	bool waits; /* for all answers before it */
	bool says_size, says_eightbit;
	int64_t said_ns;
};

#define CLIENT_STEPS_MAX 400

struct client_script {
	struct client_step steps[CLIENT_STEPS_MAX];
	size_t count;
	struct disguise disguise;
	bool trusted, extended, pipelining;
	unsigned errors; /* 4xx and 5xx replies heard */
};

/* s->disguise is made already. */
void client_script_write(struct client_script *s, unsigned letters, bool noisy);

/* A step that makes no sense any more: no 354 was given, nothing is to be reset. */
bool client_script_skips(const struct client_step *step);
void client_script_say(const struct client_script *s, struct client_step *step, struct buf *out);

/* Enter the reply; sim_fail if it is wrong. */
void client_script_heard(struct client_script *s, struct client_step *step, int code, str text);

#endif
