#include "admin/verify.h"

#include "admin/exit.h"
#include "admin/generation.h"
#include "base/number.h"
#include "world/clock.h"
#include "world/file.h"

#define SECONDS_MAX (UINT64_C(1) << 40) /* of --now; no calendar goes so far */

/* Where the answers come from, as written. */
struct source {
	str zone, server, anchor;
};

static bool take_client(struct verify *v, str value)
{
	v->client_text = value;
	return ip_parse(value, &v->client);
}

static bool take_now(struct verify *v, str value)
{
	uint64_t seconds;

	if (!number_parse(value, SECONDS_MAX, &seconds))
		return false;
	v->wall_s = (int64_t)seconds;
	return true;
}

static bool take_option(struct verify *v, struct source *from, str name, str value)
{
	struct {
		str name;
		str *to;
	} texts[] = {
		{S("--helo"),      &v->helo     },
		{ S("--from"),     &v->from     },
		{ S("--zone"),     &from->zone  },
		{ S("--resolver"), &from->server},
		{ S("--anchor"),   &from->anchor},
	};

	if (str_eq(name, S("--client")))
		return take_client(v, value);
	if (str_eq(name, S("--now")))
		return take_now(v, value);
	for (size_t i = 0; i < LENGTH(texts); i++) {
		if (!str_eq(name, texts[i].name))
			continue;
		*texts[i].to = value;
		return true;
	}
	return false;
}

/* False: *out says which one is wrong. */
static bool read_options(
	struct verify *v, struct source *from, const str *words, size_t count, struct buf *out)
{
	char shown[80];

	for (size_t i = 0; i < count; i += 2) {
		if (i + 1 < count && take_option(v, from, words[i], words[i + 1]))
			continue;
		buf_putf(out, "%s %s\n", fail_clean(words[i], shown, sizeof shown),
			i + 1 < count ? "is no such option, or its value is wrong"
				      : "wants a value");
		return false;
	}
	if (v->client.family == 0 || (v->helo.n == 0 && v->from.n == 0))
		buf_put(out, S("--client and one of --from and --helo must be said\n"));
	else if (from->zone.n > 0 && from->server.n > 0)
		buf_put(out, S("--zone and --resolver exclude each other\n"));
	else
		return true;
	return false;
}

static const char *path(struct arena *a, str option, str word)
{
	if (option.n == 0 && word.n == 0)
		return NULL;
	return arena_copy(a, option.n > 0 ? option : word).p;
}

/* What the options say goes before what the configuration says. */
static struct resolver *open_resolver(struct arena *a, const struct source *from,
	const struct conf_resolver *words, struct fail *why)
{
	struct resolve_setup setup = { .anchor_file = path(a, from->anchor, words->anchor_file) };
	size_t count = words->servers.count;
	struct endpoint *servers = arena_alloc(a, (count + 1) * sizeof *servers);

	for (size_t i = 0; i < count; i++)
		servers[i] = words->servers.items[i].at;
	setup.servers = servers;
	setup.server_count = count;
	if (from->server.n == 0) {
		setup.zone_file = path(a, from->zone, words->zone_file);
	} else {
		setup.server_count = 1;
		if (!endpoint_parse_server(from->server, &servers[0])) {
			fail_with(why, FAIL_PERMANENT, "5.5.4", "--resolver wants ADDRESS@PORT");
			return NULL;
		}
	}
	return resolve_open(&setup, why);
}

/* The configuration in force; null, and true, where there is none, or the options say who answers.
 */
static bool load(struct arena *a, const struct source *from, str dir, struct router **router,
	struct fail *why)
{
	*router = NULL;
	if (from->zone.n > 0 || from->server.n > 0 ||
		!file_exists(file_path(a, dir, S("current/facteur.conf"))))
		return true;
	*router = generation_load(dir, why);
	return *router != NULL;
}

static int judge(struct arena *a, struct verify *v, const struct source *from, str dir,
	struct buf *out, struct fail *why)
{
	static const struct conf_resolver nothing;
	struct router *router;
	int code = EXIT_AGAIN;

	if (!load(a, from, dir, &router, why))
		return code;
	if (router)
		v->hostname = router_conf(router)->hostname.text;
	v->resolver =
		open_resolver(a, from, router ? &router_conf(router)->resolver : &nothing, why);
	if (v->resolver) {
		v->loop = loop_new("verify");
		code = verify_spf(v, out);
		loop_free(v->loop);
	} else if (why->kind == FAIL_PERMANENT) {
		code = EXIT_USAGE;
	}
	router_drop(router);
	return code;
}

int verify_command(
	const str *words, size_t count, str dir, bool json, struct buf *out, bool *answered)
{
	struct verify v = { .json = json, .wall_s = clock_wall_ms() / 1000 };
	struct source from = { 0 };
	struct fail why = { 0 };
	struct arena a;
	int code;

	*answered = false;
	if (!str_eq(words[0], S("spf"))) {
		buf_put(out, S("what can be verified is spf\n"));
		return EXIT_USAGE;
	}
	if (!read_options(&v, &from, words + 1, count - 1, out))
		return EXIT_USAGE;
	arena_init(&a, ARENA_UNLIMITED);
	code = judge(&a, &v, &from, dir, out, &why);
	arena_free(&a);
	*answered = why.kind == FAIL_NONE;
	if (!*answered)
		buf_putf(out, "%s\n", why.text);
	return code;
}
