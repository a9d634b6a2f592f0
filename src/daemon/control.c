#include "daemon/control.h"

#include <stdio.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/number.h"
#include "world/sock.h"

struct control {
	struct loop *loop;
	struct sock_listener *listener;
	const struct control_answers *answers;
	void *owner;
	struct list clients;
};

struct talk {
	struct list link;
	struct control *control;
	struct sock *sock;
	struct loop_timer timer;
	struct buf line;  /* of the request, then of what he says: until it is whole */
	bool asked;       /* it is */
	bool ended;       /* the whole answer has been said */
	uint64_t portion; /* of what he says: octets that are still to come */
	bool heard_all;
	size_t left; /* of what was said, to be written, when the timer was set */
	const struct talk_taker *taker; /* null: answered at once */
	void *taker_owner;
};

static void talk_free(struct talk *c)
{
	loop_timer_cancel(c->control->loop, &c->timer);
	list_remove(&c->link);
	buf_free(&c->line);
	mem_free(c);
}

static void talk_close(struct talk *c)
{
	if (c->taker && !c->ended)
		c->taker->gone(c->taker_owner);
	sock_close(c->sock);
	talk_free(c);
}

static void wait_for_client(struct talk *c)
{
	c->left = sock_backlog(c->sock);
	loop_timer_set(c->control->loop, &c->timer,
		loop_now_ms(c->control->loop) + CONTROL_SILENCE_MS_MAX);
}

/* --- talks -------------------------------------------------------------------------------------
 */

void talk_take(struct talk *t, const struct talk_taker *taker, void *owner)
{
	t->taker = taker;
	t->taker_owner = owner;
}

void talk_say(struct talk *t, str bytes)
{
	char head[24];
	int n = snprintf(head, sizeof head, "+%zu\n", bytes.n);

	if (bytes.n == 0)
		return;
	sock_send(t->sock, str_from(head, (size_t)n));
	sock_send(t->sock, bytes);
	wait_for_client(t);
}

bool talk_full(const struct talk *t)
{
	return sock_backlog(t->sock) > TALK_BACKLOG_OCTETS;
}

void talk_listen(struct talk *t)
{
	sock_resume(t->sock);
}

void talk_end(struct talk *t, int code)
{
	char end[16];
	int n = snprintf(end, sizeof end, "=%d\n", code);

	t->ended = true;
	sock_send(t->sock, str_from(end, (size_t)n));
	wait_for_client(t);
}

/* --- requests ----------------------------------------------------------------------------------
 */

static size_t read_words(str line, str words[CONTROL_WORDS_MAX])
{
	size_t count = 0;
	bool more = true;

	while (more && count < CONTROL_WORDS_MAX)
		more = str_cut(&line, '\t', &words[count++]);
	return more ? 0 : count;
}

static void give_answer(struct talk *c)
{
	const struct control_answers *answers = c->control->answers;
	str words[CONTROL_WORDS_MAX];
	size_t count = read_words(buf_str(&c->line), words);
	struct buf out = { 0 };
	bool json;
	int code;

	if (count == 0) {
		talk_say(c, S("too many words\n"));
		talk_end(c, 2);
		return;
	}
	json = str_eq(words[0], S("json"));
	if (answers->talk(c->control->owner, c, words + 1, count - 1, json)) {
		buf_clear(&c->line);
		return;
	}
	code = answers->request(c->control->owner, words + 1, count - 1, json, &out);
	talk_say(c, buf_str(&out));
	talk_end(c, code);
	buf_free(&out);
}

/* The head of a portion: "+N", or "=" behind the last one; it may come in pieces. */
static void hear_head(struct talk *c, str *bytes)
{
	size_t end = str_find(*bytes, '\n');
	bool fits = buf_add(&c->line, str_first(*bytes, end));
	str line = buf_str(&c->line);

	if (fits && end == bytes->n) {
		*bytes = (str){ 0 };
		return;
	}
	*bytes = str_skip(*bytes, end + 1);
	if (str_eq(line, S("="))) {
		c->heard_all = true;
		c->taker->heard_all(c->taker_owner);
	} else if (!fits || !str_starts(line, S("+")) ||
		   !number_parse(str_skip(line, 1), SIZE_MAX, &c->portion)) {
		c->heard_all = true; /* nobody of ours speaks so: he will be hung up on */
	}
	buf_clear(&c->line);
}

/* What the taker does not take now waits until he listens again. */
static size_t hear(struct talk *c, str bytes)
{
	str rest = bytes;

	while (rest.n > 0 && !c->ended && !c->heard_all) {
		size_t n;

		if (c->portion == 0) {
			hear_head(c, &rest);
			continue;
		}
		n = c->taker->heard(c->taker_owner, str_first(rest, c->portion));
		if (n == 0)
			return bytes.n - rest.n;
		c->portion -= n;
		rest = str_skip(rest, n);
	}
	return bytes.n;
}

static size_t received(void *owner, str bytes)
{
	struct talk *c = owner;
	size_t end = str_find(bytes, '\n');

	if (c->asked) {
		size_t taken = c->taker && c->taker->heard ? hear(c, bytes) : bytes.n;

		if (taken > 0 && !c->ended)
			wait_for_client(c);
		return taken;
	}
	if (!buf_add(&c->line, str_first(bytes, end))) {
		talk_close(c);
		return bytes.n;
	}
	if (end == bytes.n)
		return bytes.n;
	c->asked = true;
	wait_for_client(c);
	give_answer(c);
	if (end + 1 < bytes.n)
		sock_resume(c->sock); /* he has said more already: offer it */
	return end + 1;
}

/* The kernel has all that was said. */
static void drained(void *owner)
{
	struct talk *c = owner;

	if (c->ended) {
		sock_finish(c->sock);
		talk_free(c);
	} else if (c->taker) {
		c->taker->drained(c->taker_owner);
	}
}

static void closed(void *owner, const struct fail *why)
{
	(void)why;
	talk_close(owner);
}

/* A long answer has all the time that its reader needs, while he reads. */
static void silent(struct loop_timer *timer)
{
	struct talk *c = AROUND(timer, struct talk, timer);
	size_t left = sock_backlog(c->sock);
	bool ours = c->taker && !c->ended && left == 0; /* it is our turn to say something */

	if (ours || (c->asked && left < c->left))
		wait_for_client(c);
	else
		talk_close(c);
}

static const struct sock_handler handler = {
	.received = received, .drained = drained, .closed = closed
};

static void accepted(
	void *owner, struct sock *s, const struct endpoint *peer, const struct endpoint *local)
{
	struct control *control = owner;
	struct talk *c = MEM_NEW(struct talk);

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

struct control *control_new(
	struct loop *l, int descriptor, const struct control_answers *answers, void *owner)
{
	struct control *c = MEM_NEW(struct control);

	c->loop = l;
	c->answers = answers;
	c->owner = owner;
	list_init(&c->clients);
	c->listener = sock_listen(l, descriptor, accepted, c);
	return c;
}

void control_free(struct control *c)
{
	sock_listener_free(c->listener);
	LIST_EACH_SAFE (link, &c->clients)
		talk_close(AROUND(link, struct talk, link));
	mem_free(c);
}
