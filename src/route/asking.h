/*
 * route/asking - a story that looks into tables, some of which answer later
 *
 * Who decides something by tables is written as if each answered at once: asking_find gives the
 * answer, or says that it is not known yet; then the story is left, asking_wait asks, and the story
 * is told again from its beginning, with the same answers as before and one more.
 */
#ifndef ROUTE_ASKING_H
#define ROUTE_ASKING_H

#include "base/map.h"
#include "route/lookup.h"

#define ASKING_OCTETS_MAX (1 << 20) /* of keys and answers, in one story */
#define ASKING_ANSWERS_MAX 1000     /* in one story */
#define ASKING_KEY_MAX 4096         /* a longer key is in no table */

struct asking {
	struct arena arena;
	struct map answers; /* by table and key */
	unsigned asked;
	struct loop *loop;
	const struct lookup *wanted; /* null: nothing is */
	str wanted_key;
	struct lookup_question question;
	void (*ready)(void *owner);
	void *owner;
};

void asking_init(struct asking *a, struct loop *l);
void asking_free(struct asking *a); /* an open question is given up; it may be used again */

/* What the table says; it lives as long as the story.  Null: it must be asked first.  A story that
 * asks too much gets failures. */
const struct lookup_answer *asking_find(struct asking *a, const struct lookup *t, str key) MUST_USE;

/* Asks what was wanted; then ready is called in the loop: tell the story again.  False: nothing was
 * wanted. */
bool asking_wait(struct asking *a, void (*ready)(void *owner), void *owner) MUST_USE;

#endif
