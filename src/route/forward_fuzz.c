/* What stands in a .forward comes from a user: it leads nowhere but where his mailbox's transport
 * lets him, and what cannot be followed is refused with a reason. */
#include "route/forward.h"
#include "test/fuzz.h"

static const char settings[] =
	"hostname pivot.test\npostmaster anna@home.test\n"
	"domain home.test { aliases a\n"
	"  mailboxes { maildir /home/{local}/Maildir; as \"{local}\"; forward programs files } }\n"
	"domain plain.test { mailboxes { maildir /home/{local}/Maildir; as \"{local}\"; forward } "
	"}\n";

static struct router *router_of(void)
{
	struct conf_source source = { .name = S("c"), .text = S(settings) };
	struct alias_builder *b = alias_builder_new(S("home.test"), NULL, NULL);
	struct conf *conf = conf_build(S("/nowhere"), &source, 1, NULL);
	struct alias_table *tables[2] = { 0 };
	struct router *r;

	LAW(conf);
	LAW(alias_builder_aliases(b, S("a"), S("team: bob, x@else.test\n"), NULL));
	tables[0] = alias_builder_finish(b);
	r = router_new(conf, tables);
	conf_drop(conf);
	return r;
}

static bool same(const struct route_target *a, const struct route_target *b)
{
	return str_eq(a->address, b->address) && str_eq(a->into, b->into) &&
	       str_eq(a->sender, b->sender);
}

/* Where a target goes into a program or a file, the transport allows it. */
static void check(const struct conf_transport *t, const struct route_targets *all)
{
	LAW(all->count <= FORWARD_TARGETS_MAX);
	for (size_t i = 0; i < all->count; i++) {
		str into = all->items[i].into;

		LAW(all->items[i].address.n > 0);
		if (into.n > 0)
			LAW(str_starts(into, ROUTE_MAILBOX));
		if (into.n > 1 && into.p[1] == '|')
			LAW(t->forward & CONF_FORWARD_PROGRAMS);
		else if (into.n > 1)
			LAW(t->forward & CONF_FORWARD_FILES);
		for (size_t k = 0; k < i; k++)
			LAW(!same(&all->items[i], &all->items[k]));
	}
}

static void follow(const struct router *r, str own, str text)
{
	struct route_mail mail = { .address = own };
	struct route_targets targets;
	struct fail why = { 0 };
	struct route_way way;
	struct arena a;
	bool says;

	struct route_ask ask = { 0 }; /* no table has to be asked */

	arena_init(&a, ARENA_UNLIMITED);
	LAW(route_find(r, &a, &mail, &way, &why));
	if (forward_read(r, &ask, &a, own, way.transport, text, &targets, &says, &why)) {
		LAW(says || targets.count == 0);
		check(way.transport, &targets);
	} else {
		LAW(why.kind != FAIL_NONE && why.text[0]);
	}
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct router *r;
	str text = str_from(data, size);

	if (!r)
		r = router_of();
	follow(r, S("bob@home.test"), text);
	follow(r, S("bob+sub@plain.test"), text);
	return 0;
}
