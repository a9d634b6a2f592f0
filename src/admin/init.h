/*
 * admin/init - a first configuration: facteur init pivot
 *
 * Writes conf.d, a self-signed certificate with its key, a DKIM key of each domain, the secret of
 * rewritten senders, the alias tables and an empty login table into the configuration folder, so
 * that TLS and forwarding work from the first minute, and signatures when the DNS shows their keys.
 * What is there already is never overwritten: then nothing is written at all.
 */
#ifndef ADMIN_INIT_H
#define ADMIN_INIT_H

#include "base/buf.h"

/* words: those behind "init".  Where no option is given they are asked for on standard input.
 * Returns the exit code; *answered as in main. */
int init_command(
	const str *words, size_t count, str dir, bool json, struct buf *out, bool *answered);

#endif
