#include "world/tls.h"

#include "base/mem.h"

/* Nothing to know: the simulated handshake (test/sim/sock.c) needs no keys. */
struct tls_context {
	int references;
};

struct tls_context *tls_client_new(struct fail *why)
{
	struct tls_context *context = MEM_NEW(struct tls_context);

	(void)why;
	context->references = 1;
	return context;
}

void tls_context_free(struct tls_context *context)
{
	if (context && --context->references == 0)
		mem_free(context);
}
