/* Law: the value of a table, whoever wrote it, names addresses, /dev/null, and first perhaps a
 * domain, and never a program, a file or a mailbox behind aliases; or it is refused with a reason.
 * A value that is a way leads to a transport, and is one when it comes back out of an envelope. */
#include "test/fuzz.h"

#include "mail/address.h"
#include "route/domain_tables.h"
#include "route/router.h"

static const char conf_text[] = "hostname p.test\n"
				"transport lists { lmtp unix:/run/lists }\n"
				"transport onward { smtp 127.0.0.1:2599 }\n"
				"transport run { pipe \"/bin/x {nexthop}\" }\n"
				"domain a.test { }\n";

static void check_list(str value)
{
	struct alias_builder *b = alias_builder_new(S("a.test"), NULL, NULL);
	struct fail why = { 0 };
	bool ok = alias_builder_value(b, S("t"), value, &why);
	struct alias_table *t = alias_builder_finish(b);
	struct alias_targets targets;
	struct alias_target target;
	char to[ADDRESS_KEY_MAX];
	str key;

	LAW(ok == (why.kind == FAIL_NONE));
	if (ok && alias_table_find(t, ALIAS_FORWARD_KEY, &targets)) {
		for (bool first = true; alias_targets_next(&targets, &target); first = false) {
			if (str_eq(target.text, S("/dev/null")))
				continue;
			LAW(!str_starts(target.text, S("|")) && !str_starts(target.text, S("/")) &&
				!str_starts(target.text, S("\\")));
			if (str_starts(target.text, S("@")))
				LAW(first);
			else
				LAW(address_key(target.text, to, &key) &&
					address_domain(key).n > 0);
		}
	}
	alias_table_free(t);
}

static void check_way(const struct router *r, str value)
{
	const struct conf_domain *d = &router_conf(r)->domains[0];
	struct fail why = { 0 };
	struct route_way way;
	struct arena a;

	if (!domain_tables_is_way(r, d, value, &why)) {
		LAW(why.text[0]);
		return;
	}
	arena_init(&a, 1 << 20);
	LAW(router_named_way(r, value, &way));
	LAW(route_find(r, &a,
		&(struct route_mail){ .address = S("x@a.test"),
			.into = arena_printf(&a, "%.*s%.*s", STR(ROUTE_ROW), STR(value)) },
		&way, NULL));
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct router *r;
	str text = str_from(data, size);

	if (!r) {
		struct conf_source source = { S("c"), S(conf_text) };
		struct conf *conf = conf_build(S("/"), &source, 1, NULL);
		struct alias_table *none[1] = { 0 };

		LAW(conf);
		r = router_new(conf, none);
		conf_drop(conf);
	}
	check_list(text);
	check_way(r, str_first(text, ALIAS_INTO_MAX));
	return 0;
}
