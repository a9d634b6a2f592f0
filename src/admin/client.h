/*
 * admin/client - asking the running daemon, from the command line
 */
#ifndef ADMIN_CLIENT_H
#define ADMIN_CLIENT_H

#include "base/buf.h"
#include "base/fail.h"

#define CLIENT_ANSWER_MS_MAX 60000 /* of silence */

struct client_question {
	str run_dir;
	const str *words;
	size_t count;
	bool json;
	bool input; /* then say what comes from standard input */
	/* a portion of the answer; false: nobody wants more of it */
	bool (*say)(void *owner, str bytes);
	void *owner;
};

/* Send a request to the control socket of the daemon that runs in run_dir, and wait for the answer.
 * Returns the exit code of the answer; 75 with *why when nobody answers there. */
int client_ask(const struct client_question *asked, struct fail *why);

#endif
