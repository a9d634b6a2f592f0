#include "daemon/vault.h"

#include "admin/generation.h"
#include "base/log.h"
#include "daemon/privilege.h"
#include "daemon/vault_login.h"
#include "world/child.h"
#include "world/file.h"
#include "world/logger.h"
#include "world/process.h"
#include "world/sandbox.h"

#define PARENT CHILD_DESCRIPTOR
#define OFFICE (CHILD_DESCRIPTOR + 1)

static bool put_up_walls(str dir, char walls[SANDBOX_WORDS_MAX], struct fail *why)
{
	struct arena a;
	bool stand;

	arena_init(&a, ARENA_UNLIMITED);
	{
		/* what OpenSSL reads when it is first used, and what is in force */
		const struct sandbox_path paths[] = {
			{S("/etc/ssl/openssl.cnf"), false},
			{ file_path(&a, dir,        S("generations")), false }
		};
		struct sandbox_setup setup = {
			.paths = paths, .count = LENGTH(paths), .sockets = SANDBOX_UNIX
		}; /* Dovecot's */

		stand = sandbox_enter(&setup, walls, why);
	}
	arena_free(&a);
	return stand;
}

/* What is in force; null: *why. */
static struct conf *prepare(str dir, str user, char walls[SANDBOX_WORDS_MAX], struct fail *why)
{
	struct conf *c;

	if (user.n > 0 && !process_become(user, why))
		return NULL;
	c = generation_conf(dir, why);
	if (!c)
		return NULL;
	logger_setup(c->log_level, c->log_format);
	if (put_up_walls(dir, walls, why))
		return c;
	conf_drop(c);
	return NULL;
}

int vault_run(str dir, str user)
{
	char walls[SANDBOX_WORDS_MAX];
	struct vault_login *login;
	struct vault_serve *serve;
	struct loop *loop;
	struct conf *conf;
	struct fail why;

	child_settle("facteur-vault");
	privilege_of(PARENT);
	logger_setup(LOG_INFO, LOG_PLAIN);
	conf = prepare(dir, user, walls, &why);
	if (!conf) {
		log_line(LOG_ERROR, "not-started", "vault: %s", why.text);
		logger_flush();
		return 1;
	}
	loop = loop_new("vault");
	login = vault_login_new(dir, conf, loop);
	serve = vault_serve_new(loop, OFFICE, &vault_login_handler, login);
	conf_drop(conf);
	privilege_ready(walls);
	loop_run(loop);
	vault_serve_free(serve);
	vault_login_free(login);
	loop_free(loop);
	return 0;
}
