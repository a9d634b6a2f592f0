#include "world/source.h"

#include <netdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/utf8.h"
#include "world/clock.h"
#include "world/source_inside.h"
#include "world/work.h"

struct source {
	const struct source_setup *setup;
	const struct source_type *type;
	struct work *work; /* null: nobody has asked yet, and no thread was started */
	int references;    /* atomic: the owner, and every question whose thread has not ended */
	pthread_mutex_t lock;
	void **idle; /* connections that nobody uses now */
	unsigned idle_count;
};

/* A question on its way.  Its loop and the pool pass it to and fro; who asked may leave before. */
struct source_ask {
	struct work_job job;
	struct source *source;
	struct source_question
		*question; /* null: nobody waits any more; touched in the loop only */
	struct loop_timer deadline;
	int64_t deadline_ms; /* of the steady clock */
	struct source_reply reply;
	str key; /* behind it */
};

static unsigned unended; /* atomic */

unsigned source_unended(void)
{
	return __atomic_load_n(&unended, __ATOMIC_ACQUIRE);
}

/* --- what all kinds need ------------------------------------------------------------------------
 */

int64_t source_left_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_steady_ms();

	return left > 0 ? left : 0;
}

bool source_reply_add(struct source_reply *r, str value)
{
	if (value.n == 0)
		return true;
	r->rows++;
	if (r->rows > SOURCE_ROWS_MAX ||
		buf_str(&r->value).n + value.n + 2 > SOURCE_VALUE_OCTETS_MAX)
		return source_reply_broken(r, "the answer is longer than %d values or %d bytes",
			SOURCE_ROWS_MAX, SOURCE_VALUE_OCTETS_MAX);
	if (r->end == SOURCE_FOUND)
		buf_put(&r->value, S(", "));
	buf_put(&r->value, value);
	r->end = SOURCE_FOUND;
	return true;
}

bool source_reply_broken(struct source_reply *r, const char *format, ...)
{
	char text[FAIL_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	r->end = SOURCE_FAILED;
	r->broken = true;
	return fail_with(&r->why, FAIL_TEMPORARY, "4.3.0", "%s", text);
}

bool source_check(const struct source_setup *setup, struct fail *why)
{
	switch (setup->kind) {
	case SOURCE_SQLITE:
		return true; /* a path is a path */
	case SOURCE_PGSQL:
		return source_pgsql_check(setup->place, why);
	case SOURCE_LDAP:
		return source_ldap_check(setup->place, why);
	}
	return false;
}

void source_prepare(enum source_kind kind)
{
	struct addrinfo *found = NULL;

	if (kind == SOURCE_SQLITE)
		return;
	if (kind == SOURCE_LDAP)
		source_ldap_prepare();
	if (getaddrinfo("localhost", NULL, NULL, &found) == 0)
		freeaddrinfo(found);
}

/* --- in a thread --------------------------------------------------------------------------------
 */

static void *take_idle(struct source *s)
{
	void *connection = NULL;

	pthread_mutex_lock(&s->lock);
	if (s->idle_count > 0)
		connection = s->idle[--s->idle_count];
	pthread_mutex_unlock(&s->lock);
	return connection;
}

static void put_idle(struct source *s, void *connection)
{
	pthread_mutex_lock(&s->lock);
	s->idle[s->idle_count++] = connection; /* no more threads, so no more connections */
	pthread_mutex_unlock(&s->lock);
}

/* One attempt; false: the connection was an old one that had died, and another may do. */
static bool attempt(struct source_ask *a)
{
	struct source *s = a->source;
	void *connection = take_idle(s);
	bool used = connection != NULL;
	struct source_reply *r = &a->reply;

	buf_clear(&r->value);
	r->end = SOURCE_NONE;
	r->rows = 0;
	r->broken = false;
	if (!used)
		connection = s->type->open(s->setup, a->deadline_ms, &r->why);
	if (!connection) {
		r->end = SOURCE_FAILED;
		return true;
	}
	s->type->ask(connection, s->setup, a->key, a->deadline_ms, r);
	if (!r->broken) {
		put_idle(s, connection);
		return true;
	}
	s->type->close(connection);
	return !used || source_left_ms(a->deadline_ms) == 0;
}

static void run(struct work_job *job)
{
	struct source_ask *a = AROUND(job, struct source_ask, job);

	if (source_left_ms(a->deadline_ms) == 0) {
		a->reply.end = SOURCE_FAILED;
		fail_with(&a->reply.why, FAIL_TEMPORARY, "4.3.0", "no connection was free in time");
		return;
	}
	while (!attempt(a))
		; /* each has used up an idle connection */
}

/* --- in a loop ----------------------------------------------------------------------------------
 */

static void source_drop(struct source *s)
{
	if (__atomic_sub_fetch(&s->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	work_close(s->work); /* its threads have nothing to do */
	while (s->idle_count > 0)
		s->type->close(s->idle[--s->idle_count]);
	pthread_mutex_destroy(&s->lock);
	mem_free(s->idle);
	mem_free(s);
}

static void answer(struct source_ask *a)
{
	struct source_question *q = a->question;

	a->question = NULL;
	loop_timer_cancel(a->job.loop, &a->deadline);
	if (!q)
		return;
	q->ask = NULL;
	q->end = a->reply.end;
	q->why = a->reply.why;
	q->value = buf_str(&a->reply.value);
	q->answered(q);
}

static void done(struct work_job *job)
{
	struct source_ask *a = AROUND(job, struct source_ask, job);

	answer(a);
	source_drop(a->source);
	buf_free(&a->reply.value);
	mem_free(a);
	__atomic_sub_fetch(&unended, 1, __ATOMIC_RELEASE);
}

static void too_late(struct loop_timer *timer)
{
	struct source_ask *a = AROUND(timer, struct source_ask, deadline);
	struct source_question *q = a->question;
	char text[NUMBER_TEXT_MAX];

	/* The thread may be writing the reply at this moment. */
	a->question = NULL;
	q->ask = NULL;
	q->end = SOURCE_FAILED;
	q->value = S("");
	fail_with(&q->why, FAIL_TEMPORARY, "4.3.0", "no answer within %s",
		number_print_time(a->source->setup->timeout_ms, text));
	q->answered(q);
}

static void refused(struct loop_task *task)
{
	done(AROUND(task, struct work_job, task));
}

/* Nothing can be stored under such a key, or bound to a query. */
static bool impossible(str key)
{
	return key.n > SOURCE_KEY_OCTETS_MAX || str_has(key, '\0') || !utf8_valid(key);
}

/* Commands open tables that they ask nothing. */
static struct work *work_of(struct source *s)
{
	pthread_mutex_lock(&s->lock);
	if (!s->work)
		s->work = work_open("table", s->setup->connections, s->setup->waiting_max, false);
	pthread_mutex_unlock(&s->lock);
	return s->work;
}

void source_ask(struct source *s, struct loop *l, str key, struct source_question *q)
{
	struct source_ask *a = mem_zero(sizeof *a + SOURCE_KEY_OCTETS_MAX + 1);
	bool none = impossible(key);

	__atomic_add_fetch(&unended, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&s->references, 1, __ATOMIC_RELAXED);
	a->source = s;
	a->question = q;
	q->ask = a;
	a->job.run = run;
	a->job.done = done;
	a->job.loop = l;
	a->deadline.run = too_late;
	a->deadline_ms = clock_steady_ms() + s->setup->timeout_ms;
	if (!none) {
		memcpy(a + 1, key.p, key.n);
		a->key = str_from(a + 1, key.n);
		loop_timer_set(l, &a->deadline, a->deadline_ms);
		if (work_post(work_of(s), &a->job))
			return;
		a->reply.end = SOURCE_FAILED;
		fail_with(&a->reply.why, FAIL_TEMPORARY, "4.3.0",
			"%u questions wait for an answer already", s->setup->waiting_max);
	}
	a->job.task.run = refused;
	loop_post(l, &a->job.task);
}

void source_cancel(struct source_question *q)
{
	if (!q->ask)
		return;
	loop_timer_cancel(q->ask->job.loop, &q->ask->deadline);
	q->ask->question = NULL;
	q->ask = NULL;
}

struct source *source_open(const struct source_setup *setup)
{
	static const struct source_type *const types[] = {
		[SOURCE_SQLITE] = &source_sqlite_type,
		[SOURCE_PGSQL] = &source_pgsql_type,
		[SOURCE_LDAP] = &source_ldap_type,
	};
	struct source *s = MEM_NEW(struct source);

	s->setup = setup;
	s->type = types[setup->kind];
	s->references = 1;
	pthread_mutex_init(&s->lock, NULL);
	s->idle = mem_zero(setup->connections * sizeof *s->idle);
	return s;
}

void source_close(struct source *s)
{
	source_drop(s);
}
