/*
 * daemon/mail - the mail process, wired together
 *
 * The main loop, which the caller runs, holds the dispatcher; each worker has a thread; the spool
 * and the resolver have theirs.  Nothing here knows whether the world is real.
 */
#ifndef DAEMON_MAIL_H
#define DAEMON_MAIL_H

#include "admin/status.h"
#include "daemon/worker.h"
#include "flow/dispatch.h"

struct mail;

struct mail_setup {
	struct loop *loop;             /* the main loop */
	struct router *router;         /* the generation to begin with; a reference is taken */
	struct identities *identities; /* what its listeners show; likewise */
	struct courier *courier;       /* null: no Maildir deliveries */
	const struct worker_port *ports;
	size_t port_count;
	const struct endpoint *own; /* where we can be reached, for loops among MX hosts; they live
				       as long as the daemon */
	size_t own_count;
	unsigned workers;
};

/* Open the spool, find what was waiting, serve.  Null: *why. */
struct mail *mail_start(const struct mail_setup *setup, struct fail *why) MUST_USE;

/* A new generation, or renewed certificates: of the setup router, identities, ports and who we are;
 * drops no session.  changed is called in the main loop when descriptors that are no longer wanted
 * may be unbound.  One reload at a time. */
void mail_reload(
	struct mail *m, const struct mail_setup *setup, void (*changed)(void *owner), void *owner);

/* Take no more: deaf is called in the main loop when the listening descriptors may be unbound, so
 * that clients are turned away and do not wait in vain.  No delivery begins any more.  Finish what
 * was promised, then stopped is called in the main loop, clean: mail_free may follow.
 * What takes longer than MAIL_STOP_MS_MAX is cut off: stopped is called, not clean, after all that
 * had ended is written down, and the process may only end. */
#define MAIL_STOP_MS_MAX 20000
void mail_stop(struct mail *m, void (*deaf)(void *owner), void (*stopped)(void *owner, bool clean),
	void *owner);
void mail_free(struct mail *m);

/* A sync has failed: nothing is accepted or recorded any more, until a new start. */
bool mail_fenced(struct mail *m) MUST_USE;

/* Fill in what the status screen shows. */
void mail_status(struct mail *m, struct status *s);
struct dispatch *mail_dispatch(struct mail *m);
struct router *mail_router(struct mail *m);

#endif
