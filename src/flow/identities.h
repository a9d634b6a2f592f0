/*
 * flow/identities - the certificates that our listeners show, and their renewal
 *
 * Read-only for sessions, counted, shared by threads.  The main loop looks at the files twice a
 * second; a pair that was renewed takes the place of the former one for all handshakes from then
 * on, and no session is dropped.  A pair that cannot be used (unreadable, not matching, expired) is
 * refused, loudly, and the former one stays.
 */
#ifndef FLOW_IDENTITIES_H
#define FLOW_IDENTITIES_H

#include "conf/conf.h"
#include "world/tls_server.h"

#define IDENTITIES_LOOK_MS 500
#define IDENTITIES_RETRY_MS 60000 /* a pair that was refused is read again, changed or not */

struct identities;

/* Read what the configuration names; before (null is allowed) is what has been shown so far.  With
 * why, a pair that cannot be used and was not there before is a failure; without, listeners that
 * show it go without, and an expired one is better than none. */
struct identities *identities_load(
	const struct conf *c, const struct identities *before, struct fail *why) MUST_USE;

/* Has a file changed?  Then the new ones, else null.  Warns of certificates that are about to
 * expire, too. */
struct identities *identities_look(struct identities *i, const struct conf *c) MUST_USE;

/* What a listener shows; null: nothing can be shown.  No reference is taken. */
struct tls_server *identities_of(const struct identities *i, str listener) MUST_USE;

struct identities *identities_keep(struct identities *i);
void identities_drop(struct identities *i); /* null is allowed */

#endif
