#include "admin/client.h"

#include <stdio.h>

#include "admin/exit.h"
#include "base/list.h"
#include "base/number.h"
#include "world/process.h"
#include "world/sock.h"

#define INPUT_OCTETS 65536 /* of one portion that we say */
#define HEAD_OCTETS_MAX 40

struct question {
	const struct client_question *asked;
	struct loop *loop;
	struct sock *sock;
	struct loop_timer timer;
	struct buf head; /* of a portion, until it is whole */
	bool input_over;
	uint64_t portion; /* octets of the answer that are still to come */
	bool has_code, deaf;
	int code;
	struct fail *why;
};

static void done(struct question *q)
{
	sock_close(q->sock);
	loop_timer_cancel(q->loop, &q->timer);
	loop_stop(q->loop);
}

static void wait_for_answer(struct question *q)
{
	loop_timer_set(q->loop, &q->timer, loop_now_ms(q->loop) + CLIENT_ANSWER_MS_MAX);
}

static void connected(void *owner)
{
	struct question *q = owner;
	const struct client_question *asked = q->asked;
	struct buf line = { 0 };

	buf_put(&line, asked->json ? S("json") : S("text"));
	for (size_t i = 0; i < asked->count; i++) {
		buf_put(&line, S("\t"));
		buf_put(&line, asked->words[i]);
	}
	buf_put(&line, S("\n"));
	sock_send(q->sock, buf_str(&line));
	buf_free(&line);
}

/* The daemon has taken what we said: the next portion of the input. */
static void drained(void *owner)
{
	struct question *q = owner;
	static char bytes[INPUT_OCTETS];
	char head[HEAD_OCTETS_MAX];
	size_t n;
	int length;

	wait_for_answer(q);
	if (!q->asked->input || q->input_over)
		return;
	n = process_input(bytes, sizeof bytes);
	q->input_over = n == 0;
	length = snprintf(head, sizeof head, n > 0 ? "+%zu\n" : "=\n", n);
	sock_send(q->sock, str_from(head, (size_t)length));
	sock_send(q->sock, str_from(bytes, n));
}

/* "+N" and N octets, or "=CODE".  False: it is no head. */
static bool read_head(struct question *q, str line)
{
	uint64_t code;

	if (str_starts(line, S("+")))
		return number_parse(str_skip(line, 1), SIZE_MAX, &q->portion);
	if (!str_starts(line, S("=")) || !number_parse(str_skip(line, 1), 255, &code))
		return false;
	q->has_code = true;
	q->code = (int)code;
	return true;
}

static size_t received(void *owner, str bytes)
{
	struct question *q = owner;
	str rest = bytes, line, some;

	wait_for_answer(q);
	while (rest.n > 0 && !q->has_code) {
		if (q->portion == 0) {
			bool whole = str_has(rest, '\n');
			bool fits;

			str_cut(&rest, '\n', &line);
			fits = buf_add(&q->head, line);
			if (fits && !whole)
				return bytes.n;
			if (!fits || !read_head(q, buf_str(&q->head))) {
				fail_with(q->why, FAIL_TEMPORARY, "",
					"the daemon is of another version");
				done(q);
				return bytes.n;
			}
			buf_clear(&q->head);
			continue;
		}
		some = str_first(rest, q->portion);
		q->portion -= some.n;
		rest = str_skip(rest, some.n);
		if (!q->deaf)
			q->deaf = !q->asked->say(q->asked->owner, some);
		if (q->deaf) {
			fail_with(q->why, FAIL_TEMPORARY, "", "the answer cannot be written");
			done(q);
			return bytes.n;
		}
	}
	return bytes.n;
}

static void closed(void *owner, const struct fail *why)
{
	struct question *q = owner;

	if (why && !q->has_code)
		*q->why = *why;
	else if (!q->has_code)
		fail_with(q->why, FAIL_TEMPORARY, "", "the daemon hung up without %s answer",
			q->portion > 0 ? "the rest of its" : "an");
	done(q);
}

static void late(struct loop_timer *timer)
{
	struct question *q = AROUND(timer, struct question, timer);

	fail_with(q->why, FAIL_TEMPORARY, "", "the daemon did not answer in time");
	done(q);
}

static const struct sock_handler handler = {
	.received = received, .drained = drained, .closed = closed, .connected = connected
};

int client_ask(const struct client_question *asked, struct fail *why)
{
	struct question q = {
		.asked = asked, .why = why, .timer.run = late, .head.limit_octets = HEAD_OCTETS_MAX
	};
	struct endpoint at = { 0 };
	int n = snprintf(at.path, sizeof at.path, "%.*s/control", STR(asked->run_dir));

	*why = (struct fail){ 0 };
	if (n < 0 || (size_t)n >= sizeof at.path) {
		fail_with(why, FAIL_PERMANENT, "", "%.*s is too long a path for a socket",
			STR(asked->run_dir));
		return EXIT_AGAIN;
	}
	q.loop = loop_new("client");
	wait_for_answer(&q);
	q.sock = sock_connect(q.loop, &at, NULL, &handler, &q);
	loop_run(q.loop);
	loop_free(q.loop);
	buf_free(&q.head);
	if (why->kind != FAIL_NONE && !q.has_code)
		fail_while(why, " (is the daemon running?)");
	return q.has_code && why->kind == FAIL_NONE ? q.code : EXIT_AGAIN;
}
