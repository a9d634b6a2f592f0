#include "daemon/vault.h"

#include "admin/generation.h"
#include "base/log.h"
#include "daemon/privilege.h"
#include "world/child.h"
#include "world/logger.h"
#include "world/process.h"
#include "world/sandbox.h"
#include "world/vault_serve.h"

#define PARENT CHILD_DESCRIPTOR
#define OFFICE (CHILD_DESCRIPTOR + 1)

/* What OpenSSL reads when it is first used. */
static const struct sandbox_path paths[] = {
	{STR_INIT("/etc/ssl/openssl.cnf"), false}
};

static bool prepare(str dir, str user, char walls[SANDBOX_WORDS_MAX], struct fail *why)
{
	struct sandbox_setup setup = { .paths = paths, .count = LENGTH(paths) };
	struct conf *c;

	if (user.n > 0 && !process_become(user, why))
		return false;
	c = generation_conf(dir, why);
	if (!c)
		return false;
	logger_setup(c->log_level, c->log_format);
	conf_drop(c);
	return sandbox_enter(&setup, walls, why);
}

static void on_over(void *owner)
{
	loop_stop(owner);
}

int vault_run(str dir, str user)
{
	char walls[SANDBOX_WORDS_MAX];
	struct vault_serve *vault;
	struct loop *loop;
	struct fail why;

	child_settle("facteur-vault");
	privilege_of(PARENT);
	logger_setup(LOG_INFO, LOG_PLAIN);
	if (!prepare(dir, user, walls, &why)) {
		log_line(LOG_ERROR, "not-started", "vault: %s", why.text);
		logger_flush();
		return 1;
	}
	loop = loop_new("vault");
	vault = vault_serve_new(loop, OFFICE, on_over, loop);
	privilege_ready(walls);
	loop_run(loop);
	vault_serve_free(vault);
	loop_free(loop);
	return 0;
}
