/*
 * queue/envelope - all that is known of a message but its bytes
 *
 * Plain data in one piece of memory; it is written into the log (envelope_write) and read back
 * (envelope_read), and never changes after acceptance: what becomes of each recipient is kept
 * beside it.
 */
#ifndef QUEUE_ENVELOPE_H
#define QUEUE_ENVELOPE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/ip.h"
#include "base/str.h"
#include "smtp/command.h"

enum {
	ENVELOPE_EIGHTBIT = 1,       /* the body has bytes above 127 */
	ENVELOPE_HEADER_UTF8 = 2,    /* the header has */
	ENVELOPE_SMTPUTF8 = 4,       /* it came with SMTPUTF8 */
	ENVELOPE_SIGNED = 8,         /* changing a byte would break a signature */
	ENVELOPE_BOUNCE = 16,        /* we made it: a delivery status notification */
	ENVELOPE_LOCAL = 32,         /* we made it: a notice to postmaster */
	ENVELOPE_FORGED = 64,        /* its sender failed SPF and DKIM: no bounce goes there (P4) */
	ENVELOPE_LOGIN = 256,        /* login is not empty */
	ENVELOPE_HELD = 512,         /* hold is: nobody is to be tried before it is released */
	ENVELOPE_FORWARDED = 1024,   /* forwarder is not empty */
	ENVELOPE_QUARANTINED = 2048, /* HELD because of DMARC: not longer than quarantine says */
};

struct envelope_rcpt {
	str address;  /* where it goes, after aliases */
	str original; /* what was said at RCPT */
	str orcpt;    /* ORCPT as given */
	str into;     /* "|command" or "/file" of the alias that address is; "" none */
	bool has_sender;
	bool forwarded;  /* it leaves our domains: with the envelope's forwarder as sender */
	str sender;      /* instead of the envelope's, for this recipient (owner-NAME) */
	unsigned notify; /* as in smtp/command.h, and: */
};

/* In notify: one of several addresses behind original, whose sender wants to hear of success.  He
 * hears that it was expanded, when the message is ours; of what becomes of each he hears no more
 * (RFC 3461 section 5.2.7.3).  It is nobody's wish, and not passed on. */
#define ENVELOPE_EXPANDED 0x100

#define ENVELOPE_RECIPIENTS_MAX 100000

struct envelope {
	uint64_t id, session_id;
	int64_t received_ms; /* wall clock */
	unsigned flags;
	str sender;
	str forwarder; /* the sender, rewritten (SRS); "": nobody is forwarded */
	enum smtp_ret ret;
	str envid;
	struct ip client;
	str helo;
	str login;       /* who sent it; "": nobody has logged in */
	str hold;        /* why it is held, for people */
	str hold_origin; /* and the line of the configuration */
	uint64_t octets; /* of the content */
	struct envelope_rcpt *rcpts;
	size_t rcpt_count;
};

void envelope_write(const struct envelope *e, struct buf *to);

/* False: *why says what is rotten; everything is bounded, nothing is trusted.  The strs are in the
 * arena.  Whatever envelope_write wrote is read back equal. */
bool envelope_read(str bytes, struct arena *a, struct envelope *e, struct fail *why) MUST_USE;

/* When it came in, from what envelope_write wrote: cheaper than to read it all. */
int64_t envelope_received_ms(str bytes) MUST_USE;

#endif
