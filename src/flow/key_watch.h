/*
 * flow/key_watch - what the DNS shows of our keys, so that each signs when others can verify it
 *
 * On the main loop: it asks for the records of all keys of the ring, now and then, and tells the
 * ring (keyring_show).  A record counts when it has been there for the time that sign { settle }
 * says; a key that was replaced so long ago as retire says is retired.  Since when is kept in a
 * small file, over restarts.
 */
#ifndef FLOW_KEY_WATCH_H
#define FLOW_KEY_WATCH_H

#include "route/route.h"
#include "world/resolve.h"

#define KEY_WATCH_FILE "dkim-keys" /* in the folder state */

struct key_watch;

struct key_watch *key_watch_new(
	struct loop *loop, struct resolver *resolver, struct router *r) MUST_USE;
void key_watch_change(struct key_watch *w, struct router *r); /* after a reload: looks at once */
void key_watch_free(struct key_watch *w);                     /* null is allowed */

/* What the file says of a key; 0: it was not seen, or not replaced.  In seconds of the wall clock.
 */
struct key_watch_times {
	int64_t shown_s, replaced_s;
};
struct key_watch_times key_watch_times(str text, str record) MUST_USE;

#endif
