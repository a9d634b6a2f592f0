/*
 * bench/null_relay - the dialogue in both directions, and nothing else
 *
 *	null_relay --listen ADDRESS:PORT --to ADDRESS:PORT [--connections N] [--reuse N]
 *
 * It keeps messages in memory, promises nothing, decides nothing and writes nothing: what a relay
 * that did its work for free would reach.
 */
#include <signal.h>
#include <stdio.h>

#include "base/list.h"
#include "base/mem.h"
#include "test/bench/in.h"
#include "test/bench/measure.h"
#include "test/bench/out.h"

/* Content is kept in blocks, which are used again: growing buffers would be the work of a server
 * that is not meant to do any. */
#define BLOCK_OCTETS 65536
struct block {
	struct list link;
	size_t n;
	char bytes[BLOCK_OCTETS];
};

static struct {
	struct loop *loop;
	struct endpoint to;
	struct list waiting; /* mails */
	struct list idle;    /* ways that are READY */
	struct list blocks;  /* free ones */
	uint64_t ways, ways_max, reuse;
} all;

struct mail {
	struct list link;
	struct list blocks;
	uint64_t octets;
	str sender, recipient;
	struct smtp_client_rcpt rcpt;
};

struct session {
	struct in in;
	struct mail *mail;
};

struct way {
	struct list link;
	struct out out;
	struct mail *mail;
	struct list *next; /* block to give */
	size_t mails;
};

static struct mail *mail_new(str sender)
{
	struct mail *m = MEM_NEW(struct mail);

	list_init(&m->blocks);
	m->sender = mem_copy(sender);
	return m;
}

static void mail_add(struct mail *m, str bytes)
{
	while (bytes.n) {
		struct block *b =
			list_empty(&m->blocks) ? NULL : AROUND(m->blocks.prev, struct block, link);
		str part;

		if (!b || b->n == BLOCK_OCTETS) {
			struct list *spare = list_first(&all.blocks);

			if (spare)
				list_remove(spare);
			b = spare ? AROUND(spare, struct block, link) : mem_alloc(sizeof *b);
			b->n = 0;
			list_append(&m->blocks, &b->link);
		}
		part = str_first(bytes, BLOCK_OCTETS - b->n);
		memcpy(b->bytes + b->n, part.p, part.n);
		b->n += part.n;
		m->octets += part.n;
		bytes = str_skip(bytes, part.n);
	}
}

static void mail_free(struct mail *m)
{
	if (!m)
		return;
	LIST_EACH_SAFE (link, &m->blocks) {
		list_remove(link);
		list_prepend(&all.blocks, link);
	}
	mem_free((void *)(uintptr_t)m->sender.p);
	mem_free((void *)(uintptr_t)m->recipient.p);
	mem_free(m);
}

/* --- outwards ----------------------------------------------------------------------------------
 */

static struct way *way_of(struct out *out)
{
	return AROUND(out, struct way, out);
}

static void way_take(struct way *w, bool act)
{
	struct mail *m = AROUND(list_first(&all.waiting), struct mail, link);

	list_remove(&m->link);
	w->mail = m;
	w->next = m->blocks.next;
	w->mails++;
	m->rcpt.address = m->recipient;
	out_mail(&w->out,
		&(struct smtp_client_mail){
			.sender = m->sender,
			.size_octets = m->octets,
			.rcpts = &m->rcpt,
			.rcpt_count = 1,
		},
		act);
}

static void ready(struct out *out)
{
	struct way *w = way_of(out);

	if (w->mails == all.reuse)
		out_quit(out, false);
	else if (!list_empty(&all.waiting))
		way_take(w, false);
	else
		list_append(&all.idle, &w->link);
}

static str body(struct out *out)
{
	struct way *w = way_of(out);
	struct block *b = AROUND(w->next, struct block, link);

	w->next = w->next->next;
	return str_from(b->bytes, b->n);
}

static void results(struct out *out)
{
	struct way *w = way_of(out);

	mail_free(w->mail);
	w->mail = NULL;
}

static void dispatch(void);

static void way_over(struct out *out, const struct fail *trouble)
{
	struct way *w = way_of(out);

	if (w->mail)
		fprintf(stderr, "a mail is lost: %s\n", trouble->text);
	mail_free(w->mail);
	list_remove(&w->link);
	mem_free(w);
	all.ways--;
	if (!list_empty(&all.waiting))
		dispatch();
}

static const struct out_calls out_calls = {
	.ready = ready,
	.body = body,
	.results = results,
	.over = way_over,
};

static void dispatch(void)
{
	struct list *first = list_first(&all.idle);

	if (first) {
		list_remove(first);
		way_take(AROUND(first, struct way, link), true);
	} else if (all.ways < all.ways_max) {
		struct way *w = MEM_NEW(struct way);

		list_init(&w->link);
		all.ways++;
		out_open(&w->out, all.loop, &all.to, NULL, &out_calls);
	}
}

/* --- inwards -----------------------------------------------------------------------------------
 */

static struct session *session_of(struct in *in)
{
	return AROUND(in, struct session, in);
}

static void on_mail(struct in *in, const struct smtp_mail *mail)
{
	struct session *s = session_of(in);

	mail_free(s->mail);
	s->mail = mail_new(mail->sender);
}

static void on_rcpt(struct in *in, const struct smtp_rcpt *rcpt)
{
	struct session *s = session_of(in);

	mem_free((void *)(uintptr_t)s->mail->recipient.p);
	s->mail->recipient = mem_copy(rcpt->recipient);
}

static void on_body(struct in *in, str bytes)
{
	mail_add(session_of(in)->mail, bytes);
}

static void on_commit(struct in *in)
{
	struct session *s = session_of(in);

	list_append(&all.waiting, &s->mail->link);
	s->mail = NULL;
	dispatch();
}

static void on_reset(struct in *in)
{
	struct session *s = session_of(in);

	mail_free(s->mail);
	s->mail = NULL;
}

static void session_over(struct in *in)
{
	on_reset(in);
	mem_free(session_of(in));
}

static const struct in_calls in_calls = {
	.mail = on_mail,
	.rcpt = on_rcpt,
	.body = on_body,
	.commit = on_commit,
	.reset = on_reset,
	.over = session_over,
};

static void accepted(
	void *owner, struct sock *sock, const struct endpoint *peer, const struct endpoint *local)
{
	struct session *s = MEM_NEW(struct session);

	(void)owner, (void)peer, (void)local;
	in_open(&s->in, all.loop, sock, &in_calls);
}

int main(int argc, char **argv)
{
	struct endpoint at = measure_endpoint(argc, argv, "listen");

	signal(SIGPIPE, SIG_IGN);
	all.to = measure_endpoint(argc, argv, "to");
	all.ways_max = measure_number(argc, argv, "connections", "20");
	all.reuse = measure_number(argc, argv, "reuse", "100");
	list_init(&all.waiting);
	list_init(&all.idle);
	list_init(&all.blocks);
	all.loop = loop_new("null_relay");
	in_listen(all.loop, &at, accepted, NULL);
	loop_run(all.loop);
	return 0;
}
