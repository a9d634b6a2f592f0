/* Laws: a table that is taken has for every key of it a row whose transport is known, and whose
 * next hop is one where it is one of smtp; what is refused says where, within the text; reading a
 * text behind itself changes nothing.  A next hop that is taken is the same when it is put together
 * from its parts. */
#include "test/fuzz.h"

#include <stdio.h>

#include "base/number.h"
#include "route/alias_table.h"
#include "route/nexthop.h"
#include "route/transports.h"

static const char settings[] =
	"hostname p.test\ntransport lists { smtp h.test }\ndomain l.test { }\n";

static bool is_known(str name)
{
	return name.n == 0 || str_eq(name, S("lists")) || str_eq(name, S("smtp")) ||
	       str_eq(name, S("relay")) || str_eq(name, S("error")) || str_eq(name, S("discard"));
}

static void check_nexthop(str text)
{
	char again[600];
	struct nexthop hop, same;
	bool plain;
	int n;

	if (!nexthop_parse(text, &hop) || text.n > 500)
		return;
	LAW(hop.host.n > 0 && (str_starts(text, S("unix:")) || !str_has(hop.host, ' ')));
	plain = hop.kind != NEXTHOP_HOST || str_starts(text, S("unix:"));
	n = snprintf(again, sizeof again, plain ? "%.*s" : "[%.*s]", STR(hop.host));
	if (hop.port != 0)
		n += snprintf(again + n, sizeof again - (size_t)n, ":%u", hop.port);
	LAW(nexthop_parse(str_from(again, (size_t)n), &same));
	LAW(same.kind == hop.kind && same.port == hop.port && str_eq(same.host, hop.host));
}

static void check_row(const struct transports_row *row)
{
	struct nexthop hop;

	LAW(is_known(row->transport) && str_eq(row->at.file, S("t")));
	if (str_eq(row->transport, S("error")) || str_eq(row->transport, S("discard")))
		return;
	if (row->nexthop.n == 0)
		LAW(str_eq(row->transport, S("lists")));
	else
		LAW(nexthop_parse(row->nexthop, &hop));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf *conf;
	struct conf_source source = { S("a.conf"), str_of(settings) };
	str text = str_from(data, size), key, line;
	struct transports_builder *b;
	struct alias_table *t;
	struct transports_row row;
	struct fail why = { 0 };
	uint64_t number;
	size_t count = 0;
	bool ok;

	check_nexthop(text);
	if (!conf)
		conf = conf_build(S("/"), &source, 1, &why);
	b = transports_builder_new(conf, S("l.test"));
	ok = transports_builder_add(b, S("t"), text, &why);
	LAW(!ok || transports_builder_add(b, S("u"), text, &why));
	t = transports_builder_finish(b);
	for (; alias_table_key(t, count, &key); count++) {
		LAW(transports_find(t, key, &row));
		check_row(&row);
	}
	if (!ok) {
		line = str_skip(str_of(why.text), 2);
		line = str_first(line, str_find(line, ':'));
		LAW(str_starts(str_of(why.text), S("t:")) && number_parse(line, size + 1, &number));
	}
	alias_table_free(t);
	return 0;
}
