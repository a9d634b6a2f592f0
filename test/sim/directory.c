#include "test/sim/directory.h"

/* clang-format off */
const struct directory_entry directory[] = {
	{ STR_INIT("one@example.org"), DIRECTORY_ALL, { { STR_INIT("one@sink1.test"), 0, 0 } } },
	{ STR_INIT("one+tag@example.org"), DIRECTORY_ALL, { { STR_INIT("one@sink1.test"), 0, 0 } } },
	{ STR_INIT("ONE@Example.ORG"), DIRECTORY_ALL, { { STR_INIT("one@sink1.test"), 0, 0 } } },
	{ STR_INIT("two@example.org"), DIRECTORY_ALL,
		{ { STR_INIT("one@sink1.test"), 0, 0 }, { STR_INIT("other@sink2.test"), 0, 0 } } },
	{ STR_INIT("nested@example.org"), DIRECTORY_ALL,
		{ { STR_INIT("one@sink1.test"), 0, 0 }, { STR_INIT("other@sink2.test"), 0, 0 },
		  { STR_INIT("third@sink3.test"), 0, 0 } } },
	{ STR_INIT("list@example.org"), DIRECTORY_ALL,
		{ { STR_INIT("l1@sink1.test"), 0, 1 }, { STR_INIT("l2@sink2.test"), 0, 1 },
		  { STR_INIT("badl3@sink3.test"), 1, 1 } } },
	{ STR_INIT("broken@example.org"), DIRECTORY_ALL, { { STR_INIT("badx@sink2.test"), 1, 0 } } },
	{ STR_INIT("null@example.org"), DIRECTORY_ALL, { { STR_INIT(""), 0, 0 } } },
	{ STR_INIT("box@example.org"), DIRECTORY_ALL, { { STR_INIT("box@example.org"), 0, 0 } } },
	{ STR_INIT("files@example.org"), DIRECTORY_ALL, { { STR_INIT("files@example.org"), 0, 0 } } },
	{ STR_INIT("fwd@example.org"), DIRECTORY_ALL,
		{ { STR_INIT("fw@sink1.test"), 0, 0 }, { STR_INIT("fwd@example.org"), 0, 0 } } },
	{ STR_INIT("program@example.org"), DIRECTORY_ALL, { { STR_INIT("program@example.org"), 0, 0 } } },
	{ STR_INIT("closed@example.org"), DIRECTORY_CLOSED,
		{ { STR_INIT("closed@example.org"), 0, 0 } } },
	{ STR_INIT("in@called.test"), DIRECTORY_ALL, { { STR_INIT("in@called.test"), 0, 0 } } },
	{ STR_INIT("in2@called.test"), DIRECTORY_ALL, { { STR_INIT("in2@called.test"), 0, 0 } } },
	{ STR_INIT("badnot@called.test"), DIRECTORY_NONE, { { STR_INIT(""), 0, 0 } } },
	{ STR_INIT("x@deadcalled.test"), DIRECTORY_LATER, { { STR_INIT(""), 0, 0 } } },
	{ STR_INIT("x@deafcalled.test"), DIRECTORY_LATER, { { STR_INIT(""), 0, 0 } } },
	{ STR_INIT("team@asked.test"), DIRECTORY_ALL,
		{ { STR_INIT("one@sink1.test"), 0, 0 }, { STR_INIT("other@sink2.test"), 0, 0 } } },
	{ STR_INIT("deep@asked.test"), DIRECTORY_ALL,
		{ { STR_INIT("one@sink1.test"), 0, 0 }, { STR_INIT("other@sink2.test"), 0, 0 },
		  { STR_INIT("box@asked.test"), 0, 0 } } },
	{ STR_INIT("alist@asked.test"), DIRECTORY_ALL,
		{ { STR_INIT("l4@sink1.test"), 0, 1 }, { STR_INIT("badl5@sink2.test"), 1, 1 } } },
	{ STR_INIT("box+tag@asked.test"), DIRECTORY_ALL,
		{ { STR_INIT("box@asked.test"), 0, 0 } } },
	{ STR_INIT("row@asked.test"), DIRECTORY_ALL, { { STR_INIT("row@asked.test"), 0, 0 } } },
	{ STR_INIT("wrong@asked.test"), DIRECTORY_NONE, { { STR_INIT(""), 0, 0 } } },
	{ STR_INIT("barred@asked.test"), DIRECTORY_CLOSED,
		{ { STR_INIT("barred@asked.test"), 0, 0 } } },
	{ STR_INIT("nobody@example.org"), DIRECTORY_NONE, { { STR_INIT(""), 0, 0 } } },
	{ STR_INIT("badly@example.org"), DIRECTORY_NONE, { { STR_INIT(""), 0, 0 } } },
	{ STR_INIT("r1@sink1.test"), DIRECTORY_TRUSTED, { { STR_INIT("r1@sink1.test"), 0, 0 } } },
	{ STR_INIT("r2@sink2.test"), DIRECTORY_TRUSTED, { { STR_INIT("r2@sink2.test"), 0, 0 } } },
	{ STR_INIT("r3@sink3.test"), DIRECTORY_TRUSTED, { { STR_INIT("r3@sink3.test"), 0, 0 } } },
	{ STR_INIT("grey1@sink1.test"), DIRECTORY_TRUSTED, { { STR_INIT("grey1@sink1.test"), 0, 0 } } },
	{ STR_INIT("grey2@sink2.test"), DIRECTORY_TRUSTED, { { STR_INIT("grey2@sink2.test"), 0, 0 } } },
	{ STR_INIT("bad1@sink1.test"), DIRECTORY_TRUSTED, { { STR_INIT("bad1@sink1.test"), 1, 0 } } },
	{ STR_INIT("tired@sink2.test"), DIRECTORY_TRUSTED, { { STR_INIT("tired@sink2.test"), 1, 0 } } },
	{ STR_INIT("x@final.test"), DIRECTORY_TRUSTED, { { STR_INIT("x@final.test"), 1, 0 } } },
	{ STR_INIT("x@mixed.test"), DIRECTORY_TRUSTED, { { STR_INIT("x@mixed.test"), 0, 0 } } },
	{ STR_INIT("x@aonly.test"), DIRECTORY_TRUSTED, { { STR_INIT("x@aonly.test"), 0, 0 } } },
	{ STR_INIT("x@fixed.test"), DIRECTORY_TRUSTED, { { STR_INIT("x@fixed.test"), 0, 0 } } },
	{ STR_INIT("x@slow.test"), DIRECTORY_TRUSTED, { { STR_INIT("x@slow.test"), 0, 0 } } },
	{ STR_INIT("y@slow.test"), DIRECTORY_TRUSTED, { { STR_INIT("y@slow.test"), 0, 0 } } },
	{ STR_INIT("x@slow2.test"), DIRECTORY_TRUSTED, { { STR_INIT("x@slow2.test"), 0, 0 } } },
	{ STR_INIT("y@slow2.test"), DIRECTORY_TRUSTED, { { STR_INIT("y@slow2.test"), 0, 0 } } },
	{ STR_INIT("x@slow3.test"), DIRECTORY_TRUSTED, { { STR_INIT("x@slow3.test"), 0, 0 } } },
	{ STR_INIT("r@hub.test"), DIRECTORY_TRUSTED, { { STR_INIT("r@hub.test"), 0, 0 } } },
	{ STR_INIT("bad@hub.test"), DIRECTORY_TRUSTED, { { STR_INIT("bad@hub.test"), 1, 0 } } },
	{ STR_INIT("x@nullmx.test"), DIRECTORY_TRUSTED, { { STR_INIT("x@nullmx.test"), 1, 0 } } },
	{ STR_INIT("x@nowhere.test"), DIRECTORY_TRUSTED, { { STR_INIT("x@nowhere.test"), 1, 0 } } },
	{ STR_INIT("x@refused.test"), DIRECTORY_TRUSTED, { { STR_INIT("x@refused.test"), 1, 0 } } },
	{ STR_INIT("x@silent.test"), DIRECTORY_TRUSTED, { { STR_INIT("x@silent.test"), 1, 0 } } },
	{ STR_INIT("x@servfail.test"), DIRECTORY_TRUSTED, { { STR_INIT("x@servfail.test"), 1, 0 } } },
	{ STR_INIT("x@timeout.test"), DIRECTORY_TRUSTED, { { STR_INIT("x@timeout.test"), 1, 0 } } },
};
/* clang-format on */

const struct directory_target directory_caught = { STR_INIT("c@sink1.test"), 0, 0 };

const size_t directory_count = LENGTH(directory);

bool directory_forwarded(str address)
{
	return str_eq(address, S("fw@sink1.test")) || str_eq(address, S("fwd@example.org"));
}

bool directory_called(str address)
{
	return str_ends(address, S("called.test"));
}

bool directory_topped(str address)
{
	static const str topped[] = { STR_INIT("two@example.org"), STR_INIT("nested@example.org"),
		STR_INIT("team@asked.test"), STR_INIT("r2@sink2.test"), STR_INIT("r3@sink3.test") };

	for (size_t i = 0; i < LENGTH(topped); i++)
		if (str_eq(address, topped[i]))
			return true;
	return false;
}

const str directory_aliases = STR_INIT("one: one@sink1.test\n"
				       "two: one, other@sink2.test\n"
				       "nested: two,\n"
				       "\tthird@sink3.test\n"
				       "list: l1@sink1.test, l2@sink2.test, badl3@sink3.test\n"
				       "owner-list: lo@sender.test\n"
				       "broken: badx@sink2.test\n"
				       "caught: c@sink1.test\n"
				       "null: /dev/null\n");

const str directory_conf =
	STR_INIT("domain example.org { aliases example.org }\n"
		 "mailbox box@example.org { lmtp 10.0.2.4:24 }\n"
		 "mailbox files@example.org { maildir /mail/{address} }\n"
		 "mailbox closed@example.org { maildir /mail/{address} }\n"
		 "domain called.test { relay 10.0.2.3 }\n"
		 "table addresses { sqlite /addresses.db; query \"SELECT '%s'\"; timeout 4s }\n"
		 "table boxes { sqlite /boxes.db; query \"SELECT '%s'\"; cache 10s }\n"
		 "table ways { sqlite /ways.db; query \"SELECT '%s'\"; cache 0 }\n"
		 "domain asked.test { virtual-table addresses; alias-table addresses\n"
		 "  recipient-table boxes; transport-table ways\n"
		 "  mailboxes { lmtp 10.0.2.4:24 } }\n"
		 "domain deadcalled.test { relay 10.0.9.9 }\n"
		 "domain deafcalled.test { relay 203.0.113.9 }\n"
		 "mailbox fwd@example.org { maildir /mail/{address}; as fwd; forward }\n"
		 "mailbox program@example.org { pipe \"/bin/take {recipient}\" }\n"
		 "transport fixed { smtp 10.0.2.3:2525; connections 2 }\n"
		 "transport slow { smtp; connections 1; delay-between 20s }\n"
		 "transport content { smtp 10.0.2.8 }\n"
		 "transport hub { smtp 10.0.2.7; tls encrypt; login hub }\n"
		 "route hub.test { transport hub }\n"
		 "route fixed.test { transport fixed }\n"
		 "route slow.test slow2.test slow3.test { transport slow }\n");

/* A rule that accepts somebody opens no relay. */
const struct source_table directory_tables[] = {
	{STR_INIT("/rules.db"),      STR_INIT("closed@example.org refuse 5.7.1 closed by a table\n"
					  "barred@asked.test refuse 5.7.1 closed by a table\n"
					  "r1@sink1.test accept\n"
					  "two@example.org prepend " DIRECTORY_TOPPED_FIELD "\n"
					  "nested@example.org prepend " DIRECTORY_TOPPED_FIELD "\n"
					  "team@asked.test prepend " DIRECTORY_TOPPED_FIELD "\n"
					  "r2@sink2.test prepend " DIRECTORY_TOPPED_FIELD "\n"
					  "r3@sink3.test prepend " DIRECTORY_TOPPED_FIELD "\n"
					  "nobody@example.org accept\n"
					  "box@example.org accept\n")     },
	{ STR_INIT("/addresses.db"), STR_INIT("team@asked.test one@sink1.test, other@sink2.test\n"
					      "deep@asked.test team@asked.test, box@asked.test\n"
					      "alist l4@sink1.test, badl5@sink2.test\n"
					      "owner-alist lo@sender.test\n"
					      "box box@asked.test\n")},
	{ STR_INIT("/boxes.db"),     STR_INIT("box@asked.test 1\nbarred@asked.test 1\n")                 },
	{ STR_INIT("/ways.db"),      STR_INIT("row@asked.test fixed:\n")                                 },
};

const str directory_zone = STR_INIT("sender.test MX 10 mx.sender.test\n"
				    "mx.sender.test A 10.0.2.5\n"
				    "sender.test TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n"
				    "forged.test TXT \"v=spf1 redirect=_spf.forged.test\"\n"
				    "_spf.forged.test TXT \"v=spf1 mx:sender.test -all\"\n"
				    "sink1.test MX 10 mx.sink1.test\n"
				    "sink1.test MX 10 mx2.sink1.test\n"
				    "mx.sink1.test A 10.0.2.1\n"
				    "mx2.sink1.test A 10.0.2.1\n"
				    "sink2.test MX 5 mx.sink2.test\n"
				    "mx.sink2.test A 10.0.2.2\n"
				    "mx.sink2.test AAAA 2001:db8::dead\n"
				    "sink3.test MX 0 mx.sink3.test\n"
				    "mx.sink3.test A 10.0.2.3\n"
				    "final.test MX 10 mx.sink3.test\n"
				    "mixed.test MX 10 mx.refused.test\n"
				    "mixed.test MX 20 mx.sink1.test\n"
				    "aonly.test A 10.0.2.3\n"
				    "slow.test MX 10 mx.slow.test\n"
				    "slow2.test MX 10 mx.slow.test\n"
				    "slow3.test MX 5 mx2.slow.test\n"
				    "slow3.test MX 20 mx.slow.test\n"
				    "mx.slow.test A 10.0.2.6\n"
				    "mx2.slow.test A 10.0.2.6\n"
				    "nullmx.test MX 0 .\n"
				    "refused.test MX 10 mx.refused.test\n"
				    "mx.refused.test A 10.0.9.9\n"
				    "silent.test MX 10 mx.silent.test\n"
				    "mx.silent.test A 203.0.113.9\n"
				    "servfail.test SERVFAIL\n"
				    "timeout.test TIMEOUT\n");

const char *const directory_sink_ips[DIRECTORY_SINKS] = { "10.0.2.1", "10.0.2.2", "10.0.2.3",
	"10.0.2.4", "10.0.2.5", "10.0.2.6", "10.0.2.7", "10.0.2.8" };
