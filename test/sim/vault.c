/* The simulated world has no other process: nothing is asked of a vault. */
#include "world/vault.h"

#include <stdlib.h>

bool vault_is_there(void)
{
	return false;
}

void vault_ask(struct vault_question *q, struct loop *l, const struct vault_message *m)
{
	(void)q;
	(void)l;
	(void)m;
	abort();
}

void vault_tell(struct loop *l, const struct vault_message *m)
{
	(void)l;
	(void)m;
	abort();
}

void vault_forget(struct vault_question *q)
{
	(void)q;
	abort();
}

bool vault_ask_now(struct arena *a, const struct vault_message *m, struct vault_message *answer,
	struct fail *why)
{
	(void)a;
	(void)m;
	(void)answer;
	(void)why;
	abort();
}
