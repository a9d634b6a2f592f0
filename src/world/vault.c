#include "world/vault.h"

#include <assert.h>
#include <poll.h>
#include <threads.h>

#include "base/mem.h"
#include "world/clock.h"
#include "world/loop_event.h"
#include "world/pass.h"

#define AGAIN_MS 50 /* until what could not be sent is tried again */

static int office = -1;

/* The stream of one loop, in its thread. */
static _Thread_local struct line {
	struct loop *loop;
	struct loop_hook end;
	struct loop_timer timer;
	struct pass_watch *watch;
	int socket;
	struct list questions;
	size_t unsent;    /* of them */
	int64_t timer_ms; /* when the timer will fire */
	uint32_t ticket;
} * here;

void vault_of(int socket)
{
	office = socket;
}

bool vault_is_there(void)
{
	return office >= 0;
}

/* A new stream; -1: not now. */
static int open_stream(void)
{
	struct fail why;
	int ends[2];

	if (!pass_pair(ends, &why))
		return -1;
	if (!pass_send(office, S("stream"), ends[1], 0)) {
		pass_close(ends[0]);
		ends[0] = -1;
	}
	pass_close(ends[1]);
	return ends[0];
}

/* --- in a loop ---------------------------------------------------------------------------------
 */

static void end_question(
	struct vault_question *q, const struct vault_message *answer, const struct fail *why)
{
	list_remove(&q->link);
	buf_free(&q->bytes);
	q->answered(q, answer, why);
}

static void refuse(str text, struct fail *why)
{
	fail_with(why, FAIL_TEMPORARY, "4.7.0", "the vault refuses: %.*s", STR(text));
}

static void on_answer(void *owner, str bytes, int *descriptor)
{
	struct line *line = owner;
	struct vault_message m;
	struct fail why;

	(void)descriptor;
	if (!vault_wire_read(bytes, &m))
		return;
	LIST_EACH_SAFE (link, &line->questions) {
		struct vault_question *q = AROUND(link, struct vault_question, link);

		if (q->ticket != m.ticket)
			continue;
		if (m.status == VAULT_REFUSED)
			refuse(m.data, &why);
		end_question(q, &m, m.status == VAULT_DONE ? NULL : &why);
		return;
	}
}

static void close_stream(struct line *line)
{
	pass_watch_free(line->watch);
	pass_close(line->socket);
	line->watch = NULL;
	line->socket = -1;
}

static void send_all(struct line *line);

/* The vault has died: the next one is asked all of it again. */
static void on_gone(void *owner)
{
	struct line *line = owner;

	close_stream(line);
	LIST_EACH (link, &line->questions)
		AROUND(link, struct vault_question, link)->sent = false;
	send_all(line);
}

static const struct pass_handler handler = { .received = on_answer, .gone = on_gone };

/* When the first question gives up, or what could not be sent is tried again. */
static void set_timer(struct line *line)
{
	int64_t first_ms = line->unsent > 0 ? loop_now_ms(line->loop) + AGAIN_MS : INT64_MAX;

	LIST_EACH (link, &line->questions) {
		struct vault_question *q = AROUND(link, struct vault_question, link);

		if (q->until_ms < first_ms)
			first_ms = q->until_ms;
	}
	line->timer_ms = first_ms;
	if (first_ms == INT64_MAX)
		loop_timer_cancel(line->loop, &line->timer);
	else
		loop_timer_set(line->loop, &line->timer, first_ms);
}

static void open_line(struct line *line)
{
	line->socket = open_stream();
	if (line->socket >= 0)
		line->watch = pass_watch(line->loop, line->socket, &handler, line);
}

static void send_all(struct line *line)
{
	if (line->socket < 0 && !list_empty(&line->questions))
		open_line(line);
	line->unsent = 0;
	LIST_EACH (link, &line->questions) {
		struct vault_question *q = AROUND(link, struct vault_question, link);

		if (!q->sent)
			q->sent = pass_send(line->socket, buf_str(&q->bytes), -1, 0);
		line->unsent += !q->sent;
	}
	set_timer(line);
}

static struct vault_question *first_expired(struct line *line)
{
	LIST_EACH (link, &line->questions) {
		struct vault_question *q = AROUND(link, struct vault_question, link);

		if (q->until_ms <= loop_now_ms(line->loop))
			return q;
	}
	return NULL;
}

static void on_timer(struct loop_timer *timer)
{
	struct line *line = AROUND(timer, struct line, timer);
	struct vault_question *q;
	struct fail why;

	fail_with(&why, FAIL_TEMPORARY, "4.7.0", "the vault does not answer");
	while ((q = first_expired(line)))
		end_question(q, NULL, &why);
	send_all(line);
}

/* Whoever asked has gone with the loop. */
static void on_end(struct loop_hook *hook)
{
	struct line *line = AROUND(hook, struct line, end);

	LIST_EACH_SAFE (link, &line->questions)
		vault_forget(AROUND(link, struct vault_question, link));
	loop_timer_cancel(line->loop, &line->timer);
	close_stream(line);
	if (here == line)
		here = NULL;
	mem_free(line);
}

static struct line *line_of(struct loop *l)
{
	if (here && here->loop == l)
		return here;
	here = MEM_NEW(struct line);
	here->loop = l;
	here->socket = -1;
	here->timer_ms = INT64_MAX;
	here->timer.run = on_timer;
	here->end.run = on_end;
	list_init(&here->questions);
	list_init(&here->end.link);
	loop_at_end(l, &here->end);
	return here;
}

void vault_ask(struct vault_question *q, struct loop *l, const struct vault_message *m)
{
	struct line *line = line_of(l);
	struct vault_message numbered = *m;
	bool fits;

	q->loop = l;
	q->ticket = numbered.ticket = ++line->ticket;
	q->sent = false;
	q->until_ms = loop_now_ms(l) + (q->wait_ms ? q->wait_ms : VAULT_MS_MAX);
	fits = vault_wire_write(&numbered, &q->bytes);
	if (!fits) /* cut off, the vault will not understand it */
		buf_clear(&q->bytes);
	list_append(&line->questions, &q->link);
	if (line->socket < 0 || line->unsent > 0) {
		send_all(line);
		return;
	}
	q->sent = pass_send(line->socket, buf_str(&q->bytes), -1, 0);
	line->unsent += !q->sent;
	if (!q->sent || q->until_ms < line->timer_ms)
		set_timer(line);
}

void vault_tell(struct loop *l, const struct vault_message *m)
{
	struct line *line = line_of(l);
	struct buf bytes = { 0 };

	if (line->socket >= 0 && vault_wire_write(m, &bytes))
		(void)!pass_send(line->socket, buf_str(&bytes), -1, 0);
	buf_free(&bytes);
}

void vault_forget(struct vault_question *q)
{
	list_remove(&q->link);
	buf_free(&q->bytes);
}

/* --- waiting -----------------------------------------------------------------------------------
 */

static bool copy_answer(struct arena *a, str bytes, struct vault_message *m)
{
	if (!vault_wire_read(arena_copy(a, bytes), m))
		return false;
	return m->status == VAULT_DONE || m->status == VAULT_REFUSED;
}

/* The stream of one thread, kept: a new one for each signature costs both sides more than the
 * question does. */
static _Thread_local struct kept {
	int stream, office; /* of which it is */
} kept = { -1, -1 };

static tss_t at_exit;
static once_flag at_exit_made = ONCE_FLAG_INIT;

static void close_kept(void *of)
{
	struct kept *k = of;

	pass_close(k->stream);
	*k = (struct kept){ -1, -1 };
}

static void make_at_exit(void)
{
	int made = tss_create(&at_exit, close_kept);

	assert(made == thrd_success);
}

static int keep_stream(void)
{
	if (kept.stream >= 0 && kept.office == office)
		return kept.stream;
	close_kept(&kept);
	call_once(&at_exit_made, make_at_exit);
	tss_set(at_exit, &kept);
	kept = (struct kept){ open_stream(), office };
	return kept.stream;
}

/* False: the vault died meanwhile, or time is over.  What may yet come to such a stream would be
 * taken for the next question's answer, so it is given up. */
static bool ask_once(struct arena *a, str question, struct vault_message *answer, int wait_ms)
{
	char bytes[PASS_OCTETS_MAX];
	int stream = keep_stream(), none;
	bool answered;
	str got;

	answered = stream >= 0 && pass_send(stream, question, -1, wait_ms) &&
		   pass_receive(stream, bytes, &got, &none, wait_ms) && copy_answer(a, got, answer);
	if (!answered)
		close_kept(&kept);
	return answered;
}

bool vault_ask_now(struct arena *a, const struct vault_message *m, struct vault_message *answer,
	struct fail *why)
{
	int64_t now_ms = clock_steady_ms(), until_ms = now_ms + VAULT_MS_MAX;
	struct buf question = { 0 };
	bool answered = false, fits = vault_wire_write(m, &question);

	while (fits && !answered && now_ms < until_ms) {
		answered = ask_once(a, buf_str(&question), answer, (int)(until_ms - now_ms));
		now_ms = clock_steady_ms();
		if (!answered)
			poll(NULL, 0, AGAIN_MS);
	}
	buf_free(&question);
	if (!answered)
		return fail_with(why, FAIL_TEMPORARY, "4.7.0", "the vault does not answer");
	if (answer->status == VAULT_REFUSED)
		refuse(answer->data, why);
	return answer->status == VAULT_DONE;
}
