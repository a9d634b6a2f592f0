#include "world/tls_server.h"

#include "base/mem.h"
#include "world/tls_client.h"
#include "world/tls_pair.h"

/* Nothing to know: the simulated handshake (test/sim/sock.c) needs no keys. */
struct tls_context {
	int references;
};

struct tls_server {
	int references;
};

static struct tls_context *context_new(void)
{
	struct tls_context *context = MEM_NEW(struct tls_context);

	context->references = 1;
	return context;
}

struct tls_context *tls_client_new(const struct tls_client *client, struct fail *why)
{
	(void)client;
	(void)why;
	return context_new();
}

struct tls_context *tls_pair_new(const struct tls_pair *pair, struct fail *why)
{
	(void)pair;
	(void)why;
	return context_new();
}

int64_t tls_pair_ends_ms(const struct tls_context *pair)
{
	(void)pair;
	return INT64_MAX;
}

struct tls_context *tls_context_keep(struct tls_context *context)
{
	context->references++;
	return context;
}

void tls_context_free(struct tls_context *context)
{
	if (context && --context->references == 0)
		mem_free(context);
}

struct tls_server *tls_server_new(struct tls_context *pair)
{
	struct tls_server *s = MEM_NEW(struct tls_server);

	(void)pair;
	s->references = 1;
	return s;
}

void tls_server_add(struct tls_server *s, str name, struct tls_context *pair)
{
	(void)s;
	(void)name;
	(void)pair;
}

void tls_server_ask(struct tls_server *s, struct tls_context *trusted)
{
	(void)s;
	(void)trusted; /* nobody has a certificate here */
}

struct tls_server *tls_server_keep(struct tls_server *s)
{
	s->references++;
	return s;
}

void tls_server_drop(struct tls_server *s)
{
	if (s && --s->references == 0)
		mem_free(s);
}
