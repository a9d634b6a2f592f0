#include "daemon/walls.h"

#include "admin/json.h"
#include "conf/mention.h"
#include "world/file.h"
#include "world/sandbox_try.h"

#define SECRETS_TRIED_MAX 100

#define READ(path)                    \
	{                             \
		STR_INIT(path), false \
	}

/* What libunbound, OpenSSL and the C library read while they are used. */
static const struct sandbox_path of_the_system[] = {
	READ("/etc/resolv.conf"),
	READ("/etc/hosts"),
	READ("/etc/services"),
	READ("/etc/nsswitch.conf"),
	READ("/etc/localtime"),
	READ("/usr/share/zoneinfo"),
	READ("/etc/ssl/openssl.cnf"),
	READ("/etc/ssl/certs"),
	READ("/usr/share/ca-certificates"),
	READ("/usr/local/share/ca-certificates"),
	READ("/usr/share/dns"),
	READ("/dev/urandom"),
	READ("/sys/devices/system/cpu/online"),
};

static void put(struct sandbox_path *paths, size_t *count, str path, bool write)
{
	if (path.n > 0)
		paths[(*count)++] = (struct sandbox_path){ path, write };
}

/* A database of SQLite has files beside it; its -shm is written by readers, too. */
static void put_table(struct arena *a, struct sandbox_path *paths, size_t *count,
	const struct source_setup *source)
{
	static const char *const beside[] = { "", "-journal", "-wal", "-shm" };

	if (*count + LENGTH(beside) > SANDBOX_PATHS_MAX)
		return; /* it will give no answer, and the log will say why */
	if (source->kind == SOURCE_LDAP)
		put(paths, count, source->ca_file, false);
	if (source->kind == SOURCE_SQLITE && source->place.n > 0)
		for (size_t i = 0; i < LENGTH(beside); i++)
			put(paths, count, arena_printf(a, "%.*s%s", STR(source->place), beside[i]),
				i == 3);
}

bool walls_around_mail(const struct conf *c, char words[SANDBOX_WORDS_MAX], struct fail *why)
{
	struct sandbox_path paths[SANDBOX_PATHS_MAX];
	struct sandbox_setup setup = { .paths = paths, .sockets = SANDBOX_INTERNET };
	struct arena a;
	bool stand;

	arena_init(&a, ARENA_UNLIMITED);
	for (size_t i = 0; i < LENGTH(of_the_system); i++)
		paths[setup.count++] = of_the_system[i];
	put(paths, &setup.count, c->spool_dir, true);
	put(paths, &setup.count, c->state_dir, true);
	put(paths, &setup.count, c->run_dir, true);
	put(paths, &setup.count, file_path(&a, c->dir, S("generations")), false);
	put(paths, &setup.count, c->resolver.anchor_file, false);
	for (size_t i = 0; i < c->table_count; i++) {
		if (c->tables[i].kind == CONF_TABLE_REMOTE)
			source_prepare(c->tables[i].source.kind);
		put_table(&a, paths, &setup.count, &c->tables[i].source);
	}
	stand = sandbox_enter(&setup, words, why);
	arena_free(&a);
	return stand;
}

static void print_attempt(const struct sandbox_attempt *t, json_t *list, struct buf *out)
{
	json_t *o = list ? json_object() : NULL;

	if (!o) {
		buf_putf(out, "%-10s%s%s%s%s\n", t->error ? "refused" : "POSSIBLE", t->what,
			t->error ? " (" : "", t->error ? t->error : "", t->error ? ")" : "");
		return;
	}
	json_put_str(o, "what", str_of(t->what));
	json_put_bool(o, "refused", t->error != NULL);
	if (t->error)
		json_put_str(o, "error", str_of(t->error));
	json_array_append_new(list, o);
}

int walls_command(const struct conf *c, bool json, struct buf *out)
{
	struct sandbox_attempt attempts[SANDBOX_TRY_MAX + 2 + SECRETS_TRIED_MAX];
	size_t count = sandbox_try(attempts);
	json_t *o = json ? json_object() : NULL, *list = json ? json_array() : NULL;
	bool hold = true;
	struct arena a;
	str secret;

	arena_init(&a, ARENA_UNLIMITED);
	sandbox_try_file(S("/etc/passwd"), &attempts[count++]);
	sandbox_try_file(file_path(&a, c->dir, S("conf.d")), &attempts[count++]);
	for (size_t i = 0; i < SECRETS_TRIED_MAX; i++)
		if ((secret = conf_mention_secret(c, i)).n > 0)
			sandbox_try_file(secret, &attempts[count++]);
	arena_free(&a);
	for (size_t i = 0; i < count; i++) {
		hold &= attempts[i].error != NULL;
		print_attempt(&attempts[i], list, out);
	}
	if (json) {
		json_put_bool(o, "hold", hold);
		json_object_set_new(o, "attempts", list);
		json_print(o, out);
	}
	return hold ? 0 : 1;
}
