/* The configuration language: what is accepted, and what every refusal says. */
#include "test/test.h"

#include <stdio.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "world/file.h"

static struct conf *build(str text, struct fail *why)
{
	struct conf_source source = { S("a.conf"), text };

	*why = (struct fail){ 0 };
	return conf_build(S("/etc/facteur"), &source, 1, why);
}

/* The least that builds, with one line more. */
static struct conf *build_with(str text, struct fail *why)
{
	struct conf_source sources[] = {
		{S("0.conf"),  S("hostname pivot.test\n")},
                { S("a.conf"), text                      }
	};

	*why = (struct fail){ 0 };
	return conf_build(S("/etc/facteur"), sources, 2, why);
}

static const struct {
	str text, error;
} refused[] = {
  /* the lexer */
	{S("user \"x"),								  S("a.conf:1:6: this quote is not closed on its line")                      },
	{ S("user \"x\ny\""),							    S("a.conf:1:6: this quote is not closed on its line")                      },
	{ S("user \"x\"y"),							      S("a.conf:1:6: a space is missing behind the closing quote")               },
	{ S("user x\"y\""),							      S("a.conf:1:6: a quote may only begin a word")                             },
	{ S("user \"x\\n\""),
         S("a.conf:1:6: inside quotes, only \\\" and \\\\ may follow a backslash")                                                                                  },
	{ S("user x\001"),							       S("a.conf:1:6: a word holds a control character or is not UTF-8")          },
	{ S("user \"x\ty\""),							    S("a.conf:1:6: a word holds a control character or is not UTF-8")          },
	{ S("user x\ry"),								S("a.conf:1:6: a word holds a control character or is not UTF-8")          },
	{ S("\n  user \xe9t\xe9"),
         S("a.conf:2:8: a word holds a control character or is not UTF-8")											  },
	{ S("user a{b"),
         S("a.conf:1:6: a '{' inside a word needs its '}'; one that opens a block stands "
		  "apart")																	  },
 /* blocks */
	{ S("queue\n{ }"),
         S("a.conf:1:1: 'queue' is followed by a block in braces, on the same line")                                                                                },
	{ S("{ }"),								      S("a.conf:1:1: a '{' stands on the line of its word, behind it")           },
	{ S("queue { lifetime 5d\n\n"),						  S("a.conf:1:7: this '{' is never closed")                                  },
	{ S("queue { lifetime 5d }\n}"),						 S("a.conf:2:1: this '}' closes nothing")                                   },
	{ S("queue { } user x"),							 S("a.conf:1:11: a new line or ';' is missing behind the '}'")              },
	{ S("a { b { c { d { e { f { g { h { i { } } } } } } } } }"),
         S("a.conf:1:35: blocks are nested too deeply")													     },
	{ S("user x { }"),							       S("a.conf:1:1: 'user' has no block")                                       },
	{ S("queue"),								    S("a.conf:1:1: 'queue' is followed by a block in braces, on the same line")},
	{ S("listen mx"),
         S("a.conf:1:1: 'listen' is followed by NAME and a block in braces, on the same "
		  "line")																	   },
	{ S("listen { on *:25; tls off }"),
         S("a.conf:1:1: 'listen' is followed by NAME and a block in braces, on the same "
		  "line")																	   },
	{ S("listen a b { on *:25; tls off }"),
         S("a.conf:1:10: 'listen' is followed by NAME, and 'b' is too much")											},
 /* words */
	{ S("hostnam x"),
         S("a.conf:1:1: unknown word 'hostnam'; the nearest known word is 'hostname'")                                                                              },
	{ S("greylits { }"),
         S("a.conf:1:1: unknown word 'greylits'; the nearest known word is 'greylist'")                                                                             },
	{ S("queue { lifetiem 5d }"),
         S("a.conf:1:9: unknown word 'lifetiem'; the nearest known word is 'lifetime'")                                                                             },
	{ S("queue lifetiem 5d"),
         S("a.conf:1:7: unknown word 'lifetiem'; the nearest known word is 'lifetime'")                                                                             },
	{ S("lifetime 5d"),							      S("a.conf:1:1: 'lifetime' does not stand here, but in 'queue'")            },
	{ S("queue { hostname x }"),						     S("a.conf:1:9: 'hostname' stands outside of all blocks")                   },
	{ S("greylist { delay 60s }"),
         S("a.conf:1:1: 'greylist' is known but not built yet; nothing was weakened")                                                                               },
	{ S("transport x { pipe /bin/cat }"),
         S("a.conf:1:15: 'pipe' is known but not built yet; nothing was weakened")                                                                                  },
	{ S("transport x { smtp; tls dane }"),
         S("a.conf:1:25: 'tls dane' is known but not built yet; nothing was weakened")                                                                              },
	{ S("domain x.org { transports t }"),
         S("a.conf:1:16: 'transports' is known but not built yet; nothing was weakened")                                                                            },
 /* listeners open no weaker than they were written */
	{ S("listen mx { on *:25; tls offered }"),
         S("a.conf:1:26: 'tls offered' is known but not built yet; nothing was weakened")                                                                           },
	{ S("listen mx { on *:25; tls required }"),
         S("a.conf:1:26: 'tls required' is known but not built yet; nothing was weakened")                                                                          },
	{ S("listen mx { on *:25; tls implicit }"),
         S("a.conf:1:26: 'tls implicit' is known but not built yet; nothing was weakened")                                                                          },
	{ S("listen mx { on *:25; tls off; login required }"),
         S("a.conf:1:31: 'login' is known but not built yet; nothing was weakened")                                                                                 },
	{ S("listen mx { on *:25 }"),
         S("a.conf:1:1: 'listen mx' says nothing of tls, which means 'tls offered', and "
		  "that is not built yet; 'tls off' opens it in clear")											     },
	{ S("listen mx { tls off }"),
         S("a.conf:1:1: 'listen mx' does not say where: 'on ADDRESS:PORT'")											 },
 /* values */
	{ S("hostname"),
         S("a.conf:1:1: 'hostname' takes a host name such as mail.example.org, but nothing "
		  "follows it")																     },
	{ S("hostname a.test b.test"),
         S("a.conf:1:17: 'hostname' takes a host name such as mail.example.org, and "
		  "'b.test' is too much")															   },
	{ S("hostname a..test"),
         S("a.conf:1:10: 'hostname' takes a host name such as mail.example.org, not "
		  "'a..test'")																      },
	{ S("postmaster root"),
         S("a.conf:1:12: 'postmaster' takes an address such as root@example.org, not "
		  "'root'")																	 },
	{ S("relay-for 127.0.0.0/8 10.0.0.1/8"),
         S("a.conf:1:23: 'relay-for' takes addresses or networks such as 192.0.2.0/24 or "
		  "2001:db8::/32 (with no bit behind the prefix), not '10.0.0.1/8'")                                                                                },
	{ S("listen mx { on *:0; tls off }"),
         S("a.conf:1:16: 'on' takes ADDRESS:PORT, such as *:25, 192.0.2.1:25 or "
		  "[2001:db8::1]:25, not '*:0'")														    },
	{ S("listen mx { on unix:/x; tls off }"),
         S("a.conf:1:16: 'on' takes ADDRESS:PORT, such as *:25, 192.0.2.1:25 or "
		  "[2001:db8::1]:25, not 'unix:/x'")														},
	{ S("listen mx { on *:25; tls of }"),
         S("a.conf:1:26: 'tls' takes off, not 'of'; the nearest known word is 'off'")                                                                               },
	{ S("listen m/x { on *:25; tls off }"),
         S("a.conf:1:8: 'listen' takes a name of letters, digits, '.', '_' and '-', not "
		  "'m/x'")																	  },
	{ S("queue { lifetime 5 }"),
         S("a.conf:1:18: 'lifetime' takes a time such as 90s, 5m or 1h30m, from 0 to 365d, "
		  "not '5'")																	},
	{ S("queue { lifetime 400d }"),
         S("a.conf:1:18: 'lifetime' takes a time such as 90s, 5m or 1h30m, from 0 to 365d, "
		  "not '400d'")																     },
	{ S("queue { retry 5m soon }"),
         S("a.conf:1:18: 'retry' takes a time such as 90s, 5m or 1h30m, from 10ms to 30d, "
		  "not 'soon'")																     },
	{ S("queue { retry }"),
         S("a.conf:1:9: 'retry' takes 1 to 32 times such as 5m 10m 1h, but nothing follows "
		  "it")																	     },
	{ S("limits { message 50X }"),
         S("a.conf:1:18: 'message' takes a size such as 512K or 50M, from 1K to 1T, not "
		  "'50X'")																	  },
	{ S("limits { recipients 0 }"),
         S("a.conf:1:21: 'recipients' takes a number, from 1 to 100000, not '0'")                                                                                   },
	{ S("workers -1"),							       S("a.conf:1:9: 'workers' takes a number, from 0 to 256, not '-1'")         },
	{ S("user ro/ot"),
         S("a.conf:1:6: 'user' takes a name of letters, digits, '.', '_' and '-', not "
		  "'ro/ot'")																	},
	{ S("directories { spool \"\" }"),					       S("a.conf:1:21: 'spool' takes a path, not ''")                             },
	{ S("log { level debg }"),
         S("a.conf:1:13: 'level' takes debug, info, warning or error, not 'debg'; the "
		  "nearest known word is 'debug'")														  },
	{ S("log json yes"),							     S("a.conf:1:10: 'json' takes no value, and 'yes' follows it")              },
	{ S("resolver { server 127.0.0.1:53 }"),
         S("a.conf:1:19: 'server' takes ADDRESS or ADDRESS@PORT, such as 127.0.0.1@5353, "
		  "not '127.0.0.1:53'")															     },
	{ S("resolver { server 127.0.0.1@0 }"),
         S("a.conf:1:19: 'server' takes ADDRESS or ADDRESS@PORT, such as 127.0.0.1@5353, "
		  "not '127.0.0.1@0'")															      },
	{ S("domain x.org { sub-address ab }"),
         S("a.conf:1:28: 'sub-address' takes characters such as + or +-, or \"\" for none, "
		  "not 'ab'")																       },
	{ S("domain x.org { catch-all @ }"),
         S("a.conf:1:26: 'catch-all' takes an address, a local part or /dev/null, not "
		  "'@'")																	    },
	{ S("domain x.org { aliases }"),
         S("a.conf:1:16: 'aliases' takes one path or more, but nothing follows it")                                                                                 },
	{ S("domain -x- { }"),
         S("a.conf:1:8: 'domain' takes a domain such as example.org, and a block, not "
		  "'-x-'")																	  },
	{ S("mailbox root { discard }"),
         S("a.conf:1:9: 'mailbox' takes an address such as root@example.org, and a block, "
		  "not 'root'")																     },
	{ S("route x..y { discard }"),
         S("a.conf:1:7: 'route' takes domains, .subdomains, addresses or *, and a block, "
		  "not 'x..y'")																     },
 /* transports */
	{ S("transport x { }"),
         S("a.conf:1:1: 'transport' does not say the way: smtp, lmtp, maildir, discard or "
		  "error")																	  },
	{ S("transport x { smtp; lmtp unix:/x }"),
         S("a.conf:1:21: 'lmtp' excludes 'smtp', which is at a.conf:1:15")											  },
	{ S("transport x { discard; tls none }"),
         S("a.conf:1:24: 'tls' means nothing to 'discard'")													 },
	{ S("transport x { smtp; as jo }"),					      S("a.conf:1:21: 'as' means nothing to 'smtp'")                             },
	{ S("transport x { lmtp unix:/x; port 24 }"),
         S("a.conf:1:29: 'port' means nothing to a unix socket")												    },
	{ S("transport x { lmtp }"),
         S("a.conf:1:15: 'lmtp' takes unix:/path/to/socket, or one host such as "
		  "127.0.0.1:24, but nothing follows it")													   },
	{ S("transport x { smtp 127.0.0.300 }"),
         S("a.conf:1:20: 'smtp' takes nothing (for the MX hosts of the destination), or one "
		  "host such as mail.example.org, 192.0.2.1:25 or [2001:db8::1]:25, not "
		  "'127.0.0.300'")																  },
	{ S("transport x { smtp a.test:25; port 26 }"),
         S("a.conf:1:36: 'port' says a port, and the host before it says one, too")                                                                                 },
	{ S("transport x { port 26; smtp a.test:25 }"),
         S("a.conf:1:29: 'a.test:25' says a port, and 'port' says one, too")											},
	{ S("transport x { smtp; source-address 127.0.0.1 127.0.0.2 }"),
         S("a.conf:1:46: 'source-address' takes an IPv4 address, an IPv6 address, or one of "
		  "each, and '127.0.0.2' is too much")													      },
	{ S("transport x { maildir /home/{locl}/Maildir }"),
         S("a.conf:1:23: '{locl}' is unknown here; the nearest known word is '{local}'")                                                                            },
	{ S("transport x { error 5.1.1 }"),
         S("a.conf:1:15: 'error' takes a text to answer with, perhaps with a status such as "
		  "5.1.1 in front of it")															   },
	{ S("transport mailbox { smtp }"),
         S("a.conf:1:11: no transport may be called 'mailbox': those without a name are")                                                                           },
	{ S("transport slow { smtp }\nroute x.org { transport solw }"),
         S("a.conf:2:25: unknown transport 'solw'; the nearest known one is 'slow'")                                                                                },
	{ S("route x.org { transport slow; connections 1 }\ntransport slow { smtp }"),
         S("a.conf:1:31: 'connections' belongs into the block of 'transport slow', which is "
		  "named here")																     },
	{ S("route x.org { transport a; transport b }"),
         S("a.conf:1:28: 'transport' is given a second time; the first is at a.conf:1:15")                                                                          },
 /* given twice: each scalar of each block is tried below */
	{ S("log { format plain; json }"),
         S("a.conf:1:21: 'json' excludes 'format', which is at a.conf:1:7")											 },
	{ S("resolver { zone z; server 127.0.0.1 }"),
         S("a.conf:1:20: 'server' excludes 'zone', which is at a.conf:1:12")											},
	{ S("listen a { on *:25; tls off }\nlisten a { on *:26; tls off }"),
         S("a.conf:2:8: listen 'a' is given a second time; the first is at a.conf:1:8")                                                                             },
	{ S("transport a { smtp }\ntransport a { smtp }"),
         S("a.conf:2:11: transport 'a' is given a second time; the first is at "
		  "a.conf:1:11")																    },
	{ S("domain x.org { }\ndomain X.Org { }"),
         S("a.conf:2:8: domain 'X.Org' is given a second time; the first is at "
		  "a.conf:1:8")																     },
	{ S("mailbox a@x.org { discard }\nmailbox A@X.ORG { discard }"),
         S("a.conf:2:9: mailbox 'A@X.ORG' is given a second time; the first is at "
		  "a.conf:1:9")																     },
	{ S("route a.org b.org { discard }\nroute B.org { discard }"),
         S("a.conf:2:7: route 'B.org' is given a second time; the first is at "
		  "a.conf:1:13")																    },
 /* between words */
	{ S("listen a { on *:25; tls off }\nlisten b { on 127.0.0.1:25; tls off }"),
         S("a.conf:2:15: 127.0.0.1:25 is listened on already, at a.conf:1:15")										      },
	{ S("queue { warn 5d }"),
         S("a.conf:1:9: this can never apply: the lifetime of mail (5d, the default) is "
		  "over before")																    },
	{ S("queue { warn 2h; lifetime 1h }"),
         S("a.conf:1:9: this can never apply: the lifetime of mail (1h, a.conf:1:18) is "
		  "over before")																    },
	{ S("resolver { zone z; anchor a }"),
         S("a.conf:1:20: 'anchor' means nothing where 'zone' answers")											      },
 /* origin marks */
	{ S("#@ conf.d/x.conf:7:3,9\nuser a/b"),
         S("conf.d/x.conf:7:9: 'user' takes a name of letters, digits, '.', '_' and '-', "
		  "not 'a/b'")																      },
	{ S("#@ conf.d/x.conf:7:3,9\n\nqueue {\n #@ conf.d/x.conf:8:4\n lifetime x\n}"),
         S("conf.d/x.conf:8:4: 'lifetime' takes a time such as 90s, 5m or 1h30m, from 0 to "
		  "365d, not 'x'")																  },
	{ S("#@ x:0:1\nuser a/b"),
         S("a.conf:2:6: 'user' takes a name of letters, digits, '.', '_' and '-', not "
		  "'a/b'")																	  },
};

TEST(conf_refusals_say_where_and_what)
{
	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct fail why;
		struct conf *c = build_with(refused[i].text, &why);

		if (str_starts(refused[i].text, S("hostname"))) /* given by build_with, too */
			c = build(refused[i].text, &why);
		CHECK_STR(str_of(why.text), refused[i].error);
		CHECK(!c);
		CHECK(why.kind == FAIL_PERMANENT);
		CHECK_STR(str_of(why.status), S("5.3.5"));
	}
}

/* Every scalar word, with a value that is fine: once it builds, twice it names both places. */
static const struct {
	str before, word, value, after;
} scalars[] = {
	{S(""),			    S("postmaster"),              S("a@x.org"),   S("")  },
	{ S(""),			   S("user"),                    S("mail"),      S("")  },
	{ S(""),			   S("workers"),                 S("2"),         S("")  },
	{ S("listen a { on *:25; "),       S("tls"),                     S("off"),       S(" }")},
	{ S("transport a { "),             S("smtp"),                    S(""),          S(" }")},
	{ S("transport a { "),             S("lmtp"),                    S("unix:/x"),   S(" }")},
	{ S("transport a { "),             S("maildir"),                 S("/x"),        S(" }")},
	{ S("transport a { "),             S("discard"),                 S(""),          S(" }")},
	{ S("transport a { "),             S("error"),                   S("no"),        S(" }")},
	{ S("transport a { smtp; "),       S("port"),                    S("26"),        S(" }")},
	{ S("transport a { smtp; "),       S("tls"),                     S("encrypt"),   S(" }")},
	{ S("transport a { smtp; "),       S("connections"),             S("1"),         S(" }")},
	{ S("transport a { smtp; "),       S("delay-between"),           S("1s"),        S(" }")},
	{ S("transport a { smtp; "),       S("messages-per-connection"), S("1"),         S(" }")},
	{ S("transport a { smtp; "),       S("source-address"),          S("192.0.2.1"), S(" }")},
	{ S("transport a { smtp; "),       S("connect-timeout"),         S("1s"),        S(" }")},
	{ S("transport a { maildir /x; "), S("as"),                      S("jo"),        S(" }")},
	{ S("route x.org { "),             S("transport"),               S("smtp"),      S(" }")},
	{ S("mailbox a@x.org { "),         S("transport"),               S("smtp"),      S(" }")},
	{ S("domain x.org { "),            S("catch-all"),               S("jo"),        S(" }")},
	{ S("domain x.org { "),            S("sub-address"),             S("-"),         S(" }")},
	{ S("queue { "),                   S("retry"),                   S("1m 2m"),     S(" }")},
	{ S("queue { "),                   S("warn"),                    S("4h"),        S(" }")},
	{ S("queue { "),                   S("lifetime"),                S("3d"),        S(" }")},
	{ S("queue { "),                   S("bounce-lifetime"),         S("1d"),        S(" }")},
	{ S("queue { "),                   S("reserve"),                 S("1G"),        S(" }")},
	{ S("queue { "),                   S("memory"),                  S("1G"),        S(" }")},
	{ S("limits { "),                  S("line"),                    S("4K"),        S(" }")},
	{ S("limits { "),                  S("text-line"),               S("4K"),        S(" }")},
	{ S("limits { "),                  S("message"),                 S("4M"),        S(" }")},
	{ S("limits { "),                  S("header"),                  S("4M"),        S(" }")},
	{ S("limits { "),                  S("received"),                S("4"),         S(" }")},
	{ S("limits { "),                  S("recipients"),              S("4"),         S(" }")},
	{ S("limits { "),                  S("transactions"),            S("4"),         S(" }")},
	{ S("limits { "),                  S("idle-commands"),           S("4"),         S(" }")},
	{ S("limits { "),                  S("errors"),                  S("4"),         S(" }")},
	{ S("limits { "),                  S("command-timeout"),         S("4s"),        S(" }")},
	{ S("limits { "),                  S("data-timeout"),            S("4s"),        S(" }")},
	{ S("limits { "),                  S("message-timeout"),         S("4s"),        S(" }")},
	{ S("limits { "),                  S("answer-timeout"),          S("4s"),        S(" }")},
	{ S("limits { "),                  S("sessions"),                S("4"),         S(" }")},
	{ S("limits { "),                  S("sessions-per-client"),     S("4"),         S(" }")},
	{ S("limits { "),                  S("alias-depth"),             S("4"),         S(" }")},
	{ S("limits { "),                  S("alias-targets"),           S("4"),         S(" }")},
	{ S("resolver { "),                S("zone"),                    S("z"),         S(" }")},
	{ S("resolver { "),                S("anchor"),                  S("a"),         S(" }")},
	{ S("directories { "),             S("spool"),                   S("s"),         S(" }")},
	{ S("directories { "),             S("state"),                   S("s"),         S(" }")},
	{ S("directories { "),             S("run"),                     S("s"),         S(" }")},
	{ S("log { "),                     S("format"),                  S("json"),      S(" }")},
	{ S("log { "),                     S("plain"),                   S(""),          S(" }")},
	{ S("log { "),                     S("json"),                    S(""),          S(" }")},
	{ S("log { "),                     S("level"),                   S("debug"),     S(" }")},
};

TEST(conf_scalars_are_given_once)
{
	for (size_t i = 0; i < LENGTH(scalars); i++) {
		struct arena a;
		struct fail why;
		struct conf *c;
		str text, once, want;
		int column;

		arena_init(&a, ARENA_UNLIMITED);
		once = arena_printf(&a, "%.*s %.*s", STR(scalars[i].word), STR(scalars[i].value));
		text = arena_printf(&a, "%.*s%.*s%.*s", STR(scalars[i].before), STR(once),
			STR(scalars[i].after));
		c = build_with(text, &why);
		CHECK_STR(str_of(why.text), S(""));
		CHECK(c);
		conf_drop(c);
		text = arena_printf(&a, "%.*s%.*s; %.*s%.*s", STR(scalars[i].before), STR(once),
			STR(once), STR(scalars[i].after));
		CHECK(!build_with(text, &why));
		column = (int)scalars[i].before.n + 1;
		want = arena_printf(&a,
			"a.conf:1:%d: '%.*s' is given a second time; the first is at a.conf:1:%d",
			column + (int)once.n + 2, STR(scalars[i].word), column);
		CHECK_STR(str_of(why.text), want);
		arena_free(&a);
	}
}

TEST(conf_sections_add_up_over_files_and_scalars_do_not)
{
	struct conf_source sources[] = {
		{S("1.conf"),  S("hostname a.test\nqueue { lifetime 3d }\nrelay-for 127.0.0.1\n")},
		{ S("2.conf"), S("queue warn 4h\nrelay-for 192.0.2.0/24")                        },
		{ S("3.conf"), S("queue { lifetime 4d }\nhostname b.test\n")                     },
	};
	struct buf errors = { 0 };
	struct fail why;
	struct conf *c = conf_build(S("/"), sources, 2, &why);

	CHECK(c);
	CHECK(c->queue.lifetime_ms == 3 * 86400000LL && c->queue.warn_ms == 4 * 3600000LL);
	CHECK_INT(c->relay_for.count, 2);
	conf_drop(c);
	CHECK(!conf_build_all(S("/"), sources, 3, &errors, &why));
	CHECK_STR(buf_str(&errors),
		S("3.conf:1:9: 'lifetime' is given a second time; the first is at 1.conf:2:9\n"
		  "3.conf:2:1: 'hostname' is given a second time; the first is at 1.conf:1:1\n"));
	CHECK_STR(str_of(why.text),
		S("3.conf:1:9: 'lifetime' is given a second time; the first is at 1.conf:2:9"));
	buf_free(&errors);
}

TEST(conf_tells_all_errors_up_to_a_limit)
{
	struct buf text = { 0 }, errors = { 0 };
	struct conf_source source = { .name = S("a.conf") };
	struct fail why;
	size_t lines = 0;

	for (int i = 0; i < 3 * CONF_ERRORS_MAX; i++)
		buf_put(&text, S("nonsense\n"));
	source.text = buf_str(&text);
	CHECK(!conf_build_all(S("/"), &source, 1, &errors, &why));
	for (size_t i = 0; i < buf_str(&errors).n; i++)
		lines += buf_str(&errors).p[i] == '\n';
	CHECK_INT(lines, CONF_ERRORS_MAX);
	buf_free(&text);
	buf_free(&errors);
}

TEST(conf_needs_a_hostname)
{
	struct fail why;

	CHECK(!build(S("user x"), &why));
	CHECK_STR(str_of(why.text),
		S("conf.d:1:1: no file says 'hostname', the name of this server"));
	CHECK(!conf_build(S("/"), NULL, 0, &why));
}

TEST(conf_defaults_hold_where_nothing_is_said)
{
	struct fail why;
	struct conf *c = build(S("hostname pivot.test\n"), &why);
	char place[CONF_ORIGIN_TEXT_MAX];

	CHECK(c);
	CHECK_STR(c->postmaster.text, S("postmaster@pivot.test"));
	CHECK_STR(str_of(conf_origin_print(&c->postmaster.origin, place)), S("default"));
	CHECK_STR(str_of(conf_origin_print(&c->hostname.origin, place)), S("a.conf:1"));
	CHECK_STR(c->spool_dir, S("/var/spool/facteur"));
	CHECK_STR(c->state_dir, S("/var/lib/facteur"));
	CHECK_STR(c->run_dir, S("/run/facteur"));
	CHECK_STR(c->user, S("facteur"));
	CHECK(c->workers == 0 && c->log_format == LOG_PLAIN && c->log_level == LOG_INFO);
	CHECK_INT(c->queue.retry_count, 5);
	CHECK(c->queue.retry_ms[0] == 300000 && c->queue.retry_ms[4] == 3600000);
	CHECK(c->queue.warn_ms == 0 && c->queue.lifetime_ms == 5 * 86400000LL);
	CHECK(c->limits.smtp.line_octets_max == 2048 && c->limits.received_max == 50);
	CHECK(c->limits.smtp.message_octets_max == 50 << 20);
	CHECK_INT(c->transport_count, 1);
	CHECK_STR(c->transports[0].name, S("smtp"));
	CHECK(c->transports[0].kind == CONF_SMTP && c->transports[0].host.n == 0);
	CHECK(c->transports[0].port == 25 && c->transports[0].tls == CONF_TLS_MAY);
	CHECK(c->transports[0].connections == 20 && c->transports[0].connect_ms_max == 30000);
	CHECK_STR(str_of(conf_origin_print(&c->transports[0].origin, place)), S("default"));
	conf_drop(c);
}

TEST(conf_takes_the_example_of_the_manual)
{
	struct fail why;
	struct conf *c = build(S("hostname     pivot.test\n"
				 "directories  { spool spool; state state; run run }    # here\n"
				 "resolver     { zone zone.txt }\n"
				 "relay-for    127.0.0.1\n"
				 "listen mx    { on 127.0.0.1:2525; tls off }\n"
				 "workers      2\n"
				 "transport onward { smtp 127.0.0.1:2599 }\r\n"
				 "route *      { transport onward }\n"),
		&why);

	CHECK_STR(str_of(why.text), S(""));
	CHECK_STR(c->spool_dir, S("/etc/facteur/spool"));
	CHECK_STR(c->resolver.zone_file, S("/etc/facteur/zone.txt"));
	CHECK_INT(c->listener_count, 1);
	CHECK_INT(c->listeners[0].on.count, 1);
	CHECK_INT(c->workers, 2);
	CHECK_INT(c->route_count, 1);
	CHECK_STR(c->routes[0].pattern, S("*"));
	CHECK(c->routes[0].transport == &c->transports[0]);
	CHECK_STR(c->transports[0].host, S("127.0.0.1"));
	CHECK_INT(c->transports[0].port, 2599);
	CHECK_STR(c->transports[1].name, S("smtp"));
	conf_drop(c);
}

TEST(conf_reads_every_kind_of_hop)
{
	static const struct {
		str words, host;
		enum conf_transport_kind kind;
		uint16_t port;
	} hops[] = {
		{S("smtp"),                            S(""),                       CONF_SMTP, 25  },
		{ S("smtp; port 587"),                 S(""),                       CONF_SMTP, 587 },
		{ S("smtp Mail.Example.ORG"),          S("mail.example.org"),       CONF_SMTP, 25  },
		{ S("smtp mail.example.org:26"),       S("mail.example.org"),       CONF_SMTP, 26  },
		{ S("port 26; smtp mail.example.org"), S("mail.example.org"),       CONF_SMTP, 26  },
		{ S("smtp b\xc3\xbc"
		    "cher.example"),
                 S("xn--bcher-kva.example"),                                        CONF_SMTP, 25  },
		{ S("smtp 192.0.2.1"),                 S("192.0.2.1"),              CONF_SMTP, 25  },
		{ S("smtp 192.0.2.1:26"),              S("192.0.2.1"),              CONF_SMTP, 26  },
		{ S("smtp [::1]:26"),                  S("::1"),                    CONF_SMTP, 26  },
		{ S("smtp ::1"),                       S("::1"),                    CONF_SMTP, 25  },
		{ S("smtp [2001:db8::1]"),             S("2001:db8::1"),            CONF_SMTP, 25  },
		{ S("lmtp 127.0.0.1"),                 S("127.0.0.1"),              CONF_LMTP, 24  },
		{ S("lmtp dovecot.test:2424"),         S("dovecot.test"),           CONF_LMTP, 2424},
		{ S("lmtp unix:/run/lmtp"),            S("unix:/run/lmtp"),         CONF_LMTP, 24  },
		{ S("lmtp unix:lmtp"),                 S("unix:/etc/facteur/lmtp"), CONF_LMTP, 24  },
	};

	for (size_t i = 0; i < LENGTH(hops); i++) {
		struct arena a;
		struct fail why;
		struct conf *c;

		arena_init(&a, ARENA_UNLIMITED);
		c = build_with(arena_printf(&a, "transport t { %.*s }", STR(hops[i].words)), &why);
		CHECK_STR(str_of(why.text), S(""));
		CHECK_STR(c->transports[0].host, hops[i].host);
		CHECK(c->transports[0].kind == hops[i].kind);
		CHECK_INT(c->transports[0].port, hops[i].port);
		CHECK(c->transports[0].tls ==
			(hops[i].kind == CONF_LMTP ? CONF_TLS_NONE : CONF_TLS_MAY));
		conf_drop(c);
		arena_free(&a);
	}
}

TEST(conf_reads_the_other_ways_out)
{
	struct fail why;
	struct conf *c =
		build_with(S("transport m { maildir /home/{local}/Maildir; as jo }\n"
			     "transport d { discard }\n"
			     "transport e { error 5.1.6 \"Has moved\" to elsewhere }\n"
			     "transport f { error \"Go; \\\"away\\\" \\\\\" }\n"
			     "transport s { smtp; source-address ::1 192.0.2.7; tls encrypt }\n"),
			&why);

	CHECK_STR(str_of(why.text), S(""));
	CHECK_STR(c->transports[0].path, S("/home/{local}/Maildir"));
	CHECK_STR(c->transports[0].user, S("jo"));
	CHECK(c->transports[1].kind == CONF_DISCARD);
	CHECK_STR(c->transports[2].status, S("5.1.6"));
	CHECK_STR(c->transports[2].text, S("Has moved to elsewhere"));
	CHECK_STR(c->transports[3].status, S("5.0.0"));
	CHECK_STR(c->transports[3].text, S("Go; \"away\" \\"));
	CHECK(c->transports[4].source4.family == 4 && c->transports[4].source6.family == 6);
	CHECK(c->transports[4].tls == CONF_TLS_ENCRYPT);
	conf_drop(c);
}

TEST(conf_routes_and_mailboxes_may_hold_their_transport)
{
	struct fail why;
	struct conf *c =
		build_with(S("domain d.test { }\n"
			     "route a.test .B.test JO@C.test * { smtp relay.test; connections 3 }\n"
			     "mailbox Jo@D.test { maildir /m/{address} }\n"
			     "mailbox al@d.test { transport box }\n"
			     "transport box { lmtp unix:/l }\n"),
			&why);

	CHECK_STR(str_of(why.text), S(""));
	CHECK_INT(c->route_count, 4);
	CHECK_STR(c->routes[0].pattern, S("a.test"));
	CHECK_STR(c->routes[1].pattern, S(".b.test"));
	CHECK_STR(c->routes[2].pattern, S("jo@c.test"));
	CHECK_STR(c->routes[3].pattern, S("*"));
	CHECK(c->routes[0].transport == c->routes[3].transport);
	CHECK_STR(c->routes[0].transport->name, S("route"));
	CHECK_INT(c->routes[0].transport->connections, 3);
	CHECK_INT(c->routes[2].origin.line, 2);
	CHECK_INT(c->routes[2].origin.column, 22);
	CHECK_STR(c->mailboxes[0].address, S("jo@d.test"));
	CHECK_STR(c->mailboxes[0].transport->name, S("mailbox"));
	CHECK(c->mailboxes[1].transport == &c->transports[0]);
	CHECK_STR(c->domains[0].sub_address, S("+"));
	conf_drop(c);
}

TEST(conf_listens_on_all_addresses_of_both_families)
{
	struct fail why;
	struct conf *c =
		build_with(S("listen a { on *:25 127.0.0.1:26; on [::1]:27; tls off }"), &why);
	char text[ENDPOINT_TEXT_MAX];

	CHECK(c);
	CHECK_INT(c->listeners[0].on.count, 4);
	CHECK_STR(str_of(endpoint_print(&c->listeners[0].on.items[0].at, text)), S("0.0.0.0:25"));
	CHECK_STR(str_of(endpoint_print(&c->listeners[0].on.items[1].at, text)), S("[::]:25"));
	CHECK_STR(str_of(endpoint_print(&c->listeners[0].on.items[2].at, text)), S("127.0.0.1:26"));
	CHECK_STR(str_of(endpoint_print(&c->listeners[0].on.items[3].at, text)), S("[::1]:27"));
	conf_drop(c);
}

TEST(conf_short_forms_of_sections)
{
	struct fail why;
	struct conf *c = build_with(S("log json\nlog level warning\n"
				      "bare-newlines repair 192.0.2.1\n"
				      "bare-newlines { repair 192.0.2.2 ::1 }\n"
				      "resolver server 127.0.0.1@5353 ::1 # both\n"
				      "domain b\xc3\xbc"
				      "cher.test { sub-address \"\" }\n"),
		&why);
	struct ip ip;

	CHECK_STR(str_of(why.text), S(""));
	CHECK(c->log_format == LOG_JSON && c->log_level == LOG_WARNING);
	CHECK_INT(c->repair_newlines.count, 3);
	CHECK(ip_parse(S("192.0.2.2"), &ip));
	CHECK_INT(conf_nets_find(&c->repair_newlines, &ip)->origin.column, 24);
	CHECK(ip_parse(S("192.0.2.3"), &ip));
	CHECK(!conf_nets_find(&c->repair_newlines, &ip));
	CHECK_INT(c->resolver.servers.items[0].at.port, 5353);
	CHECK_INT(c->resolver.servers.items[1].at.port, 53);
	CHECK_STR(c->domains[0].name, S("xn--bcher-kva.test"));
	CHECK_STR(c->domains[0].sub_address, S(""));
	conf_drop(c);
}

/* --- the reference installation ------------------------------------------------------------------
 */

static str page(struct arena *a, const char *name)
{
	struct fail why;
	str text = { 0 };

	CHECK(file_read(
		a, arena_printf(a, "%s/../page/conf.d/%s", TEST_VECTORS, name), &text, &why));
	return text;
}

/* The lines from one that begins with start to the first that begins with end. */
static str cut_out(str text, str start, str end)
{
	size_t to;

	text = str_skip(text, str_find_str(text, start));
	to = str_find_str(text, end);
	return str_first(text, to + end.n);
}

TEST(conf_takes_what_is_built_of_the_reference_installation)
{
	struct conf_source sources[4];
	struct arena a;
	struct fail why = { 0 };
	struct conf *c;
	str domains, transports;

	arena_init(&a, ARENA_UNLIMITED);
	domains = page(&a, "30-domains.conf");
	transports = page(&a, "40-transports.conf");
	sources[0] = (struct conf_source){ S("10"), page(&a, "10-identity.conf") };
	sources[1] =
		(struct conf_source){ S("30a"), cut_out(domains, S("domain chapril"), S("}\n")) };
	sources[2] = (struct conf_source){ S("30b"), cut_out(domains, S("mailbox"), S("}\n")) };
	sources[3] =
		(struct conf_source){ S("40"), cut_out(transports, S("transport slow"), S("~")) };
	c = conf_build(S("/etc/facteur"), sources, LENGTH(sources), &why);
	CHECK_STR(str_of(why.text), S(""));
	CHECK(c);
	CHECK_STR(c->hostname.text, S("mail.chapril.org"));
	CHECK_STR(c->postmaster.text, S("root@chapril.org"));
	CHECK_INT(c->relay_for.count, 6);
	CHECK_STR(c->domains[0].aliases.items[0].text, S("aliases/chapril.org.aliases"));
	CHECK_STR(c->mailboxes[0].transport->host, S("unix:/run/dovecot/lmtp"));
	CHECK_INT(c->route_count, 3);
	CHECK_INT(c->routes[2].transport->connections, 1);
	CHECK_INT(c->routes[2].transport->delay_between_ms, 1000);
	CHECK_INT(c->queue.retry_count, 5);
	CHECK_INT(c->queue.warn_ms, 4 * 3600 * 1000);
	conf_drop(c);
	arena_free(&a);
}

TEST(conf_refuses_what_is_not_built_of_the_reference_installation)
{
	static const struct {
		const char *file;
		str errors;
	} later[] = {
		{"20-listen.conf",
                 S("x:1:35: 'tls offered' is known but not built yet; nothing was weakened\n"
			  "x:1:44: 'login' is known but not built yet; nothing was weakened\n"
			  "x:2:36: 'tls required' is known but not built yet; nothing was "
			  "weakened\n"
			  "x:2:46: 'login' is known but not built yet; nothing was weakened\n"
			  "x:3:36: 'tls implicit' is known but not built yet; nothing was "
			  "weakened\n"
			  "x:3:46: 'login' is known but not built yet; nothing was weakened\n"
			  "x:5:1: 'tls' is known but not built yet; nothing was weakened\n"
			  "x:11:1: 'login' is known but not built yet; nothing was weakened\n")},
		{ "30-domains.conf",    S("x:6:5: 'transports' is known but not built yet; nothing "
				       "was weakened\n")   },
		{ "40-transports.conf",
                 S("x:2:25: 'pipe' is known but not built yet; nothing was weakened\n"
			  "x:2:78: 'return-path' is known but not built yet; nothing was weakened\n"
			  "x:3:25: 'pipe' is known but not built yet; nothing was weakened\n"
			  "x:3:84: 'return-path' is known but not built yet; nothing was "
			  "weakened\n")							},
		{ "50-gate.conf",
                 S("x:1:1: 'greylist' is known but not built yet; nothing was weakened\n"
			  "x:7:1: 'ban' is known but not built yet; nothing was weakened\n")   },
		{ "60-anti-spam.conf",
                 S("x:1:1: 'sign' is known but not built yet; nothing was weakened\n"
			  "x:7:1: 'scan' is known but not built yet; nothing was weakened\n"
			  "x:8:1: 'scan' is known but not built yet; nothing was weakened\n")  },
	};

	for (size_t i = 0; i < LENGTH(later); i++) {
		struct arena a;
		struct buf errors = { 0 };
		struct conf_source source = { .name = S("x") };
		struct fail why;

		arena_init(&a, ARENA_UNLIMITED);
		source.text = page(&a, later[i].file);
		CHECK(!conf_build_all(S("/etc/facteur"), &source, 1, &errors, &why));
		CHECK_STR(buf_str(&errors), later[i].errors);
		buf_free(&errors);
		arena_free(&a);
	}
}

/* --- printing ------------------------------------------------------------------------------------
 */

TEST(conf_print_is_read_back_with_the_same_origins)
{
	struct conf_source sources[] = {
		{S("conf.d/1.conf"),  S("hostname   pivot.test   # us\n"
					"relay-for 127.0.0.1 192.0.2.0/24; relay-for ::1\n"
					"listen mx { on *:25; tls off }\n")},
		{ S("conf.d/2.conf"),
                 S("\n\troute a.test \"b.test\" { error \"x\" \"a;b{c}\\\\#\\\"\" }\n"
			  "domain d.test { aliases a b; sub-address \"\" }\n")                                 },
	};
	str want = S("# Written by facteur compile.  Change conf.d, not this file.\n"
		     "#@ conf.d/1.conf:1:1,12\n"
		     "hostname pivot.test\n"
		     "#@ conf.d/1.conf:2:1,11,21\n"
		     "relay-for 127.0.0.1 192.0.2.0/24\n"
		     "#@ conf.d/1.conf:2:35,45\n"
		     "relay-for ::1\n"
		     "#@ conf.d/1.conf:3:1,8\n"
		     "listen mx {\n"
		     "\t#@ conf.d/1.conf:3:13,16\n"
		     "\ton *:25\n"
		     "\t#@ conf.d/1.conf:3:22,26\n"
		     "\ttls off\n"
		     "}\n"
		     "#@ conf.d/2.conf:2:2,8,15\n"
		     "route a.test b.test {\n"
		     "\t#@ conf.d/2.conf:2:26,32,36\n"
		     "\terror x \"a;b{c}\\\\#\\\"\"\n"
		     "}\n"
		     "#@ conf.d/2.conf:3:1,8\n"
		     "domain d.test {\n"
		     "\t#@ conf.d/2.conf:3:17,25,27\n"
		     "\taliases a b\n"
		     "\t#@ conf.d/2.conf:3:30,42\n"
		     "\tsub-address \"\"\n"
		     "}\n");
	struct buf once = { 0 }, twice = { 0 };
	struct fail why = { 0 };
	struct conf *c, *again;
	struct conf_source merged = { .name = S("facteur.conf") };

	c = conf_build(S("/etc/facteur"), sources, 2, &why);
	CHECK_STR(str_of(why.text), S(""));
	conf_print(c, &once);
	CHECK_STR(buf_str(&once), want);
	merged.text = buf_str(&once);
	again = conf_build(S("/etc/facteur"), &merged, 1, &why);
	CHECK_STR(str_of(why.text), S(""));
	conf_print(again, &twice);
	CHECK_STR(buf_str(&twice), want);
	CHECK_STR(again->relay_for.items[1].origin.file, S("conf.d/1.conf"));
	CHECK_INT(again->relay_for.items[1].origin.column, 21);
	CHECK_STR(again->routes[1].pattern, c->routes[1].pattern);
	CHECK_INT(again->routes[1].origin.column, c->routes[1].origin.column);
	CHECK_STR(again->routes[1].transport->text, c->routes[1].transport->text);
	CHECK_INT(again->listeners[0].on.count, 2);
	conf_drop(c);
	conf_drop(again);
	buf_free(&once);
	buf_free(&twice);
}

TEST(conf_where_finds_the_line_that_decided)
{
	struct fail why;
	struct conf *c =
		build(S("hostname pivot.test\nqueue warn 4h\nqueue {\n lifetime 3d\n}\n"), &why);

	CHECK(c);
	CHECK_INT(conf_where(c, S(""), S("hostname"))->line, 1);
	CHECK_INT(conf_where(c, S("queue"), S("warn"))->line, 2);
	CHECK_INT(conf_where(c, S("queue"), S("lifetime"))->line, 4);
	CHECK(!conf_where(c, S("queue"), S("retry")));
	CHECK(!conf_where(c, S(""), S("lifetime")));
	conf_drop(c);
}

TEST(conf_lives_until_its_last_reference)
{
	struct fail why;
	struct conf *c = build(S("hostname pivot.test\n"), &why);

	CHECK(conf_keep(c) == c);
	conf_drop(c);
	CHECK_STR(c->hostname.text, S("pivot.test"));
	conf_drop(c);
	conf_drop(NULL);
}

TEST(conf_manual_names_every_word)
{
	struct buf page = { 0 };

	conf_manual(&page);
	CHECK(str_find_str(buf_str(&page), S("\n.It Cm \\&relay\\-for Ar \\&NETWORK \\&...\n")) <
		buf_str(&page).n);
	CHECK(str_find_str(buf_str(&page), S("Default:\n.Cm \\&5m 10m 20m 40m 1h .\n")) <
		buf_str(&page).n);
	CHECK(str_find_str(buf_str(&page), S(".Cm \\&greylist")) < buf_str(&page).n);
	buf_free(&page);
}
