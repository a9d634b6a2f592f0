/*
 * test/sim/letter - one message that a client means to send, and what he was told about it
 */
#ifndef TEST_SIM_LETTER_H
#define TEST_SIM_LETTER_H

#include "base/ip.h"
#include "test/sim/directory.h"

#define LETTER_RCPTS_MAX 40
#define LETTER_TARGETS_MAX (LETTER_RCPTS_MAX * 2)
/* What LETTER_TOPPED gets. */
#define LETTER_TOPPED_FIELD S("X-Topped: by a rule\r\n")
#define LETTER_TOKEN "X-Token: " /* and its number, in its header and so in its bounces */

/* What is odd about it. */
enum letter_kind {
	LETTER_PLAIN,
	LETTER_BARE,     /* its wire form has a bare CR or LF, or another way to smuggle: 5xx */
	LETTER_OVERSIZE, /* more than the pivot takes: 552 */
	LETTER_LOOPED,   /* too many Received fields: 554 */
	LETTER_FORGED,   /* its client may not speak for its sender: 550 where that is judged */
	/* What a rule does with it: */
	LETTER_RULED,      /* refuses it: 554 */
	LETTER_DROPPED,    /* throws it away: 250, and nothing comes of it */
	LETTER_HELD,       /* keeps it until somebody lets it go */
	LETTER_REDIRECTED, /* hands it to DIRECTORY_CAUGHT, and to none of its recipients */
	LETTER_FILTERED,   /* sends it by way of the filter, whoever it is for */
	LETTER_TOPPED,     /* puts a field on top of it, or before another one */
};

/* What the rule has seen. */
enum letter_sign {
	LETTER_FIELD,  /* X-Sim, in its header */
	LETTER_LINE,   /* of its body */
	LETTER_SENDER, /* what is behind the number of its sender */
};

struct letter_rcpt {
	const struct directory_entry *entry;
	int code; /* what RCPT was told; 0: nothing yet */
};

/* A place where it must come to its end, once. */
struct letter_target {
	const struct directory_target *at;
	bool promised; /* a recipient that leads here was accepted */
	unsigned delivered, bounced;
	/* has the pivot read that the last copy, or bounce, was taken? */
	const struct net_watch *copy_heard, *bounce_heard;
};

struct letter {
	unsigned number;
	enum letter_kind kind;
	enum letter_sign sign; /* of a rule */
	bool never;            /* NOTIFY=NEVER: nobody may be told of a failure */
	bool trusted, null_sender, eightbit, bare_header, empty;
	char sender[64];
	struct ip client; /* whom the pivot must take for its client */
	str content;      /* CRLF lines */
	str wire;         /* what is sent instead, for BARE; else equal to content */
	str arrives;      /* what must arrive, with the fields that a rule adds */
	struct letter_rcpt rcpts[LETTER_RCPTS_MAX];
	size_t rcpt_count;
	struct letter_target targets[LETTER_TARGETS_MAX];
	size_t target_count;
	int mail_code, data_code, final_code; /* 0: not said */
	int64_t final_ns;
	uint64_t id;    /* what it was queued as */
	bool body_sent; /* to its end */
	bool notified;  /* the postmaster was told */
	bool released;  /* HELD: somebody has let it go */
};

/* Make one up.  octets_max: what the pivot takes; judged: it judges senders. */
struct letter *letter_new(unsigned number, bool trusted, bool judged, size_t octets_max);

/* Does it come in, as far as its header and body are concerned? */
bool letter_taken(const struct letter *l);

/* The place of that number where a recipient leads; null: there are no more. */
const struct directory_target *letter_leads(
	const struct letter *l, const struct directory_entry *entry, size_t n);

/* It comes to that place, and is refused there. */
bool letter_bounces(const struct letter *l, const struct directory_target *at);

/* Enter where a recipient leads.  promised: it was accepted, as far as the client knows. */
void letter_targets(struct letter *l, const struct letter_rcpt *rcpt, bool promised);

/* The number behind LETTER_TOKEN in the bytes, or of a sender "sN@sender.test"; 0: none. */
unsigned letter_number_in(str bytes);
unsigned letter_number_of_sender(str sender);

#endif
