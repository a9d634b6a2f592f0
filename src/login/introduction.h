/*
 * login/introduction - who we are to a server, told as far as it has asked
 *
 * A question has all that the server has said so far, so whoever answers it (the vault) keeps
 * nothing between two of them, and may have died meanwhile.  Questions and answers travel as bytes
 * between processes.
 */
#ifndef LOGIN_INTRODUCTION_H
#define LOGIN_INTRODUCTION_H

#include "login/credentials.h"
#include "login/sasl_client.h"

#define INTRODUCTION_CHALLENGES_MAX 4
#define INTRODUCTION_OCTETS_MAX 8192 /* of all of them */
#define INTRODUCTION_OFFER_MAX 255   /* and of each of the two names */

struct introduction_question {
	struct credentials_for whom;
	str offered; /* the server's mechanisms, blanks between them */
	unsigned char nonce[SASL_NONCE_OCTETS];
	struct sasl_binding binding; /* of the channel to the server */
	str challenges;              /* introduction_add */
};

/* Append what the server has said now.  False: it says too much. */
bool introduction_add(struct buf *challenges, str challenge) MUST_USE;

struct introduction_answer {
	enum sasl_mechanism mechanism;
	bool silent; /* nothing is said yet */
	bool last;   /* only now is a yes of the server one */
	str name;    /* who we say we are */
	str bytes;   /* what to say */
};

/* From the text of a file of credentials; it computes for long.  What is in the answer lies in to.
 * False: *why. */
bool introduction_make(str file, str text, const struct introduction_question *q, struct buf *to,
	struct introduction_answer *answer, struct fail *why) MUST_USE;

/* As bytes; take: what is in it borrows them.  False: these are none. */
void introduction_put_question(const struct introduction_question *q, struct buf *to);
bool introduction_take_question(str bytes, struct introduction_question *q) MUST_USE;
void introduction_put_answer(const struct introduction_answer *answer, struct buf *to);
bool introduction_take_answer(str bytes, struct introduction_answer *answer) MUST_USE;

#endif
