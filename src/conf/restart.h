/*
 * conf/restart - which settings a reload does not change
 *
 * They are taken at the start of the daemon, and hold until the next one.
 */
#ifndef CONF_RESTART_H
#define CONF_RESTART_H

#include "conf/conf.h"

struct buf;

/* Each such word that says something else than it did, with the line that says it now:
 * "workers (conf.d/10.conf:4), resolver (default)"; nothing where all are the same. */
void conf_restart_words(const struct conf *started, const struct conf *now, struct buf *to);

#endif
