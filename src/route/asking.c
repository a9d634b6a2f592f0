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

/* A table is told from another by where it is in memory. */
static str name_of(struct arena *a, const struct lookup *t, str key)
{
	char *name = arena_alloc(a, sizeof t + key.n);

	if (!name)
		return S("");
	memcpy(name, &t, sizeof t);
	if (key.n > 0)
		memcpy(name + sizeof t, key.p, key.n);
	return str_from(name, sizeof t + key.n);
}

static struct lookup_answer *keep(struct asking *a, str name, const struct lookup_answer *answer)
{
	struct lookup_answer *kept = ARENA_NEW(&a->arena, struct lookup_answer);

	if (!kept)
		return NULL;
	*kept = *answer;
	if (!arena_keep(&a->arena, answer->value, &kept->value))
		return NULL;
	map_set(&a->answers, name, kept);
	return kept;
}

const struct lookup_answer *asking_find(struct asking *a, const struct lookup *t, str key)
{
	str name = name_of(&a->arena, t, key);
	const struct lookup_answer *known = map_get(&a->answers, name);
	struct lookup_answer answer;

	if (known)
		return known;
	if (name.n == 0 || a->asked == ASKING_ANSWERS_MAX)
		return too_much();
	a->asked++;
	if (!lookup_now(t, &a->arena, key, NULL, loop_now_ms(a->loop), &answer)) {
		a->wanted = t;
		a->wanted_key = str_skip(name, sizeof t);
		return NULL;
	}
	known = keep(a, name, &answer);
	return known ? known : too_much();
}

static void on_answered(struct lookup_question *q)
{
	struct asking *a = AROUND(q, struct asking, question);
	str name = name_of(&a->arena, a->wanted, a->wanted_key);

	a->wanted = NULL;
	if (name.n > 0)
		(void)!keep(a, name, &q->answer); /* else there is no room, and it will hear so */
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
