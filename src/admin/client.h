/*
 * admin/client - asking the running daemon, from the command line
 */
#ifndef ADMIN_CLIENT_H
#define ADMIN_CLIENT_H

#include "base/buf.h"
#include "base/fail.h"

#define CLIENT_ANSWER_MS_MAX 60000

/* Send a request to the control socket of the daemon that runs in run_dir, and wait for the answer.
 * Returns the exit code of the answer; 75 with *why when nobody answers there. */
int client_ask(
	str run_dir, const str *words, size_t count, bool json, struct buf *out, struct fail *why);

#endif
