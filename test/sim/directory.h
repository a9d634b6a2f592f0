/*
 * test/sim/directory - who can be written to in the simulated world, and what must come of it
 *
 * One table says it for all: the configuration and the zone that the pivot is given lead there, the
 * sinks behave so (by the first letters of a local part), and the ledger expects it.
 */
#ifndef TEST_SIM_DIRECTORY_H
#define TEST_SIM_DIRECTORY_H

#include "base/str.h"
#include "test/sim/source.h"

#define DIRECTORY_TARGETS_MAX 5

enum directory_may {
	DIRECTORY_ALL,     /* anyone may write to it: it is hosted */
	DIRECTORY_TRUSTED, /* the relay's own networks only; strangers get 550 5.7.1 */
	DIRECTORY_NONE,    /* nobody may: 550 5.1.1 */
	DIRECTORY_CLOSED,  /* where tables rule, nobody may: 550 5.7.1; else all */
	DIRECTORY_LATER,   /* nobody knows who that is, and whoever could say is away: 450 */
};

struct directory_target {
	str address; /* as the next hop hears it */
	bool bounces;
	bool owned; /* its sender is the list's owner, who hears of a bounce */
};

struct directory_entry {
	str address; /* as said at RCPT */
	enum directory_may may;
	struct directory_target targets[DIRECTORY_TARGETS_MAX]; /* none: discarded */
};

extern const struct directory_entry directory[];
extern const size_t directory_count;

/* A target that is reached by a .forward, in a message of its own; an address whose next hop is
 * asked at RCPT who that is: one that is rude defers it. */
bool directory_forwarded(str address);
bool directory_called(str address);

/* Where tables rule, mail for this one has a field on top, once, however many such ones there are;
 * who was not accepted has brought none. */
bool directory_topped(str address);
#define DIRECTORY_TOPPED_FIELD "X-Rcpt: by a rule"

#define DIRECTORY_OWNER S("lo@sender.test") /* where owner-list@example.org leads */
#define DIRECTORY_POSTMASTER S("pm@sender.test")

/* Who gets what a rule takes from its recipients: as the rule says it, and where that leads. */
#define DIRECTORY_CAUGHT "caught@example.org"
extern const struct directory_target directory_caught;

/* The user who has a .forward, and what stands in it. */
#define DIRECTORY_FORWARDER S("fwd")
#define DIRECTORY_FORWARD S("fw@sink1.test, \\fwd\n")
#define DIRECTORY_FORWARD_FIELD S("Delivered-To: fwd@example.org\r\n")

extern const str directory_aliases; /* aliases(5) of example.org */
#define DIRECTORY_DOMAINS 5         /* of directory_conf; the first one has the aliases */
extern const str directory_conf;    /* domains, mailboxes, transports, routes */
/* What databases say: of recipients, who somebody is, has a mailbox, by which way he leaves. */
#define DIRECTORY_TABLES 4
extern const struct source_table directory_tables[];
extern const str directory_zone;

/* The machines of the next hops, and their addresses. */
#define DIRECTORY_SINKS 8
extern const char *const directory_sink_ips[DIRECTORY_SINKS];

/* The sixth of them is the MX host of three domains, whose transport is "slow"; the seventh is a
 * smarthost, where we log in; the eighth is
 * a filter, where nothing comes that no rule has sent. */
#define DIRECTORY_SLOW_DELAY_MS 20000

#endif
