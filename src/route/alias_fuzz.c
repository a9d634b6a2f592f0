/* Law: whatever builds, is answered alike by its compiled form; every key of it expands, within the
 * limits, to addresses that differ and have a way, or fails with a reason; and where the check of
 * the whole finds nothing, no key fails. */
#include "test/fuzz.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "mail/address.h"
#include "route/route.h"

static const char conf_text[] = "hostname p.test\n"
				"postmaster a@a.test\n"
				"limits { alias-depth 6; alias-targets 20 }\n"
				"domain a.test { aliases a; virtual v }\n"
				"domain b.test { catch-all x@a.test; sub-address +- }\n"
				"mailbox a@a.test { discard }\n"
				"mailbox b@b.test { discard }\n";

static str included; /* what every :include: file says */

static bool include(void *owner, struct arena *a, str path, str *text, struct fail *why)
{
	(void)owner, (void)a;
	if (path.n > 3)
		return fail_with(why, FAIL_PERMANENT, "5.3.5", "no such file");
	*text = included;
	return true;
}

static void check_targets(const struct router *r, const struct route_targets *all)
{
	LAW(all->count <= router_conf(r)->limits.alias_targets_max);
	for (size_t i = 0; i < all->count; i++) {
		char one[ADDRESS_KEY_MAX], other[ADDRESS_KEY_MAX];
		str key, former;
		struct route_way way;
		struct arena a;

		if (all->items[i].end == ROUTE_DISCARD)
			continue;
		arena_init(&a, 1000);
		LAW(address_key(all->items[i].address, one, &key));
		LAW(route_find(r, &a, &(struct route_mail){ .address = all->items[i].address },
			&way, NULL));
		arena_free(&a);
		for (size_t j = 0; j < i; j++)
			LAW(all->items[j].end == ROUTE_DISCARD ||
				(address_key(all->items[j].address, other, &former) &&
					!str_eq(key, former)));
	}
}

static bool expand(const struct router *r, str recipient)
{
	struct fail why = { 0 };
	struct route_targets all;
	struct arena a;
	bool ok;

	arena_init(&a, 1 << 20);
	ok = route_expand(r, &a, recipient, &all, &why, NULL, NULL);
	LAW(ok == (why.kind == FAIL_NONE) && fail_code(&why) != 452);
	if (ok)
		check_targets(r, &all);
	arena_free(&a);
	return ok;
}

static void compare(const struct alias_table *t)
{
	char path[64];
	struct alias_table *compiled;
	struct alias_targets mine, theirs;
	str key;

	snprintf(path, sizeof path, "/dev/shm/facteur-fuzz-%d", (int)getpid());
	LAW(alias_table_write(t, path, NULL));
	compiled = alias_table_open(path, NULL);
	LAW(compiled);
	for (size_t i = 0; alias_table_key(t, i, &key); i++) {
		LAW(alias_table_find(t, key, &mine) && alias_table_find(compiled, key, &theirs));
		LAW(mine.count == theirs.count && mine.line == theirs.line);
		LAW(str_eq(mine.left, theirs.left) && str_eq(mine.file, theirs.file));
	}
	LAW(!alias_table_find(compiled, S("no such key"), &theirs));
	alias_table_free(compiled);
	unlink(path);
}

static void check_table(struct conf *conf, struct alias_table *t)
{
	struct alias_table *tables[2] = { t, NULL };
	struct router *r = router_new(conf, tables);
	struct buf errors = { 0 };
	bool sound = route_check(r, &errors) == 0;
	char recipient[ADDRESS_KEY_MAX];
	str key;

	for (size_t i = 0; alias_table_key(t, i, &key); i++) {
		bool whole = str_has(key, '@') && !str_ends(key, S("\""));
		int n = snprintf(recipient, sizeof recipient, "%s%.*s%s",
			key.p[0] == '@' ? "anybody" : "", STR(key), whole ? "" : "@a.test");
		bool ok = expand(r, str_from(recipient, (size_t)n));

		LAW(ok || !sound);
		(void)expand(r, str_from(recipient, (size_t)n / 2));
	}
	LAW(expand(r, S("postmaster")) || !sound);
	buf_free(&errors);
	router_drop(r);
}

/* Three texts, one behind the other: aliases, virtual, and what is included. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf *conf;
	struct conf_source source = { S("c"), S(conf_text) };
	str text = str_from(data, size), aliases, virtual;
	struct alias_builder *b;
	struct fail why = { 0 };

	if (!conf)
		conf = conf_build(S("/"), &source, 1, NULL);
	LAW(conf);
	str_cut(&text, '%', &aliases);
	str_cut(&text, '%', &virtual);
	included = text;
	b = alias_builder_new(S("a.test"), include, NULL);
	if (alias_builder_aliases(b, S("a"), aliases, &why) &&
		alias_builder_virtual(b, S("v"), virtual, &why)) {
		struct alias_table *t = alias_builder_finish(b);

		if (size % 16 == 0)
			compare(t);
		check_table(conf, t); /* frees it */
	} else {
		LAW(why.kind == FAIL_PERMANENT);
		alias_builder_free(b);
	}
	return 0;
}
