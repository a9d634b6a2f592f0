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

static size_t received(void *owner, str bytes)
{
	struct client *c = owner;
	size_t end = str_find(bytes, '\n');
	struct buf out = { 0 };
	char code[16];
	int n;

	if (!buf_add(&c->line, str_first(bytes, end))) {
		client_close(c);
		return bytes.n;
	}
	if (end == bytes.n)
		return bytes.n;
	n = snprintf(code, sizeof code, "%d\n", request(c, buf_str(&c->line), &out));
	sock_send(c->sock, str_from(code, (size_t)n));
	sock_send(c->sock, buf_str(&out));
	buf_free(&out);
	sock_finish(c->sock);
	client_free(c);
	return bytes.n;
}

static void closed(void *owner, const struct fail *why)
{
	(void)why;
	client_close(owner);
}

static void silent(struct loop_timer *timer)
{
	client_close(AROUND(timer, struct client, timer));
}

static const struct sock_handler handler = { .received = received, .closed = closed };

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
	loop_timer_set(
		control->loop, &c->timer, loop_now_ms(control->loop) + CONTROL_SILENCE_MS_MAX);
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
