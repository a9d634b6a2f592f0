/*
 * flow/identities - the certificates of our listeners and transports, and their renewal
 *
 * Read-only for sessions, counted, shared by threads.  The main loop looks at the files twice a
 * second; what was renewed takes the place of the former for all handshakes from then on, and no
 * session is dropped.  What cannot be used (unreadable, not matching, expired) is refused, loudly,
 * and the former stays.
 */
#ifndef FLOW_IDENTITIES_H
#define FLOW_IDENTITIES_H

#include "conf/conf.h"
#include "world/tls_server.h"

#define IDENTITIES_LOOK_MS 500
#define IDENTITIES_RETRY_MS 60000 /* a pair that was refused is read again, changed or not */

struct identities;

/* Read what the configuration names; before (null is allowed) is what has been shown so far.  With
 * why, files that cannot be used and were not there before are a failure; without, who needs them
 * goes without TLS, and an expired certificate is better than none. */
struct identities *identities_load(
	const struct conf *c, const struct identities *before, struct fail *why) MUST_USE;

/* Has a file changed?  Then the new ones, else null.  Warns of certificates that are about to
 * expire, too. */
struct identities *identities_look(struct identities *i, const struct conf *c) MUST_USE;

/* What a listener shows; null: nothing can be shown.  No reference is taken. */
struct tls_server *identities_of(const struct identities *i, str listener) MUST_USE;

/* When the certificate of a listener ends, of those that it shows the one without a name; 0: there
 * is none. */
int64_t identities_ends_ms(const struct identities *i, str listener) MUST_USE;

/* What a transport is, and whom it trusts; a reference, or null: its files cannot be used. */
struct tls_context *identities_towards(
	const struct identities *i, const struct conf_transport *t) MUST_USE;

struct identities *identities_keep(struct identities *i);
void identities_drop(struct identities *i); /* null is allowed */

#endif
