#include "daemon/control.h"

#include <stdio.h>

#include "base/list.h"
#include "base/mem.h"
#include "world/sock.h"

struct control {
	struct loop *loop;
	struct sock_listener *listener;
	control_request *request;
	void *owner;
	struct list clients;
};

struct client {
	struct list link;
	struct control *control;
	struct sock *sock;
	struct loop_timer timer;
	struct buf line; /* until it is whole */
	bool answered;
	size_t left; /* of the answer, to be written, when the timer was set */
};

static void client_free(struct client *c)
{
	loop_timer_cancel(c->control->loop, &c->timer);
	list_remove(&c->link);
	buf_free(&c->line);
	mem_free(c);
}

static void client_close(struct client *c)
{
	sock_close(c->sock);
	client_free(c);
}

static int request(struct client *c, str line, struct buf *out)
{
	str words[CONTROL_WORDS_MAX], word;
	size_t count = 0;
	bool more = true;

	while (more) {
		more = str_cut(&line, '\t', &word);
		if (count == CONTROL_WORDS_MAX) {
			buf_put(out, S("too many words\n"));
			return 2;
		}
		words[count++] = word;
	}
	return c->control->request(
		c->control->owner, words + 1, count - 1, str_eq(words[0], S("json")), out);
}

static void wait_for_client(struct client *c)
{
	loop_timer_set(c->control->loop, &c->timer,
		loop_now_ms(c->control->loop) + CONTROL_SILENCE_MS_MAX);
}

static void give_answer(struct client *c)
{
	struct buf out = { 0 };
	char head[40];
	int n = request(c, buf_str(&c->line), &out);

	n = snprintf(head, sizeof head, "%d %zu\n", n, buf_str(&out).n);
	sock_send(c->sock, str_from(head, (size_t)n));
	sock_send(c->sock, buf_str(&out));
	buf_free(&out);
	c->answered = true;
	c->left = sock_backlog(c->sock);
	wait_for_client(c);
}

static size_t received(void *owner, str bytes)
{
	struct client *c = owner;
	size_t end = str_find(bytes, '\n');

	if (c->answered)
		return bytes.n;
	if (!buf_add(&c->line, str_first(bytes, end)))
		client_close(c);
	else if (end < bytes.n)
		give_answer(c);
	return bytes.n;
}

/* The kernel has all of the answer. */
static void drained(void *owner)
{
	struct client *c = owner;

	if (!c->answered)
		return;
	sock_finish(c->sock);
	client_free(c);
}

static void closed(void *owner, const struct fail *why)
{
	(void)why;
	client_close(owner);
}

/* A long answer has all the time that its reader needs, while he reads. */
static void silent(struct loop_timer *timer)
{
	struct client *c = AROUND(timer, struct client, timer);
	size_t left = sock_backlog(c->sock);

	if (!c->answered || left >= c->left) {
		client_close(c);
		return;
	}
	c->left = left;
	wait_for_client(c);
}

static const struct sock_handler handler = {
	.received = received, .drained = drained, .closed = closed
};

static void accepted(
	void *owner, struct sock *s, const struct endpoint *peer, const struct endpoint *local)
{
	struct control *control = owner;
	struct client *c = MEM_NEW(struct client);

	(void)peer;
	(void)local;
	c->control = control;
	c->sock = s;
	c->timer.run = silent;
	c->line.limit_octets = CONTROL_LINE_MAX;
	list_append(&control->clients, &c->link);
	sock_own(s, &handler, c);
	wait_for_client(c);
}

bool control_at(const struct conf *c, struct endpoint *at, struct fail *why)
{
	int n;

	*at = (struct endpoint){ 0 };
	n = snprintf(at->path, sizeof at->path, "%.*s/" CONTROL_NAME, STR(c->run_dir));
	return (n >= 0 && (size_t)n < sizeof at->path) ||
	       fail_with(why, FAIL_PERMANENT, "", "the run folder's path is too long");
}

struct control *control_new(struct loop *l, int descriptor, control_request *answer, void *owner)
{
	struct control *c = MEM_NEW(struct control);

	c->loop = l;
	c->request = answer;
	c->owner = owner;
	list_init(&c->clients);
	c->listener = sock_listen(l, descriptor, accepted, c);
	return c;
}

void control_free(struct control *c)
{
	sock_listener_free(c->listener);
	LIST_EACH_SAFE (link, &c->clients)
		client_close(AROUND(link, struct client, link));
	mem_free(c);
}
