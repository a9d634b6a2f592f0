/*
 * admin/init_satellite - a first configuration of a server that hands everything to a pivot
 *
 * facteur init satellite: it listens on this machine only, keeps mail while the pivot is away,
 * looks at the pivot's certificate, shows one of its own, logs in there if it is to, and sends
 * root's mail to the organisation's administrators.
 */
#ifndef ADMIN_INIT_SATELLITE_H
#define ADMIN_INIT_SATELLITE_H

#include "base/buf.h"

/* words: the options; the password of a login is read from standard input.  Returns the exit code;
 * *answered as in main. */
int init_satellite_command(
	const str *words, size_t count, str dir, bool json, struct buf *out, bool *answered);

#endif
