#include "route/asking.h"

#include "base/list.h"

void asking_init(struct asking *a, struct loop *l)
{
	*a = (struct asking){ .loop = l };
	arena_init(&a->arena, ASKING_OCTETS_MAX);
}

void asking_free(struct asking *a)
{
	lookup_cancel(&a->question);
	map_free(&a->answers);
	arena_free(&a->arena);
	asking_init(a, a->loop);
}

static const struct lookup_answer *too_much(void)
{
	static const struct lookup_answer answer = {
		.end = LOOKUP_FAILED,
		.why = {FAIL_TEMPORARY, 451, "4.3.0", "too many look-ups for one decision", "",
			NULL}
	};

	return &answer;
}

/* No table has such a key. */
static const struct lookup_answer *nothing(void)
{
	static const struct lookup_answer answer = { .end = LOOKUP_NONE };

	return &answer;
}

/* A table is told from another by where it is in memory. */
static bool name_of(const struct lookup *t, str key, char to[sizeof t + ASKING_KEY_MAX], str *name)
{
	if (key.n > ASKING_KEY_MAX)
		return false;
	memcpy(to, &t, sizeof t);
	if (key.n > 0)
		memcpy(to + sizeof t, key.p, key.n);
	*name = str_from(to, sizeof t + key.n);
	return true;
}

static struct lookup_answer *keep(struct asking *a, str name, const struct lookup_answer *answer)
{
	struct lookup_answer *kept = ARENA_NEW(&a->arena, struct lookup_answer);

	if (!kept)
		return NULL;
	*kept = *answer;
	if (!arena_keep(&a->arena, answer->value, &kept->value) ||
		!arena_keep(&a->arena, name, &name))
		return NULL;
	map_set(&a->answers, name, kept);
	return kept;
}

const struct lookup_answer *asking_find(struct asking *a, const struct lookup *t, str key)
{
	char to[sizeof t + ASKING_KEY_MAX];
	const struct lookup_answer *known;
	struct lookup_answer answer;
	str name;

	if (!name_of(t, key, to, &name))
		return nothing();
	known = map_get(&a->answers, name);
	if (known)
		return known;
	if (a->asked == ASKING_ANSWERS_MAX)
		return too_much();
	a->asked++;
	if (!lookup_now(t, &a->arena, key, NULL, loop_now_ms(a->loop), &answer)) {
		if (!arena_keep(&a->arena, key, &a->wanted_key))
			return too_much();
		a->wanted = t;
		return NULL;
	}
	known = keep(a, name, &answer);
	return known ? known : too_much();
}

static void on_answered(struct lookup_question *q)
{
	struct asking *a = AROUND(q, struct asking, question);
	char to[sizeof a->wanted + ASKING_KEY_MAX];
	str name;

	if (name_of(a->wanted, a->wanted_key, to, &name))
		(void)!keep(a, name, &q->answer); /* where there is no room, it will hear so */
	a->wanted = NULL;
	a->ready(a->owner);
}

bool asking_wait(struct asking *a, void (*ready)(void *owner), void *owner)
{
	if (!a->wanted)
		return false;
	a->ready = ready;
	a->owner = owner;
	a->question.answered = on_answered;
	lookup_ask(a->wanted, a->loop, a->wanted_key, &a->question);
	return true;
}
