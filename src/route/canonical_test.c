#include "route/canonical.h"

#include "base/buf.h"
#include "route/router_fake.h"
#include "test/test.h"

static const char conf[] =
	"hostname p.test\ndomain a.test { }\n"
	"table odd { file o; on-failure accept }\n"
	"rewrite { sender pcre:p hash:s; recipient hash:r odd; header-sender hash:s\n"
	"masquerade !keep.m.test m.test; masquerade-except root }\n";

static const struct router_fake_file files[] = {
	{"p",  "/^(.*)@old\\.test$/ $1@new.test\n/^x(.*)@odd/ $1\n"              },
	{ "s", "jo@a.test Jo.Doe@c.test\njo+exact@a.test exact@c.test\nann ann.b@c.test\n"
	       "@d.test @e.test\n@e.test all@f.test\nl1@l.test l2@l.test\nl2@l.test l1@l.test\n"
	       "q@a.test \"q q\"@c.test\nself@a.test SELF@A.test\n"},
	{ "r", "r@a.test s@a.test\n"					     },
	{ "o", "bad@a.test nonsense\n"					   },
};

/* "=": stays; "!": failed. */
static const struct {
	enum canonical_class class;
	enum conf_part part;
	const char *from, *want, *at;
} cases[] = {
	{CANONICAL_SENDER,     CONF_ENVELOPE, "jo@a.test",        "Jo.Doe@c.test",     "s:1"     },
	{ CANONICAL_SENDER,    CONF_HEADER,   "JO@A.test",        "Jo.Doe@c.test",     "s:1"     },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "jo+tag@a.test",    "Jo.Doe+tag@c.test", "s:1"     },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "jo+exact@a.test",  "exact@c.test",      "s:2"     },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "q+t@a.test",       "\"q q+t\"@c.test",  "s:8"     },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "ann@a.test",       "ann.b@c.test",      "s:3"     },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "ann@p.test",       "ann.b@c.test",      "s:3"     },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "ann@z.test",       "=",                 ""        },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "Any.One@d.test",   "all@f.test",        "s:5"     },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "Who@old.test",     "Who@new.test",      "p:1"     },
	{ CANONICAL_SENDER,    CONF_HEADER,   "Who@old.test",     "=",                 ""        },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "xy@odd.test",      "!",                 ""        },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "l1@l.test",        "!",                 ""        },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "self@a.test",      "=",                 ""        },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "",                 "=",                 ""        },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "postmaster",       "=",                 ""        },
	{ CANONICAL_RECIPIENT, CONF_ENVELOPE, "r@a.test",         "s@a.test",          "r:1"     },
	{ CANONICAL_RECIPIENT, CONF_ENVELOPE, "bad@a.test",       "=",                 ""        },
	{ CANONICAL_RECIPIENT, CONF_ENVELOPE, "jo@a.test",        "=",                 ""        },
 /* masquerade: not of envelope recipients */
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "Jo@h.M.test",      "Jo@m.test",         "a.conf:5"},
	{ CANONICAL_SENDER,    CONF_HEADER,   "jo@h.m.test",      "jo@m.test",         "a.conf:5"},
	{ CANONICAL_RECIPIENT, CONF_HEADER,   "jo@h.m.test",      "jo@m.test",         "a.conf:5"},
	{ CANONICAL_RECIPIENT, CONF_ENVELOPE, "jo@h.m.test",      "=",                 ""        },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "jo@m.test",        "=",                 ""        },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "Root@h.m.test",    "=",                 ""        },
	{ CANONICAL_SENDER,    CONF_ENVELOPE, "jo@h.keep.m.test", "=",                 ""        },
};

static void check(const struct canonical *c, size_t i)
{
	struct canonical_result result;
	char place[CONF_ORIGIN_TEXT_MAX];
	struct buf got = { 0 };

	switch (canonical_rewrite(
		c, cases[i].class, cases[i].part, str_of(cases[i].from), &result)) {
	case CANONICAL_NONE:
		buf_put(&got, S("="));
		CHECK_STR(result.address, str_of(cases[i].from));
		break;
	case CANONICAL_FOUND:
		buf_put(&got, result.address);
		CHECK_STR(str_of(conf_origin_print(&result.at, place)), str_of(cases[i].at));
		break;
	case CANONICAL_FAILED:
		buf_put(&got, S("!"));
		CHECK(result.row.why.text[0] != '\0');
		break;
	case CANONICAL_WAIT:
		buf_put(&got, S("waits"));
		break;
	}
	CHECK_STR(buf_str(&got), str_of(cases[i].want));
	buf_free(&got);
}

TEST(canonical_addresses_are_found_as_postfix_does)
{
	struct router *r = router_fake_new(conf, files, LENGTH(files));
	struct loop *loop = loop_new("test");

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct regex_budget budget = { LOOKUP_STEPS_MAX };
		struct asking asking;
		struct arena a;

		asking_init(&asking, loop);
		check(&(struct canonical){ .router = r, .asking = &asking }, i);
		asking_free(&asking);
		arena_init(&a, ASKING_OCTETS_MAX);
		check(&(struct canonical){ .router = r, .arena = &a, .budget = &budget }, i);
		arena_free(&a);
	}
	loop_free(loop);
	router_drop(r);
}

TEST(canonical_values_are_addresses)
{
	CHECK(canonical_value(S("a@b.test")) && canonical_value(S("@b.test")) &&
		canonical_value(S("$1@b.test")));
	CHECK(!canonical_value(S("a")) && !canonical_value(S("@")) &&
		!canonical_value(S("a@b.test, c@d.test")));
}
