#include "world/vault_serve.h"

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "world/pass.h"
#include "world/vault_keys.h"
#include "world/vault_secrets.h"

_Static_assert(VAULT_MESSAGE_MAX <= PASS_OCTETS_MAX, "a message is one packet");

struct vault_serve {
	struct loop *loop;
	struct pass_watch *office;
	struct vault_keys *keys;
	struct vault_secrets *secrets;
	struct list streams;
	size_t count;
	const struct vault_serve_handler *handler;
	void *owner;
};

struct vault_stream {
	struct list link;
	struct vault_serve *vault;
	int socket;
	struct pass_watch *watch;
};

static void stream_close(struct vault_stream *s)
{
	if (s->vault->handler && s->vault->handler->closed)
		s->vault->handler->closed(s->vault->owner, s);
	list_remove(&s->link);
	s->vault->count--;
	pass_watch_free(s->watch);
	pass_close(s->socket);
	mem_free(s);
}

void vault_serve_answer(struct vault_stream *s, const struct vault_message *m)
{
	struct buf out = { 0 };

	if (vault_wire_write(m, &out))
		(void)!pass_send(
			s->socket, buf_str(&out), -1, 0); /* who does not read has given up */
	buf_free(&out);
}

static void answer_key(struct vault_serve *v, const struct vault_message *q,
	struct vault_message *a, struct arena *arena)
{
	struct fail why;

	if (vault_keys_read(v->keys, arena, q->path, &a->key, &why))
		return;
	a->status = VAULT_REFUSED;
	a->data = arena_copy(arena, str_of(why.text));
}

static void answer_sign(struct vault_serve *v, const struct vault_message *q,
	struct vault_message *a, struct arena *arena)
{
	unsigned char *signature = arena_alloc(arena, VAULT_SIGNATURE_MAX);
	struct fail why;
	size_t n;

	if (vault_keys_sign(v->keys, q, signature, &n, &why)) {
		a->data = str_from((const char *)signature, n);
		return;
	}
	a->status = VAULT_REFUSED;
	a->data = arena_copy(arena, str_of(why.text));
}

static void answer_secrets(struct vault_serve *v, const struct vault_message *q,
	struct vault_message *a, struct arena *arena)
{
	struct fail why;

	if (vault_secrets_read(v->secrets, q->path, &why))
		return;
	a->status = VAULT_REFUSED;
	a->data = arena_copy(arena, str_of(why.text));
}

static void answer_mac(struct vault_serve *v, const struct vault_message *q,
	struct vault_message *a, struct arena *arena)
{
	struct srs_macs macs;
	struct fail why;

	if (vault_secrets_mac(v->secrets, q->path, q->data, &macs, &why)) {
		a->data = arena_copy(
			arena, str_from((const char *)macs.octets, macs.count * SRS_MAC_OCTETS));
		return;
	}
	a->status = VAULT_REFUSED;
	a->data = arena_copy(arena, str_of(why.text));
}

static void (*const answers[])(struct vault_serve *v, const struct vault_message *q,
	struct vault_message *a, struct arena *arena) = {
	[VAULT_KEY] = answer_key,
	[VAULT_SIGN] = answer_sign,
	[VAULT_SECRETS] = answer_secrets,
	[VAULT_MAC] = answer_mac,
};

static void on_question(void *owner, str bytes, int *descriptor)
{
	struct vault_stream *s = owner;
	struct vault_serve *v = s->vault;
	struct vault_message q, a;
	struct arena arena;

	(void)descriptor;
	if (!vault_wire_read(bytes, &q) || q.status != VAULT_ASKED) {
		log_line(LOG_ERROR, "not-understood", "vault: this is no question");
		stream_close(s);
		return;
	}
	if (q.word >= LENGTH(answers)) {
		if (v->handler && v->handler->asked)
			v->handler->asked(v->owner, s, &q);
		return;
	}
	arena_init(&arena, ARENA_UNLIMITED);
	a = (struct vault_message){
		.word = q.word, .mode = q.mode, .ticket = q.ticket, .status = VAULT_DONE
	};
	answers[q.word](v, &q, &a, &arena);
	vault_serve_answer(s, &a);
	arena_free(&arena);
}

static void on_stream_gone(void *owner)
{
	stream_close(owner);
}

static const struct pass_handler stream_handler = { .received = on_question,
	.gone = on_stream_gone };

static void on_office(void *owner, str bytes, int *descriptor)
{
	struct vault_serve *v = owner;
	struct vault_stream *s;

	(void)bytes;
	if (*descriptor < 0 || v->count == VAULT_STREAMS_MAX)
		return;
	s = MEM_NEW(struct vault_stream);
	s->vault = v;
	s->socket = *descriptor;
	*descriptor = -1;
	s->watch = pass_watch(v->loop, s->socket, &stream_handler, s);
	list_append(&v->streams, &s->link);
	v->count++;
}

static void on_office_gone(void *owner)
{
	struct vault_serve *v = owner;

	if (v->handler)
		v->handler->over(v->owner);
}

static const struct pass_handler office_handler = { .received = on_office, .gone = on_office_gone };

struct vault_serve *vault_serve_new(
	struct loop *l, int office, const struct vault_serve_handler *handler, void *owner)
{
	struct vault_serve *v = MEM_NEW(struct vault_serve);

	v->loop = l;
	v->keys = vault_keys_new();
	v->secrets = vault_secrets_new();
	v->handler = handler;
	v->owner = owner;
	list_init(&v->streams);
	v->office = pass_watch(l, office, &office_handler, v);
	return v;
}

void vault_serve_free(struct vault_serve *v)
{
	v->handler = NULL; /* its owner goes by himself */
	LIST_EACH_SAFE (link, &v->streams)
		stream_close(AROUND(link, struct vault_stream, link));
	pass_watch_free(v->office);
	vault_keys_free(v->keys);
	vault_secrets_free(v->secrets);
	mem_free(v);
}
