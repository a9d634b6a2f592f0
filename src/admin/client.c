#include "admin/client.h"

#include <stdio.h>

#include "admin/exit.h"
#include "base/list.h"
#include "base/number.h"
#include "world/sock.h"

struct question {
	struct loop *loop;
	struct sock *sock;
	struct loop_timer timer;
	struct buf line;
	struct buf *out;
	bool has_code;
	int code;
	uint64_t octets; /* of the answer, that have not come yet */
	struct fail *why;
};

static void done(struct question *q)
{
	sock_close(q->sock);
	loop_timer_cancel(q->loop, &q->timer);
	loop_stop(q->loop);
}

static void connected(void *owner)
{
	struct question *q = owner;

	sock_send(q->sock, buf_str(&q->line));
}

static size_t received(void *owner, str bytes)
{
	struct question *q = owner;
	str all = bytes, line, first;
	uint64_t code;

	if (!q->has_code) {
		if (!str_has(bytes, '\n'))
			return 0;
		str_cut(&bytes, '\n', &line);
		q->has_code = str_cut(&line, ' ', &first) && number_parse(first, 255, &code) &&
			      number_parse(line, SIZE_MAX, &q->octets);
		q->code = q->has_code ? (int)code : EXIT_AGAIN;
	}
	buf_put(q->out, bytes);
	q->octets -= bytes.n < q->octets ? bytes.n : q->octets;
	return all.n;
}

static void closed(void *owner, const struct fail *why)
{
	struct question *q = owner;

	if (why)
		*q->why = *why;
	else if (!q->has_code)
		fail_with(q->why, FAIL_TEMPORARY, "", "the daemon hung up without an answer");
	else if (q->octets > 0)
		fail_with(q->why, FAIL_TEMPORARY, "",
			"the daemon hung up in the middle of its answer");
	if (q->why->kind != FAIL_NONE)
		q->code = EXIT_AGAIN;
	done(q);
}

static void late(struct loop_timer *timer)
{
	struct question *q = AROUND(timer, struct question, timer);

	fail_with(q->why, FAIL_TEMPORARY, "", "the daemon did not answer in time");
	q->code = EXIT_AGAIN;
	done(q);
}

static const struct sock_handler handler = {
	.received = received, .closed = closed, .connected = connected
};

int client_ask(
	str run_dir, const str *words, size_t count, bool json, struct buf *out, struct fail *why)
{
	struct question q = { .out = out, .why = why, .code = EXIT_AGAIN, .timer.run = late };
	struct endpoint at = { 0 };
	int n = snprintf(at.path, sizeof at.path, "%.*s/control", STR(run_dir));

	*why = (struct fail){ 0 };
	if (n < 0 || (size_t)n >= sizeof at.path) {
		fail_with(why, FAIL_PERMANENT, "", "%.*s is too long a path for a socket",
			STR(run_dir));
		return EXIT_AGAIN;
	}
	buf_put(&q.line, json ? S("json") : S("text"));
	for (size_t i = 0; i < count; i++) {
		buf_put(&q.line, S("\t"));
		buf_put(&q.line, words[i]);
	}
	buf_put(&q.line, S("\n"));
	q.loop = loop_new("client");
	loop_timer_set(q.loop, &q.timer, loop_now_ms(q.loop) + CLIENT_ANSWER_MS_MAX);
	q.sock = sock_connect(q.loop, &at, NULL, &handler, &q);
	loop_run(q.loop);
	loop_free(q.loop);
	buf_free(&q.line);
	if (why->kind != FAIL_NONE && !q.has_code)
		fail_while(why, " (is the daemon running?)");
	return q.has_code ? q.code : EXIT_AGAIN;
}
