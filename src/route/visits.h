/*
 * route/visits - the addresses that one expansion has met
 *
 * They live in the arena of the expansion.
 */
#ifndef ROUTE_VISITS_H
#define ROUTE_VISITS_H

#include "route/route.h"

/* The places where an address may be known, in the order in which they are asked. */
enum stage {
	BY_VIRTUAL,       /* user+tag@domain, then user@domain, of virtual files */
	BY_VIRTUAL_TABLE, /* the same of virtual tables */
	BY_ALIAS,         /* user+tag, then user, of aliases files */
	BY_ALIAS_TABLE,   /* of alias tables */
	BY_MAILBOX,       /* its mailbox, or that of user@domain */
	BY_ROW,           /* its row in a transport file, or that of user@domain */
	BY_ROW_TABLE,     /* of transport tables */
	BY_WHOLE, /* who has the mailboxes of the whole domain, where files say that he has it */
	BY_WHOLE_TABLE, /* the same where tables say so */
	BY_POSTMASTER,  /* postmaster: the one of the whole configuration */
	BY_WILDCARD,    /* @domain of virtual files */
	BY_WILDCARD_TABLE,
	BY_CATCH_ALL,  /* catch-all of the domain block */
	BY_ANYBODY,    /* who has the whole domain, where nothing says who there is */
	BY_DOMAIN_ROW, /* the row of the whole domain in a transport file */
	BY_DOMAIN_ROW_TABLE,
	BY_NOBODY,
};

/* What an entry says. */
struct found {
	struct alias_targets targets;
	str tag; /* to put behind the local part of each target */
};

/* An address that was met, and how. */
struct visit {
	struct visit *next; /* in its bucket */
	uint64_t hash;
	str key, address;
	const struct conf_domain *domain; /* null: not hosted */
	const struct visit *up;           /* who led here; null: it is the recipient */
	unsigned depth;
	struct conf_origin at; /* the line that led here; file "": none */
	bool has_sender;       /* of the alias with an owner that led here */
	str sender;

	enum stage stage;   /* the next one to ask */
	bool open;          /* being expanded */
	struct found found; /* there */
	bool reflexive;     /* an entry of it lists itself */
};

struct visits {
	struct visit **buckets;
	size_t bucket_count, count;
};

/* The visit of an address in table form.  A new one is zeroed but for its key.  Null: the arena has
 * reached its limit. */
struct visit *visits_get(struct visits *all, struct arena *a, str key) MUST_USE;

#endif
