/*
 * test/sim/sender - what the files of sim_sender share: the world (sender_world.c), what has to be
 * right about its mail (sender_mail.c), about its keys (sender_keys.c), and about what an
 * administrator does (sender_orders.c)
 */
#ifndef TEST_SIM_SENDER_H
#define TEST_SIM_SENDER_H

#include "queue/spool.h"
#include "route/route.h"
#include "test/sim/mailer.h"

struct sender_numbers {
	unsigned crashes, is_signed, by_new, forwarded, came_back, refused, chains, broken,
		quarantined, no_place;
};

/* True: all was right; else sim.failure. */
bool sender_tell(uint64_t seed, struct sender_numbers *n);

/* --- sender_world.c */

extern struct sender_numbers *sender_numbers;
extern bool sender_faulty; /* machines die, the DNS fails */

/* Beside the keys: */
#define SENDER_ZONE                                        \
	"pivot.test A 10.0.0.1\n"                          \
	"away.test MX 10 mx.away.test\n"                   \
	"mx.away.test A 10.0.2.1\n"                        \
	"away.test TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n" \
	"sink1.test MX 10 mx.away.test\n"                  \
	"strict.test A 10.0.2.1\n"                         \
	"_dmarc.strict.test TXT \"v=DMARC1; p=quarantine\"\n"

/* --- sender_mail.c */

#define SENDER_PLACES 3 /* in the quarantine */

void sender_mail_plan(struct loop *l, const struct endpoint *pivot, int64_t from_ns, int64_t to_ns);
void sender_mail_late(void); /* the clock has been set beyond what any address is good for */
void sender_mail_arrived(str sender, str recipient, str content);
void sender_mail_ends(uint64_t message, str recipient, enum spool_rcpt_state end);
bool sender_mail_over(void *owner);

/* Orders of an administrator about the quarantine. */
enum sender_order { SENDER_RELEASE, SENDER_HOLD, SENDER_DELETE, SENDER_ORDERS };

bool sender_mail_pick(uint64_t *message); /* one that is in there; false: none is */
void sender_mail_ordered(uint64_t message, enum sender_order what);

/* --- sender_orders.c */

void sender_orders_turn(void); /* one order, whatever it is */
void sender_orders_end(void);  /* of all that was held by order */
void sender_orders_over(void); /* all has ended: nothing may be counted */

/* --- sender_keys.c */

#define SENDER_LOOK_NS (60 * SIM_S)
#define SENDER_SETTLE_NS (600 * SIM_S)
#define SENDER_RETIRE_NS (1800 * SIM_S)

void sender_keys_plan(int64_t from_ns, int64_t to_ns);
void sender_keys_equip(struct router *r);
str sender_keys_zone(void);  /* as the DNS is now */
bool sender_keys_turn(void); /* what its admin does now; true: the zone is another one */
/* A message that began to come in then has arrived now.  False: sim_fail was said. */
bool sender_keys_right(str content, int64_t begun_ns);

/* Does the chain of the message pass, and how many sets has it? */
bool sender_keys_chain(str content, unsigned *sets);

#endif
