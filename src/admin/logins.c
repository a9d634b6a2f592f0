#include "admin/logins.h"

#include "admin/exit.h"
#include "admin/generation.h"
#include "admin/json.h"
#include "login/credentials.h"
#include "login/passdb.h"
#include "login/saslprep.h"
#include "world/clock.h"
#include "world/file.h"
#include "world/process.h"

/* --- the check of a compile --------------------------------------------------------------------
 */

/* What the line of the configuration that names the file is to blame for. */
static bool put_blame(const struct conf_origin *at, const char *text, struct buf *report)
{
	if (at)
		buf_putf(report, "%.*s:%u:%u: ", STR(at->file), at->line, at->column);
	buf_putf(report, "%s\n", text);
	return false;
}

static bool read_table_of_logins(str path, str text, struct fail *why)
{
	struct passdb *table = passdb_read(path, text, why);

	passdb_drop(table);
	return table != NULL;
}

/* A file of secrets: it can be read, each line is right, and not everybody may read it. */
static bool check_file(str path, const struct conf_origin *at,
	bool (*right)(str path, str text, struct fail *why), struct buf *report)
{
	struct fail why = { 0 };
	struct arena arena;
	bool read, fine;
	str text;

	arena_init(&arena, ARENA_UNLIMITED);
	read = file_read(&arena, path, &text, &why);
	fine = read && right(path, text, &why);
	arena_free(&arena);
	if (!read)
		return put_blame(at, why.text, report);
	if (!fine) {
		buf_putf(report, "%s\n", why.text);
		return false;
	}
	if (!file_open_to_all(path))
		return true;
	fail_with(&why, FAIL_PERMANENT, "",
		"%.*s: everybody on this machine may read it: chmod o= it", STR(path));
	return put_blame(at, why.text, report);
}

bool logins_check(const struct conf *c, struct buf *report)
{
	const struct conf_transport *t;
	str last = S("");
	bool ok = c->login.passwd_file.n == 0 ||
		  check_file(c->login.passwd_file, conf_where(c, S("login"), S("passwd-file")),
			  read_table_of_logins, report);

	for (size_t i = 0; (t = conf_tls_transport(c, i)); i++) {
		const struct conf_file *file = &t->peer.login;

		if (file->path.n == 0 || str_eq(file->path, last))
			continue; /* the patterns of one route share it */
		last = file->path;
		ok &= check_file(file->path, &file->origin, credentials_check, report);
	}
	return ok;
}

/* --- facteur user ------------------------------------------------------------------------------
 */

struct work {
	struct conf *conf;
	str path, name, scheme;
	struct arena arena;
	struct buf *out;
	bool json;
	int lock;
};

static int say(struct work *w, int code, const char *text)
{
	buf_putf(w->out, "%s\n", text);
	return code;
}

static int say_why(struct work *w, const struct fail *why)
{
	return say(w, why->kind == FAIL_TEMPORARY ? EXIT_AGAIN : EXIT_NO, why->text);
}

/* The lines of the table, which must be right before we change it. */
static bool read_table(struct work *w, str *text, struct passdb **table, struct fail *why)
{
	*text = S("");
	if (file_exists(w->path) && !file_read(&w->arena, w->path, text, why))
		return false;
	*table = passdb_read(w->path, *text, why);
	return *table != NULL;
}

static bool lock(struct work *w, struct fail *why)
{
	w->lock = file_lock(arena_printf(&w->arena, "%.*s.lock", STR(w->path)), why);
	return w->lock >= 0;
}

/* The user that the daemon is going to be has to read it. */
static bool give(struct work *w, struct fail *why)
{
	if (!process_is_root() || !process_user_exists(w->conf->user, NULL))
		return true;
	return process_give(w->path, w->conf->user, why);
}

static bool write_table(struct work *w, const struct buf *text, struct fail *why)
{
	if (file_exists(w->path))
		return file_rewrite(w->path, buf_str(text), why);
	return file_replace(w->path, buf_str(text), 0600, why) && give(w, why);
}

/* The line of the login: what stood behind its hash stays. */
static void put_line(str former, str name, str field, struct buf *to)
{
	str skipped, rest = former;

	str_cut(&rest, ':', &skipped);
	if (!str_cut(&rest, ':', &skipped))
		rest = S("");
	buf_putf(to, "%.*s:%.*s%s%.*s\n", STR(name), STR(field), rest.n > 0 ? ":" : "", STR(rest));
}

/* All lines but with this one in place of the entry's; field "": without it. */
static void rewrite(str text, const struct passdb_entry *e, str name, str field, struct buf *to)
{
	unsigned number = 0;
	str line;

	while (text.n > 0) {
		str_cut(&text, '\n', &line);
		if (!e || ++number != e->line)
			buf_putf(to, "%.*s\n", STR(line));
		else if (field.n > 0)
			put_line(line, e->name, field, to);
	}
	if (!e && field.n > 0)
		put_line(S(""), name, field, to);
}

static int change(struct work *w, str field, const char *missing)
{
	const struct passdb_entry *e;
	struct passdb *table = NULL;
	struct buf fresh = { 0 };
	struct fail why = { 0 };
	str text;
	int code;

	if (!lock(w, &why))
		return say_why(w, &why);
	if (!read_table(w, &text, &table, &why)) {
		code = say_why(w, &why);
	} else if (!(e = passdb_find(table, w->name)) && missing) {
		code = say(w, EXIT_NO, missing);
	} else {
		rewrite(text, e, w->name, field, &fresh);
		code = write_table(w, &fresh, &why) ? EXIT_DONE : say_why(w, &why);
	}
	passdb_drop(table);
	saslprep_wipe(&fresh);
	file_unlock(w->lock);
	return code;
}

static int set(struct work *w)
{
	uint64_t random[2] = { clock_random(), clock_random() };
	struct buf typed = { 0 }, password = { 0 }, field = { 0 };
	struct fail why = { 0 };
	int code;

	_Static_assert(sizeof random == SCHEME_RANDOM_OCTETS, "the salt has another size");
	if (!process_read_secret("Password: ", &typed, &why))
		code = say_why(w, &why);
	else if (!saslprep(buf_str(&typed), true, &password))
		code = say(w, EXIT_NO,
			"the password is empty, or has characters that no password may have "
			"(RFC 4013)");
	else if (!scheme_make(w->scheme, buf_str(&password), (unsigned char *)random, &field, &why))
		code = say_why(w, &why);
	else
		code = change(w, buf_str(&field), NULL);
	saslprep_wipe(&typed);
	saslprep_wipe(&password);
	saslprep_wipe(&field);
	return code;
}

static const char *scheme_of(const struct passdb_entry *e)
{
	switch (e->hash.kind) {
	case SCHEME_ARGON2ID:
		return "ARGON2ID";
	case SCHEME_SCRAM:
		return "SCRAM-SHA-256";
	case SCHEME_CRYPT:
		break;
	}
	return str_starts(e->hash.text, S("$y$"))   ? "CRYPT (yescrypt)"
	       : str_starts(e->hash.text, S("$6$")) ? "CRYPT (sha512crypt)"
						    : "CRYPT (bcrypt)";
}

static int list(struct work *w)
{
	struct passdb *table = NULL;
	struct fail why = { 0 };
	json_t *array;
	str text;

	if (!read_table(w, &text, &table, &why))
		return say_why(w, &why);
	array = json_array();
	for (size_t i = 0; i < passdb_count(table); i++) {
		const struct passdb_entry *e = passdb_at(table, i);
		json_t *o = json_object();

		json_put_str(o, "login", e->name);
		json_put_str(o, "scheme", str_of(scheme_of(e)));
		json_array_append_new(array, o);
		if (!w->json)
			buf_putf(w->out, "%.*s  %s\n", STR(e->name), scheme_of(e));
	}
	if (w->json)
		json_print(array, w->out);
	else
		json_decref(array);
	passdb_drop(table);
	return EXIT_DONE;
}

/* NAME, and --scheme SCHEME where it is allowed.  False: wrong usage. */
static bool read_words(struct work *w, const str *words, size_t count, bool scheme)
{
	struct buf name = { 0 };
	str given = S("");

	w->scheme = S(SCHEME_DEFAULT);
	for (size_t i = 0; i < count; i++) {
		if (scheme && str_eq(words[i], S("--scheme")) && i + 1 < count)
			w->scheme = words[++i];
		else if (given.n == 0 && !str_starts(words[i], S("-")))
			given = words[i];
		else
			given = S("");
	}
	if (saslprep_name(given, true, &name))
		w->name = arena_copy(&w->arena, buf_str(&name));
	buf_free(&name);
	return w->name.n > 0;
}

static int obey(struct work *w, const str *words, size_t count)
{
	if (count == 1 && str_eq(words[0], S("list")))
		return list(w);
	if (count >= 2 && str_eq(words[0], S("set")) && read_words(w, words + 1, count - 1, true))
		return set(w);
	if (count == 2 && str_eq(words[0], S("delete")) && read_words(w, words + 1, 1, false))
		return change(w, S(""), "there is no such login");
	return say(w, EXIT_USAGE,
		"usage: facteur user set NAME [--scheme SCHEME] | delete NAME | list");
}

int logins_command(
	str dir, const str *words, size_t count, bool json, struct buf *out, bool *answered)
{
	struct work w = { .out = out, .json = json };
	struct fail why = { 0 };
	int code;

	arena_init(&w.arena, ARENA_UNLIMITED);
	w.conf = generation_draft(dir, &why);
	if (w.conf)
		w.path = w.conf->login.passwd_file;
	if (!w.conf)
		code = say_why(&w, &why);
	else if (w.path.n == 0)
		code = say(
			&w, EXIT_NO, "the configuration names no passwd-file in its block login");
	else
		code = obey(&w, words, count);
	if (code == EXIT_DONE && json && buf_str(out).n == 0)
		json_print(json_pack("{s:b}", "ok", 1), out);
	*answered = code == EXIT_DONE;
	conf_drop(w.conf);
	arena_free(&w.arena);
	return code;
}
