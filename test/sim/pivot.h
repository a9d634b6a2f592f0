/*
 * test/sim/pivot - the machine on which the real daemon runs
 *
 * The same rooms as in the program, started as daemon/mail starts them; only world/ is another one.
 */
#ifndef TEST_SIM_PIVOT_H
#define TEST_SIM_PIVOT_H

#include "queue/spool.h"
#include "test/sim/sim.h"

#define PIVOT_MESSAGE_OCTETS_MAX (300 * 1024)
#define PIVOT_RECIPIENTS_MAX 20
#define PIVOT_ERRORS_MAX 12
#define PIVOT_CLIENT_SESSIONS_MAX 20
#define PIVOT_LIFETIME_MS (2 * 3600 * 1000)

/* P8: all that the daemon may hold, whatever strangers do in this world. */
#define PIVOT_MEMORY_OCTETS_MAX (8 << 20)

struct router;
struct mail;
struct promise;

/* What it asks before it takes mail, beside what it always asks. */
struct pivot_rules {
	bool judges; /* SPF and DKIM of strangers */
	bool tables; /* a database, who may be written to (directory_rules) */
	str whole;   /* a whole configuration, in place of that of the directory; "" none */
	void (*equip)(struct router *r); /* its keys and secrets; null: it has none */
	/* A recipient is to be ended, without a bounce of its own; null: nobody asks. */
	void (*ends)(uint64_t message, str recipient, enum spool_rcpt_state end);
};

void pivot_new(struct node *n, const struct pivot_rules *rules);
void pivot_sizes(uint64_t segment_octets, size_t memory_octets); /* in place of small ones */
bool pivot_boot(void);           /* false: the power failed meanwhile, or the disk was full */
bool pivot_up(void);             /* it serves */
void pivot_reload(void);         /* a new generation, which says the same */
void pivot_release(uint64_t id); /* a message that it has set aside */
void pivot_release_held(void);   /* all that rules hold */
void pivot_count(void);          /* tell the ledger what it has counted */
void pivot_order(void (*run)(struct mail *m, void *owner), void *owner); /* if it serves */

/* Inside an order: each message of which somebody is held. */
typedef void pivot_visit(struct mail *mail, struct promise *m);
void pivot_each_held(struct mail *mail, pivot_visit *visit);
bool pivot_stop(void); /* true: in good order; else it was cut off, or the power was */

/* Look into its spool, as a boot would: how many messages live in it? */
size_t pivot_living(void);

#endif
