/*
 * test/sim/ledger - what the pivot promised, what came of it, and whether that is right
 *
 * Clients enter what they were told, sinks what they took.  Wrong is, at once: a message that
 * should never have come (P3, P6), a changed byte (P6), a second copy that no accident explains
 * (P2).  At the end: a promise without its one end (P1, P2).
 */
#ifndef TEST_SIM_LEDGER_H
#define TEST_SIM_LEDGER_H

#include "test/sim/letter.h"
#include "test/sim/net.h"

#define LEDGER_LETTERS_MAX 200
#define LEDGER_ACCIDENTS_MAX 64
#define LEDGER_GIVEN_UP_MAX 4000

struct ledger {
	struct letter *letters[LEDGER_LETTERS_MAX]; /* by number - 1 */
	unsigned letter_count;
	struct ledger_accident {
		int64_t from_ns, to_ns;
	} accidents[LEDGER_ACCIDENTS_MAX]; /* crashes, from the sync that failed before */
	unsigned accident_count;
	struct ledger_given_up {
		uint64_t id; /* of the message */
		str address;
	} given_up[LEDGER_GIVEN_UP_MAX]; /* recipients that the pivot has ended, and told nobody */
	unsigned given_up_count;
	/* After a failed sync only the process was restarted: what it finds in the page cache may
	 * never have come to the disk.  Nobody was promised anything of it, but notices about it
	 * may go to postmaster. */
	bool doubtful_pages;
	bool judged;           /* the pivot judges senders, and says what it found */
	bool ruled;            /* tables say who may be written to */
	bool holds;            /* there is a letter that a rule holds */
	int64_t record_ns_max; /* P2's bound, with the waits of the simulated disk */
	unsigned accepted, delivered, bounced, refused, second_copies; /* for the summary */
};

extern struct ledger ledger;

void ledger_open(void);
struct letter *ledger_letter(bool trusted, size_t octets_max);
void ledger_accident(int64_t from_ns); /* until now */

/* A sink takes responsibility for one recipient of a message. */
struct ledger_copy {
	str sender, rcpt, content;
	bool converted;                /* it has told the pivot to send 7 bits only */
	bool filtered;                 /* it is the filter */
	const struct net_watch *heard; /* has the pivot read that it was taken?  Not before it is
					* watched */
};
void ledger_arrived(const struct ledger_copy *copy);

/* Somebody finds a message from this sender held, and is about to let it go. */
void ledger_released(str sender);

/* The pivot ends a recipient of the message, and told nobody, or postmaster instead of its sender.
 */
void ledger_given_up(uint64_t id, str sender, str address);

/* So many messages has the pivot counted that it took and threw away, in the one life that it had.
 */
void ledger_discarded(uint64_t count);

/* Is every promise kept?  Else the first that is not, in words. */
bool ledger_settled(char *open, size_t size);

#endif
