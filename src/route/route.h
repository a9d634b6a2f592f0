/*
 * route/route - who is it for, and where would it go?
 *
 * A router is a configuration with its alias tables opened: read-only, shared by all threads, gone
 * with its last reference.  Two questions: route_expand makes of one recipient the addresses that
 * it stands for; route_find says by which transport one such address leaves.
 */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H

#include "base/arena.h"
#include "base/fail.h"
#include "conf/conf.h"
#include "route/alias.h"
#include "sender/keyring.h"
#include "sender/srs_key.h"

struct router;

/* tables: one for each domain of the configuration, in its order; a domain without alias files has
 * null.  The router owns the tables (not the array) and keeps a reference of its own of conf. */
struct router *router_new(struct conf *conf, struct alias_table **tables) MUST_USE;
/* The table of a domain's transport files, by its number in the configuration; the router owns it.
 * Only before anybody else knows the router. */
void router_take_transports(struct router *r, size_t domain, struct alias_table *t);

/* The same for its files of recipients. */
void router_take_recipients(struct router *r, size_t domain, struct alias_table *t);
/* The tables of the configuration; the router takes the reference.  As before. */
struct lookup_set;
void router_take_lookups(struct router *r, struct lookup_set *s);
const struct lookup_set *router_lookups(const struct router *r) MUST_USE; /* null: it has none */

/* What signs for us, null for nothing; the router takes the reference.  The same. */
void router_take_keyring(struct router *r, struct keyring *k);
struct keyring *router_keyring(const struct router *r); /* null: nothing is signed */

/* Whose hashes rewritten senders have, null for nobody's; the router takes the reference. */
void router_take_srs_key(struct router *r, struct srs_key *k);
struct srs_key *router_srs_key(const struct router *r); /* null: no sender is rewritten */

/* Another one of the same configuration, which shares the tables. */
struct router *router_again(const struct router *r) MUST_USE;
struct router *router_keep(struct router *r);
void router_drop(struct router *r); /* null is allowed */
const struct conf *router_conf(const struct router *r);

/* The hosted domain of an address, or null: mail for it is ours. */
const struct conf_domain *route_hosted(const struct router *r, str address);

enum route_end {
	ROUTE_ADDRESS, /* deliver to it */
	ROUTE_DISCARD, /* /dev/null: ends here, by the named rule */
};

struct route_target {
	enum route_end end;
	str address; /* as it will be said to the next hop */
	str into;    /* "|command" or "/file": where the alias that address is leads; ROUTE_MAILBOX,
			alone or with such behind it: what the .forward of that mailbox says;
			ROUTE_ROW and TRANSPORT:NEXTHOP: what a table that was asked says; else ""
		      */
	bool has_sender;
	str sender;                /* owner-NAME@domain, where the alias NAME has an owner */
	struct conf_origin origin; /* the line that gave it; "" when nothing was expanded */
};

/* The mailbox itself, of which the .forward was followed already. */
#define ROUTE_MAILBOX S("\\")

/* The way that a table gave when it was asked, at RCPT. */
#define ROUTE_ROW S("=")

struct route_targets {
	struct route_target *items;
	size_t count;
};

/* Explains each step of an expansion; null where nobody asks. */
typedef void route_step(
	void *owner, unsigned depth, str from, str to, const struct conf_origin *at);

/* Expand one recipient: hosted addresses through aliases, nested, sub-addresses, catch-all; an
 * address that is not hosted stays as it is.  The places are asked in this order: virtual files
 * (the address, then without its sub-address, which is put behind the local parts of the targets,
 * as in Postfix), aliases files (likewise; the sub-address is dropped), mailbox, for postmaster
 * that of the whole configuration, "@domain" of virtual files, catch-all.  An entry that lists its
 * own address means the next place.  Duplicates are merged, the first
 * way counts (of two recipients of one mail, where the sender is the same); postmaster of every
 * hosted domain (and "postmaster" alone) always leads somewhere.  The strs of the targets are in
 * the arena, and those of their origins live as long as the router.  False: an unknown hosted
 * recipient (550 5.1.1, with the origin of its domain, or of the alias that leads to it), one that
 * an error transport would bounce later (its own words; P4), no address at all (5.1.3), or, as what
 * compile should have refused is worth another try: a loop or too deep (451 4.4.6), too many
 * (451 4.3.5), no memory (452).
 *
 * Tables of domains that are not local are not asked; who is known to nobody else there is an
 * address that may exist. */
bool route_expand(const struct router *r, struct arena *a, str recipient,
	struct route_targets *targets, struct fail *why, route_step *step, void *owner) MUST_USE;

/* What asks tables for an expansion, and what came of it.  Set asking, zero the rest. */
struct asking;
struct route_ask {
	struct asking *asking;
	bool waits; /* it is to be done again when the asking has its answer (asking_wait) */
	const struct conf_table *failed; /* the first one that gave no answer; null: none */
	str key;                         /* for which; in the arena of the expansion */
	struct fail cause;
};

/* The same with the tables of domains.  False with waits: nothing is said yet.  A table that gave
 * no answer costs what its on-failure says; where that is "accept", and nobody else knows the
 * address, it is refused with 451 all the same. */
bool route_expand_asking(const struct router *r, struct route_ask *ask, struct arena *a,
	str recipient, struct route_targets *targets, struct fail *why, route_step *step,
	void *owner) MUST_USE;

/* A recipient of a mail, after route_expand. */
struct route_mail {
	str address, into;
	bool has_sender; /* false: it is not known, and no route by sender is taken */
	str sender;
};

struct route_way {
	const struct conf_transport *transport;
	str nexthop; /* SMTP without a fixed host: the domain whose MX hosts to ask, in
			ASCII form, or an address literal "[...]"; PIPE: the domain; what a
			transport file says: "[HOST]:PORT", or for ERROR the words; the command
			or the file of an alias; else "" */
	struct conf_origin origin; /* the route, mailbox or domain that decided */
};

/* By which transport a recipient leaves: where its alias leads into, its mailbox, the most telling
 * route (address, domain, the longest .subdomain), the one of its sender (address, domain, the
 * longest .subdomain, <>), "route *", or the built-in direct SMTP.  nexthop lives in the arena.
 * False: hosted but no mailbox, or its alias leads there no more: 5.1.1. */
bool route_find(const struct router *r, struct arena *a, const struct route_mail *mail,
	struct route_way *way, struct fail *why) MUST_USE;

/* Must somebody be asked whether this expanded address exists?  Then the way to him is *way. */
bool route_asks(const struct router *r, struct arena *a, const struct route_target *t,
	struct route_way *way) MUST_USE;

/* The local part by which the mailbox or the row of an address in table form was found: without its
 * sub-address, unless the whole of it has one.  Lives as long as key. */
str route_local(const struct router *r, str key);

/* What an error transport says, or the row of a transport file that leads to one. */
void route_error(const struct route_way *way, str *status, str *words);

/* The checks over the whole that a compile makes: alias loops, targets in hosted domains that are
 * nobody, targets at our own name that would come back to us, hosted domains without a postmaster's
 * way, not an open relay (route/strangers: of relay-for and of bare-newlines), rules that can never
 * apply.  Each is one "file:line:column: ..." line.  Returns the number of errors. */
struct buf;
size_t route_check(const struct router *r, struct buf *errors) MUST_USE;

#endif
