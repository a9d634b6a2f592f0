#include "conf/restart.h"

#include "base/buf.h"
#include "test/test.h"

static struct conf *build(const char *text)
{
	struct conf_source source = { S("a.conf"), str_of(text) };
	struct fail why = { 0 };
	struct conf *c = conf_build(S("/etc/facteur"), &source, 1, &why);

	CHECK_STR(str_of(why.text), S(""));
	assert_non_null(c);
	return c;
}

TEST(conf_restart_names_what_a_reload_does_not_change)
{
	static const struct {
		const char *now, *words;
	} cases[] = {
		{"hostname b.test\nworkers 2\nresolver { server 127.0.0.1@53 }\n",                               ""                                                                               },
		{ "hostname a.test\n\nworkers 3\nresolver { server 127.0.0.1@53 }\n",
                 "workers (a.conf:3)"																			     },
		{ "hostname a.test\nworkers 2\nresolver { server 127.0.0.1@54 }\n",
                 "resolver (a.conf:3)"																			    },
		{ "hostname a.test\nresolver { server 127.0.0.1@53 }\nuser mail\n"
		  "queue { reserve 1G; memory 2M }\ndirectories { spool s; state t; run r }\n", "workers (default), user (a.conf:3), queue reserve (a.conf:4), "
			"queue memory (a.conf:4), directories spool (a.conf:5), "
			"directories state (a.conf:5), directories run (a.conf:5)"},
	};
	struct conf *started =
		build("hostname a.test\nworkers 2\nresolver { server 127.0.0.1@53 }\n");

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct conf *now = build(cases[i].now);
		struct buf words = { 0 };

		conf_restart_words(started, now, &words);
		CHECK_STR(buf_str(&words), str_of(cases[i].words));
		buf_free(&words);
		conf_drop(now);
	}
	conf_drop(started);
}
