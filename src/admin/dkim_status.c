#include "admin/dkim.h"

#include "admin/exit.h"
#include "admin/generation.h"
#include "admin/verify.h"
#include "admin/verify_source.h"
#include "base/mem.h"
#include "flow/key_watch.h"
#include "flow/questions.h"
#include "sender/dkim_secret.h"
#include "sender/dkim_shown.h"
#include "sender/keytable.h"
#include "world/clock.h"
#include "world/file.h"

/* One key of the table. */
struct key {
	const struct keytable_key *row;
	struct dkim_secret *secret; /* null: it cannot be read, and why says so */
	struct fail unreadable;
	char name[DNS_NAME_MAX + 1]; /* where its record is; "" where that depends on the sender */
	enum dkim_shown shown;
	const char *why;
	bool signs;
	struct key_watch_times times; /* as the server has noted them */
	bool settles, retired;
};

/* What the configuration in force says; null where there is none, or it signs nothing. */
struct words {
	struct conf *conf;
	str notes; /* flow/key_watch's file */
};

/* All keys are asked for at once. */
struct asking {
	struct verify *verify;
	struct questions questions;
	struct key *keys;
	size_t open;
};

static void heard(void *owner, uint32_t ticket, const struct resolve_query *q)
{
	struct asking *all = owner;
	struct key *k = &all->keys[ticket];

	k->shown = dkim_shown_judge(dkim_secret_signer(k->secret), k->row->domain, k->row->selector,
		questions_key(q->outcome), q->records, &k->why);
	if (--all->open == 0)
		loop_stop(all->verify->loop);
}

static void ask(struct verify *v, struct key *keys, size_t count)
{
	struct asking all = { .verify = v, .keys = keys };

	questions_init(&all.questions, v->loop, v->resolver, heard, &all);
	for (size_t i = 0; i < count; i++) {
		if (!keys[i].secret || !keys[i].name[0])
			continue;
		all.open++;
		questions_ask(&all.questions, str_of(keys[i].name), DNS_TXT, (uint32_t)i);
	}
	if (all.open > 0)
		loop_run(v->loop);
	verify_run_close(v);
}

/* --- the keys ----------------------------------------------------------------------------------
 */

static void read_key(struct arena *a, struct key *k, const struct keytable_key *row, str dir)
{
	str text = row->secret;

	k->row = row;
	k->why = "";
	if (str_eq(row->domain, S("%"))) {
		k->why = "its domain is the sender's";
		return;
	}
	if (row->is_path && !file_read(a, file_path(a, dir, keytable_path(a, row, row->domain)),
				    &text, &k->unreadable))
		return;
	k->secret = dkim_secret_read(text, &k->unreadable);
	if (row->selector.n + row->domain.n + sizeof "._domainkey." <= sizeof k->name)
		str_to_c(arena_printf(
				 a, "%.*s._domainkey.%.*s", STR(row->selector), STR(row->domain)),
			k->name, sizeof k->name);
}

/* How far the server has come with it. */
static void read_times(const struct words *w, struct key *k)
{
	const struct conf_sign *sign = w->conf ? &w->conf->sender.sign : NULL;
	int64_t now_s = clock_wall_ms() / 1000;

	if (!sign || !k->name[0])
		return;
	k->times = key_watch_times(w->notes, str_of(k->name));
	k->settles = k->shown == DKIM_SHOWN_YES &&
		     (k->times.shown_s == 0 || now_s - k->times.shown_s < sign->settle_ms / 1000);
	k->retired =
		k->times.replaced_s > 0 && now_s - k->times.replaced_s >= sign->retire_ms / 1000;
}

/* Until a new record has settled, one that has, or an older one, signs in its place. */
static bool gives_way(const struct key *keys, size_t count, const struct key *k)
{
	for (size_t i = 0; i < count && k->settles; i++)
		if (keys[i].secret && keys[i].shown == DKIM_SHOWN_YES &&
			(!keys[i].settles || &keys[i] > k) &&
			str_eq(keys[i].row->domain, k->row->domain) &&
			dkim_secret_signer(keys[i].secret)->algorithm ==
				dkim_secret_signer(k->secret)->algorithm)
			return true;
	return false;
}

/* Which of the keys of each domain sign, in the order of the table. */
static void choose(struct arena *a, struct key *keys, size_t count)
{
	enum dkim_algorithm *algorithms = arena_alloc(a, (count + 1) * sizeof *algorithms);
	enum dkim_shown *shown = arena_alloc(a, (count + 1) * sizeof *shown);
	size_t *places = arena_alloc(a, (count + 1) * sizeof *places);
	bool *signs = arena_alloc(a, count + 1), *done = arena_alloc(a, count + 1);

	for (size_t i = 0; i < count; i++) {
		size_t n = 0;

		if (done[i])
			continue;
		for (size_t k = i; k < count; k++) {
			if (!keys[k].secret || !str_eq(keys[k].row->domain, keys[i].row->domain))
				continue;
			algorithms[n] = dkim_secret_signer(keys[k].secret)->algorithm;
			shown[n] = gives_way(keys, count, &keys[k]) ? DKIM_SHOWN_MISSING
								    : keys[k].shown;
			places[n++] = k;
			done[k] = true;
		}
		dkim_shown_choose(algorithms, shown, n, signs);
		for (size_t k = 0; k < n; k++)
			keys[places[k]].signs = signs[k];
	}
}

/* --- the answer --------------------------------------------------------------------------------
 */

static const char *role(const struct key *k)
{
	if (!k->secret)
		return k->name[0] || k->unreadable.text[0] ? "unreadable" : "depends";
	if (k->signs)
		return "signs";
	if (k->shown != DKIM_SHOWN_YES)
		return "waits";
	if (k->settles && k->times.replaced_s == 0)
		return "settles";
	return k->retired ? "retired" : "replaced";
}

static const char *reason(const struct key *k)
{
	return k->unreadable.text[0] ? k->unreadable.text : k->why;
}

static const char *algorithm(const struct key *k)
{
	return k->secret ? dkim_field_algorithm(dkim_secret_signer(k->secret)->algorithm) : "";
}

static json_t *key_json(const struct key *k)
{
	json_t *one = json_object();

	json_put_str(one, "key", k->row->name);
	json_put_int(one, "line", k->row->line);
	json_put_str(one, "domain", k->row->domain);
	json_put_str(one, "selector", k->row->selector);
	json_put_str(one, "algorithm", str_of(algorithm(k)));
	json_put_str(one, "dns", str_of(dkim_shown_name(k->shown)));
	json_put_str(one, "role", str_of(role(k)));
	if (reason(k)[0])
		json_put_str(one, "reason", str_of(reason(k)));
	if (k->times.shown_s > 0)
		json_put_time(one, "shown_since", k->times.shown_s * 1000);
	if (k->times.replaced_s > 0)
		json_put_time(one, "replaced_since", k->times.replaced_s * 1000);
	return one;
}

static void print(const struct key *keys, size_t count, bool json, struct buf *out)
{
	json_t *whole, *list;

	for (size_t i = 0; i < count && !json; i++) {
		const struct key *k = &keys[i];

		buf_putf(out, "%.*s of %.*s: %s%s%s\n", STR(k->row->selector), STR(k->row->domain),
			role(k), reason(k)[0] ? "; " : "", reason(k));
	}
	if (!json)
		return;
	whole = json_object();
	list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, key_json(&keys[i]));
	json_object_set_new(whole, "keys", list);
	json_print(whole, out);
}

/* Does what signs verify? */
static int exit_code(const struct key *keys, size_t count)
{
	int code = EXIT_DONE;

	for (size_t i = 0; i < count; i++) {
		if (keys[i].unreadable.text[0] ||
			(keys[i].signs && (keys[i].shown == DKIM_SHOWN_MISSING ||
						  keys[i].shown == DKIM_SHOWN_OTHER)))
			return EXIT_NO;
		if (keys[i].signs && keys[i].shown == DKIM_SHOWN_UNKNOWN)
			code = EXIT_AGAIN;
	}
	return code;
}

static int judge(struct arena *a, struct verify *v, const struct keytable *table,
	const struct words *words, str dir, struct buf *out)
{
	struct key *keys;
	size_t count = 0, n = 0;
	int code;

	for (const struct keytable_key *row = keytable_first(table); row; row = row->next)
		count++;
	keys = arena_alloc(a, (count + 1) * sizeof *keys);
	for (const struct keytable_key *row = keytable_first(table); row; row = row->next)
		read_key(a, &keys[n++], row, dir);
	ask(v, keys, count);
	for (n = 0; n < count; n++)
		read_times(words, &keys[n]);
	choose(a, keys, count);
	print(keys, count, v->json, out);
	code = exit_code(keys, count);
	for (size_t i = 0; i < count; i++)
		dkim_secret_free(keys[i].secret);
	return code;
}

static bool read_options(
	str *keytable, struct verify_source *from, const str *words, size_t count, struct buf *out)
{
	char shown[80];

	for (size_t i = 0; i < count; i += 2) {
		if (i + 1 < count && str_eq(words[i], S("--keytable"))) {
			*keytable = words[i + 1];
		} else if (i + 1 == count || !verify_source_option(from, words[i], words[i + 1])) {
			buf_putf(out, "%s is no such option, or wants a value\n",
				fail_clean(words[i], shown, sizeof shown));
			return false;
		}
	}
	if (!verify_source_right(from))
		buf_put(out, S("--zone and --resolver exclude each other\n"));
	return verify_source_right(from);
}

/* Without a configuration that signs, the table is where opendkim's users have it. */
static void read_conf(struct arena *a, str dir, struct words *w, str *path)
{
	struct fail why;

	*w = (struct words){ .conf = generation_conf(dir, &why), .notes = S("") };
	if (w->conf && !w->conf->sender.sign.block.on) {
		conf_drop(w->conf);
		w->conf = NULL;
	}
	if (path->n == 0)
		*path = w->conf ? w->conf->sender.sign.keytable.path : S("dkim/keytable");
	if (w->conf &&
		!file_read(a, file_path(a, w->conf->state_dir, S(KEY_WATCH_FILE)), &w->notes, &why))
		w->notes = S("");
}

int dkim_status(const str *words, size_t count, str dir, bool json, struct buf *out, bool *answered)
{
	struct verify v = { .json = json };
	struct verify_source from = { 0 };
	struct router *router = NULL;
	struct keytable *table = NULL;
	struct words in_force;
	str path = S(""), text;
	struct fail why = { 0 };
	int code = EXIT_USAGE;
	struct arena a;

	if (!read_options(&path, &from, words, count, out))
		return EXIT_USAGE;
	arena_init(&a, ARENA_UNLIMITED);
	read_conf(&a, dir, &in_force, &path);
	if (file_read(&a, file_path(&a, dir, path), &text, &why))
		table = keytable_read(path, text, &why);
	if (table && verify_source_load(&a, &from, dir, &router, &why))
		v.resolver = verify_source_open(&a, &from, router, &why);
	if (v.resolver) {
		v.loop = loop_new("dkim");
		code = judge(&a, &v, table, &in_force, dir, out);
	}
	*answered = v.resolver != NULL;
	if (!*answered)
		buf_putf(out, "%s\n", why.text);
	keytable_free(table);
	conf_drop(in_force.conf);
	router_drop(router);
	arena_free(&a);
	return code;
}
