/*
 * daemon/ports - the listening sockets, over reloads
 *
 * Bound once, by the parent, who may; what a new generation still wants stays open, so that no
 * client notices.
 */
#ifndef DAEMON_PORTS_H
#define DAEMON_PORTS_H

#include "base/arena.h"
#include "conf/conf.h"
#include "daemon/worker.h"

struct ports;

struct ports *ports_new(void) MUST_USE;
void ports_close_all(struct ports *p); /* for good; names stay */
void ports_free(struct ports *p);      /* closes all */

/* Open what the configuration wants and is not open yet.  False: *why, and nothing has changed. */
bool ports_want(struct ports *p, const struct conf *conf, struct fail *why) MUST_USE;

/* The ones that are wanted now; valid until the next ports_want. */
const struct worker_port *ports_wanted(const struct ports *p, size_t *count);

/* Close those that are not wanted any more: no worker looks at them now. */
void ports_close_unwanted(struct ports *p);

/* Where they can be reached: for "*", every address of this machine.  In the arena. */
struct endpoint *ports_reached(const struct ports *p, struct arena *a, size_t *count) MUST_USE;

#endif
