#include "queue/promise.h"

#include <assert.h>

#include "base/mem.h"

static void copy_envelope(struct promise *m, const struct envelope *from)
{
	struct envelope *e = &m->envelope;
	struct arena *a = &m->arena;

	*e = *from;
	e->sender = arena_copy(a, from->sender);
	e->forwarder = arena_copy(a, from->forwarder);
	e->envid = arena_copy(a, from->envid);
	e->helo = arena_copy(a, from->helo);
	e->login = arena_copy(a, from->login);
	e->hold = arena_copy(a, from->hold);
	e->hold_origin = arena_copy(a, from->hold_origin);
	e->rcpts = arena_alloc(a, from->rcpt_count * sizeof *e->rcpts);
	for (size_t i = 0; i < from->rcpt_count; i++) {
		const struct envelope_rcpt *was = &from->rcpts[i];
		struct envelope_rcpt *is = &e->rcpts[i];

		*is = *was;
		is->address = arena_copy(a, was->address);
		is->original = str_eq(was->original, was->address) ? is->address
								   : arena_copy(a, was->original);
		is->orcpt = arena_copy(a, was->orcpt);
		if (was->into.n > 0)
			is->into = arena_copy(a, was->into);
		is->sender = arena_copy(a, was->sender);
	}
}

static struct promise *promise_begin(struct content *content)
{
	struct promise *m = MEM_NEW(struct promise);

	m->references = 1;
	arena_init(&m->arena, ARENA_UNLIMITED);
	m->content = content_keep(content);
	list_init(&m->opened);
	return m;
}

static void begin_rcpts(struct promise *m)
{
	m->rcpts = mem_zero(m->envelope.rcpt_count * sizeof *m->rcpts);
	m->waiting = m->envelope.rcpt_count;
}

struct promise *promise_new(const struct envelope *envelope, struct content *content)
{
	struct promise *m = promise_begin(content);

	copy_envelope(m, envelope);
	begin_rcpts(m);
	return m;
}

struct promise *promise_read(str envelope, struct content *content)
{
	struct promise *m = promise_begin(content);
	struct fail why;
	bool whole = envelope_read(envelope, &m->arena, &m->envelope, &why);

	assert(whole);
	begin_rcpts(m);
	return m;
}

struct promise *promise_keep(struct promise *m)
{
	__atomic_add_fetch(&m->references, 1, __ATOMIC_RELAXED);
	return m;
}

void promise_drop(struct promise *m)
{
	if (!m || __atomic_sub_fetch(&m->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		promise_words_drop(m->rcpts[i].last);
	mem_free(m->rcpts);
	content_drop(m->content);
	arena_free(&m->arena);
	mem_free(m);
}

bool promise_quarantined(const struct promise *m)
{
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		if (m->rcpts[i].quarantined && m->rcpts[i].state == SPOOL_WAITING)
			return true;
	return false;
}

struct promise_words *promise_words_new(const struct fail *fail, bool ours, str remote)
{
	struct promise_words *w = MEM_NEW(struct promise_words);

	w->references = 1;
	w->ours = ours;
	w->remote = mem_copy(remote);
	w->fail = *fail;
	if (ours)
		w->fail.code = 0;
	else
		w->fail.code = fail_code(fail);
	return w;
}

void promise_words_drop(struct promise_words *w)
{
	if (!w || --w->references > 0)
		return;
	mem_free((char *)w->remote.p);
	mem_free(w);
}

void promise_rcpt_heard(struct promise *m, size_t rcpt, struct promise_words *words)
{
	if (words)
		words->references++;
	promise_words_drop(m->rcpts[rcpt].last);
	m->rcpts[rcpt].last = words;
}

struct route_mail promise_mail(const struct promise *m, size_t rcpt)
{
	const struct envelope_rcpt *to = &m->envelope.rcpts[rcpt];

	return (struct route_mail){ .address = to->address,
		.into = to->into,
		.has_sender = true,
		.sender = to->has_sender ? to->sender : m->envelope.sender };
}
