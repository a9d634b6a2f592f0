/*
 * sender/dkim_verify - who signed this message, and is it still theirs, as a machine
 *
 * RFC 6376 section 6, RFC 8301, RFC 8463; outcomes as RFC 8601 section 2.7.1 names them.
 *
 * Sans-IO: the message streams by once, in any cut; key records are asked for with tickets, as soon
 * as the header is over.  A failure of a key that is only tried (t=y) is told apart, since such
 * mail is to be treated as if it were not signed.  Signatures beyond DKIM_VERIFY_SIGNATURES_MAX are
 * counted and not looked at.  Computing is OpenSSL's, which is no I/O.
 *
 *	pass       the fields and the body are as they were signed
 *	fail       they are not, or the signature has expired
 *	policy     SHA-1, an RSA key of less than 1024 or more than 4096 bits: not counted
 *	neutral    the signature cannot be read
 *	temperror  the key could not be looked up now
 *	permerror  there is no key that can be used, or From is not signed, or a tag is missing
 */
#ifndef SENDER_DKIM_VERIFY_H
#define SENDER_DKIM_VERIFY_H

#include "mail/address.h"
#include "sender/dkim_field.h"

#define DKIM_VERIFY_SIGNATURES_MAX 8
#define DKIM_VERIFY_RECORDS_MAX 4 /* of one name; more are ignored */
#define DKIM_VERIFY_AHEAD_S 86400 /* t= may be so far ahead of our clock */
#define DKIM_VERIFY_IDENTITY_MAX 320
#define DKIM_VERIFY_B_MAX 8 /* characters that tell signatures apart, RFC 6008 */

struct dkim_verify;

enum dkim_answer { DKIM_FOUND, DKIM_MISSING, DKIM_TROUBLE };

struct dkim_verify_act {
	enum {
		DKIM_VERIFY_WAIT, /* for bytes, the end, or answers that were asked for */
		DKIM_VERIFY_ASK, /* look up the TXT records of name, then dkim_verify_answer(ticket)
				  */
		DKIM_VERIFY_DONE, /* results are complete; may come early, where nothing is signed
				   */
	} kind;
	str name; /* lives as long as the machine */
	uint32_t ticket;
};

/* Texts are clean: names in ASCII or empty, nothing that a control character gets through. */
struct dkim_verify_result {
	enum dkim_verdict verdict;
	const char *why; /* "" when it passed */
	bool known;      /* algorithm is set */
	enum dkim_algorithm algorithm;
	unsigned key_bits;        /* 0: no key was found */
	bool testing;             /* t=y */
	uint64_t unsigned_octets; /* of the body, behind what l= covers */
	char domain[DNS_NAME_MAX + 1], selector[DNS_NAME_MAX + 1];
	char identity[DKIM_VERIFY_IDENTITY_MAX]; /* i=, or "@" and d= */
	char b[DKIM_VERIFY_B_MAX + 1];
};

struct dkim_verify *dkim_verify_new(int64_t now_s) MUST_USE;
void dkim_verify_free(struct dkim_verify *v); /* null is allowed */

void dkim_verify_feed(struct dkim_verify *v, str bytes);
void dkim_verify_end(struct dkim_verify *v);

/* texts: the TXT records that were found, borrowed for this call.  A ticket that is not open is
 * dropped. */
void dkim_verify_answer(struct dkim_verify *v, uint32_t ticket, enum dkim_answer answer,
	const struct dns_records *records);
struct dkim_verify_act dkim_verify_next(struct dkim_verify *v) MUST_USE;

/* After DONE: one result a signature, in the order of the message, from above. */
size_t dkim_verify_count(const struct dkim_verify *v) MUST_USE;
const struct dkim_verify_result *dkim_verify_result(const struct dkim_verify *v, size_t i) MUST_USE;
size_t dkim_verify_ignored(const struct dkim_verify *v) MUST_USE; /* signatures beyond the limit */

/* Null until the header is over; borrows the machine. */
struct dkim_header;
const struct dkim_header *dkim_verify_header(const struct dkim_verify *v) MUST_USE;

const char *dkim_verify_name(enum dkim_verdict verdict); /* "pass" and so on */

#endif
