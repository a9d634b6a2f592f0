/*
 * admin/dmarc - the command facteur dmarc: who has sent in whose name
 */
#ifndef ADMIN_DMARC_H
#define ADMIN_DMARC_H

#include "base/buf.h"
#include "conf/conf.h"

/* words: [DOMAIN] [--day YYYY-MM-DD].  Returns the exit code; *answered: *out is the answer, as
 * JSON if asked. */
int dmarc_command(const struct conf *c, const str *words, size_t count, bool json, struct buf *out,
	bool *answered);

#endif
