#include "daemon/vault_introduce.h"

#include <openssl/crypto.h>

#include "base/list.h"
#include "base/mem.h"
#include "login/introduction.h"
#include "login/saslprep.h"
#include "world/file.h"
#include "world/work.h"

#define WAITING_MAX 1000

struct vault_introduce {
	struct work *pool;
	struct loop *loop;
	struct list jobs;
};

struct job {
	struct work_job work;
	struct list link;
	struct vault_stream *stream; /* null: it has gone */
	uint32_t ticket;
	struct buf path, question;
	struct buf answer; /* as bytes */
	struct fail why;   /* kind FAIL_NONE: there is one */
};

static void job_free(struct job *j)
{
	list_remove(&j->link);
	buf_free(&j->path);
	buf_free(&j->question);
	saslprep_wipe(&j->answer);
	mem_free(j);
}

static void answer(struct vault_stream *s, uint32_t ticket, str bytes, const struct fail *why)
{
	bool done = why->kind == FAIL_NONE;
	struct vault_message m = { .word = VAULT_INTRODUCE,
		.ticket = ticket,
		.status = done ? VAULT_DONE : VAULT_REFUSED,
		.data = done ? bytes : str_of(why->text) };

	vault_serve_answer(s, &m);
}

/* In a thread.  A file that is none of credentials is wrong in some line, which is all that is said
 * of it. */
static void make(struct work_job *work)
{
	struct job *j = AROUND(work, struct job, work);
	struct introduction_question q;
	struct introduction_answer made;
	struct buf to = { 0 };
	struct arena a;
	str text;

	arena_init(&a, ARENA_UNLIMITED);
	if (!introduction_take_question(buf_str(&j->question), &q)) {
		fail_with(&j->why, FAIL_PERMANENT, "", "this question is not understood");
	} else if (file_read(&a, buf_str(&j->path), &text, &j->why)) {
		if (introduction_make(buf_str(&j->path), text, &q, &to, &made, &j->why))
			introduction_put_answer(&made, &j->answer);
		OPENSSL_cleanse((char *)text.p, text.n);
	}
	saslprep_wipe(&to);
	arena_free(&a);
}

static void made(struct work_job *work)
{
	struct job *j = AROUND(work, struct job, work);

	if (j->stream && !work->cancelled)
		answer(j->stream, j->ticket, buf_str(&j->answer), &j->why);
	job_free(j);
}

void vault_introduce_ask(
	struct vault_introduce *v, struct vault_stream *s, const struct vault_message *q)
{
	struct job *j = MEM_NEW(struct job);

	j->stream = s;
	j->ticket = q->ticket;
	buf_put(&j->path, q->path);
	buf_put(&j->question, q->data);
	list_append(&v->jobs, &j->link);
	j->work = (struct work_job){ .run = make, .done = made, .loop = v->loop };
	if (work_post(v->pool, &j->work))
		return;
	fail_with(&j->why, FAIL_TEMPORARY, "", "too many logins wait to be made");
	answer(s, q->ticket, S(""), &j->why);
	job_free(j);
}

void vault_introduce_closed(struct vault_introduce *v, struct vault_stream *s)
{
	LIST_EACH (link, &v->jobs) {
		struct job *j = AROUND(link, struct job, link);

		if (j->stream == s)
			j->stream = NULL;
	}
}

struct vault_introduce *vault_introduce_new(struct loop *l)
{
	struct vault_introduce *v = MEM_NEW(struct vault_introduce);

	v->loop = l;
	v->pool = work_open("introduce", 1, WAITING_MAX, false);
	list_init(&v->jobs);
	return v;
}

/* The loop is not served any more: done is called by nobody. */
void vault_introduce_free(struct vault_introduce *v)
{
	work_close(v->pool);
	LIST_EACH_SAFE (link, &v->jobs)
		job_free(AROUND(link, struct job, link));
	mem_free(v);
}
