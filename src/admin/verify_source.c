#include "admin/verify_source.h"

#include "admin/generation.h"
#include "world/file.h"

bool verify_source_option(struct verify_source *from, str name, str value)
{
	if (str_eq(name, S("--zone")))
		from->zone = value;
	else if (str_eq(name, S("--resolver")))
		from->server = value;
	else if (str_eq(name, S("--anchor")))
		from->anchor = value;
	else
		return false;
	return true;
}

bool verify_source_right(const struct verify_source *from)
{
	return from->zone.n == 0 || from->server.n == 0;
}

static const char *path(struct arena *a, str option, str word)
{
	if (option.n == 0 && word.n == 0)
		return NULL;
	return arena_copy(a, option.n > 0 ? option : word).p;
}

/* What the options say goes before what the configuration says. */
struct resolver *verify_source_open(struct arena *a, const struct verify_source *from,
	const struct router *router, struct fail *why)
{
	static const struct conf_resolver nothing;
	const struct conf_resolver *words = router ? &router_conf(router)->resolver : &nothing;
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
bool verify_source_load(struct arena *a, const struct verify_source *from, str dir,
	struct router **router, struct fail *why)
{
	*router = NULL;
	if (from->zone.n > 0 || from->server.n > 0 ||
		!file_exists(file_path(a, dir, S("current/facteur.conf"))))
		return true;
	*router = generation_load(dir, why);
	return *router != NULL;
}
