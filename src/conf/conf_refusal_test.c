/* What the configuration language refuses, and that each refusal says where and why. */
#include "test/test.h"

#include "base/buf.h"
#include "conf/conf.h"

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
	{S("user \"x"),									 S("a.conf:1:6: this quote is not closed on its line")                      },
	{ S("user \"x\ny\""),								   S("a.conf:1:6: this quote is not closed on its line")                      },
	{ S("user \"x\"y"),								     S("a.conf:1:6: a space is missing behind the closing quote")               },
	{ S("user x\"y\""),								     S("a.conf:1:6: a quote may only begin a word")                             },
	{ S("user \"x\\n\""),
         S("a.conf:1:6: inside quotes, only \\\" and \\\\ may follow a backslash")                                                                                         },
	{ S("user x\001"),								      S("a.conf:1:6: a word holds a control character or is not UTF-8")          },
	{ S("user \"x\ty\""),								   S("a.conf:1:6: a word holds a control character or is not UTF-8")          },
	{ S("user x\ry"),								       S("a.conf:1:6: a word holds a control character or is not UTF-8")          },
	{ S("\n  user \xe9t\xe9"),
         S("a.conf:2:8: a word holds a control character or is not UTF-8")												 },
	{ S("user a{b"),
         S("a.conf:1:6: a '{' inside a word needs its '}'; one that opens a block stands "
		  "apart")																		 },
 /* blocks */
	{ S("queue\n{ }"),
         S("a.conf:1:1: 'queue' is followed by a block in braces, on the same line")                                                                                       },
	{ S("{ }"),									     S("a.conf:1:1: a '{' stands on the line of its word, behind it")           },
	{ S("queue { lifetime 5d\n\n"),							 S("a.conf:1:7: this '{' is never closed")                                  },
	{ S("queue { lifetime 5d }\n}"),							S("a.conf:2:1: this '}' closes nothing")                                   },
	{ S("queue { } user x"),								S("a.conf:1:11: a new line or ';' is missing behind the '}'")              },
	{ S("a { b { c { d { e { f { g { h { i { } } } } } } } } }"),
         S("a.conf:1:35: blocks are nested too deeply")														    },
	{ S("user x { }"),								      S("a.conf:1:1: 'user' has no block")                                       },
	{ S("queue"),									   S("a.conf:1:1: 'queue' is followed by a block in braces, on the same line")},
	{ S("listen mx"),
         S("a.conf:1:1: 'listen' is followed by NAME and a block in braces, on the same "
		  "line")																		  },
	{ S("listen { on *:25; tls off }"),
         S("a.conf:1:1: 'listen' is followed by NAME and a block in braces, on the same "
		  "line")																		  },
	{ S("listen a b { on *:25; tls off }"),
         S("a.conf:1:10: 'listen' is followed by NAME, and 'b' is too much")											       },
 /* words */
	{ S("hostnam x"),
         S("a.conf:1:1: unknown word 'hostnam'; the nearest known word is 'hostname'")                                                                                     },
	{ S("greylits { }"),
         S("a.conf:1:1: unknown word 'greylits'; the nearest known word is 'greylist'")                                                                                    },
	{ S("queue { lifetiem 5d }"),
         S("a.conf:1:9: unknown word 'lifetiem'; the nearest known word is 'lifetime'")                                                                                    },
	{ S("queue lifetiem 5d"),
         S("a.conf:1:7: unknown word 'lifetiem'; the nearest known word is 'lifetime'")                                                                                    },
	{ S("lifetime 5d"),								     S("a.conf:1:1: 'lifetime' does not stand here, but in 'queue'")            },
	{ S("queue { hostname x }"),							    S("a.conf:1:9: 'hostname' stands outside of all blocks")                   },
	{ S("greylist { delay 60s }"),
         S("a.conf:1:1: 'greylist' is known but not built yet; nothing was weakened")                                                                                      },
	{ S("transport x { pipe cat }"),							S("a.conf:1:20: 'pipe' takes the absolute path of a "
					   "program and its arguments, such as "
					   "\"/usr/lib/sympa/bin/queue {nexthop}\", not 'cat'")                                    },
	{ S("transport x { pipe \"/bin/cat {recipent}\" }"),
         S("a.conf:1:20: '{recipent}' is unknown here; the nearest known word is "
		  "'{recipient}'")																	 },
	{ S("transport x { pipe /bin/cat; as root }"),
         S("a.conf:1:30: no program is run as root")														       },
	{ S("transport x { maildir /m; return-path }"),
         S("a.conf:1:27: 'return-path' means nothing to 'maildir'")													},
	{ S("transport x { pipe /bin/cat; return-path no }"),
         S("a.conf:1:42: 'return-path' takes no value, and 'no' follows it")											       },
	{ S("transport x { smtp; tls dane }"),
         S("a.conf:1:25: 'tls dane' is known but not built yet; nothing was weakened")                                                                                     },
 /* listeners open no weaker than they were written */
	{ S("listen mx { on *:25; tls off; login required }"),
         S("a.conf:1:1: 'listen mx' says 'login', but 'tls off': no password is taken in "
		  "clear")																		 },
	{ S("listen mx { on *:25; tls off; login maybe }"),
         S("a.conf:1:37: 'login' takes offered or required, not 'maybe'; the nearest "
		  "known word is 'offered'")															       },
	{ S("login { send-as jo }"),							    S("a.conf:1:17: 'send-as' takes the name of a login, and "
				       "addresses, @domains or * for "
				       "any address, not 'jo'")									},
	{ S("login { send-as jo nobody }"),						     S("a.conf:1:20: 'send-as' takes the name of a login, "
					      "and addresses, @domains or * for "
					      "any address, not 'nobody'")                                                      },
	{ S("login { limits-of jo 1 }"),							S("a.conf:1:22: 'limits-of' takes the name of a login, "
					   "messages an hour and recipients "
					   "an hour (0: any number), not '1'")                                                     },
	{ S("login { dovecot nonsense }"),						      S("a.conf:1:17: 'dovecot' takes unix:/path/to/socket "
					     "(Dovecot's auth-client), or an "
					     "address such as 127.0.0.1:12345, not 'nonsense'")                                  },
	{ S("listen mx { on *:25 }"),
         S("a.conf:1:1: 'listen mx' has TLS, and there is no certificate: 'tls { "
		  "certificate "
		  "FILE; key FILE }' names one, 'tls off' opens it in clear")											      },
	{ S("listen mx { on *:25; tls required }"),
         S("a.conf:1:1: 'listen mx' has TLS, and there is no certificate: 'tls { "
		  "certificate "
		  "FILE; key FILE }' names one, 'tls off' opens it in clear")											      },
	{ S("tls a.test { certificate c; key k }\nlisten mx { on *:25 }"),
         S("a.conf:2:1: 'listen mx' has TLS, and there is no certificate: 'tls { "
		  "certificate "
		  "FILE; key FILE }' names one, 'tls off' opens it in clear")											      },
	{ S("listen mx { on *:25; certificate c }"),
         S("a.conf:1:34: there is a certificate, but no key beside it")												    },
	{ S("listen mx { on *:25; tls off; certificate c; key k }"),
         S("a.conf:1:43: 'certificate' means nothing to a listener with 'tls off'")                                                                                        },
	{ S("tls { key k }"),								   S("a.conf:1:11: there is a key, but no certificate beside it")             },
	{ S("tls a.test { certificate c }"),
         S("a.conf:1:26: there is a certificate, but no key beside it")												    },
	{ S("tls a.test { }"),								  S("a.conf:1:1: 'tls a.test' has no certificate and no key")                },
	{ S("tls a.test { certificate c; key k; minimum 1.3 }"),
         S("a.conf:1:36: 'minimum' does not stand here, but in 'tls'")												     },
	{ S("tls a..test { certificate c; key k }"),
         S("a.conf:1:5: 'tls' takes names of hosts or .names above them, and a block, not "
		  "'a..test'")																	     },
	{ S("tls a.test b.test { certificate c; key k }\ntls B.test { certificate c; key k }"),
         S("a.conf:2:5: tls 'B.test' is given a second time; the first is at a.conf:1:12")                                                                                 },
	{ S("tls"),									     S("a.conf:1:1: 'tls' is followed by a block in braces, on the same line, or by "
		      "[NAME ...] "
		      "and a block")														    },
	{ S("transport x { smtp; tls fingerprint }"),
         S("a.conf:1:21: 'tls fingerprint' needs the digest of a certificate or its key: "
		  "'fingerprint SHA256'")																  },
	{ S("transport x { smtp; tls fingerprint; fingerprint 00:11 }"),
         S("a.conf:1:50: 'fingerprint' takes SHA-256 digests of 64 hexadecimal digits, not "
		  "'00:11'")																	       },
	{ S("transport x { smtp; trust ca.pem }"),
         S("a.conf:1:21: 'trust' means nothing to 'tls may'")													      },
	{ S("transport x { smtp; tls fingerprint; match a.b; fingerprint 0 }"),
         S("a.conf:1:61: 'fingerprint' takes SHA-256 digests of 64 hexadecimal digits, not "
		  "'0'")																		   },
	{ S("transport x { smtp; tls encrypt; match a.b }"),
         S("a.conf:1:34: 'match' means nothing to 'tls encrypt'")													  },
	{ S("transport x { smtp; tls verify; match a..b }"),
         S("a.conf:1:39: 'match' takes names such as mx.example.org or .example.org, "
		  "hostname, "
		  "nexthop or dot-nexthop, not 'a..b'")														    },
	{ S("transport x { smtp; tls none; certificate c; key k }"),
         S("a.conf:1:31: 'certificate' means nothing to 'tls none'")												       },
	{ S("transport x { smtp; certificate c }"),
         S("a.conf:1:33: there is a certificate, but no key beside it")												    },
	{ S("transport x { lmtp unix:/x; tls verify }"),
         S("a.conf:1:29: a unix socket has no name to verify: 'match NAME' says one")                                                                                      },
	{ S("tls { minimum 1.1 }"),							     S("a.conf:1:15: 'minimum' takes 1.2 or 1.3, not '1.1'; the "
				      "nearest known word is '1.2'")                                                                    },
	{ S("listen mx { tls off }"),
         S("a.conf:1:1: 'listen mx' does not say where: 'on ADDRESS:PORT'")												},
 /* values */
	{ S("hostname"),
         S("a.conf:1:1: 'hostname' takes a host name such as mail.example.org, but nothing "
		  "follows it")																	    },
	{ S("hostname a.test b.test"),
         S("a.conf:1:17: 'hostname' takes a host name such as mail.example.org, and "
		  "'b.test' is too much")																  },
	{ S("hostname a..test"),
         S("a.conf:1:10: 'hostname' takes a host name such as mail.example.org, not "
		  "'a..test'")																	     },
	{ S("postmaster root"),
         S("a.conf:1:12: 'postmaster' takes an address such as root@example.org, not "
		  "'root'")																		},
	{ S("forwarders !10.0.0.1"),
         S("a.conf:1:12: 'forwarders' takes addresses or networks such as 192.0.2.0/24 or "
		  "2001:db8::/32 (with no bit behind the prefix), not '!10.0.0.1'")											},
	{ S("relay-for 10.0.0.0/8\nlisten mx { on *:25; tls off; proxy-protocol 10.0.0.1 }"),
         S("a.conf:2:46: 'proxy-protocol 10.0.0.1' is in a trusted network ('relay-for "
		  "10.0.0.0/8', a.conf:1:11), where whoever comes through it could relay: "
		  "'relay-for "
		  "!10.0.0.1' in front takes it out")														      },
	{ S("xclient-hosts 10.0.0.0/24\nrelay-for !10.0.0.0/25 10.0.0.0/8"),
         S("a.conf:1:15: 'xclient-hosts 10.0.0.0/24' is in a trusted network ('relay-for "
		  "10.0.0.0/8', a.conf:2:24), where whoever comes through it could relay: "
		  "'relay-for "
		  "!10.0.0.0/24' in front takes it out")														   },
	{ S("transport t { smtp a.b; login c }"),                                               S("a.conf:1:31: 'login' asks for 'tls encrypt' "
						    "or more: no password goes out in clear")                             },
	{ S("transport t { smtp a.b; tls encrypt; login-mechanisms plain }"),
         S("a.conf:1:38: 'login-mechanisms' means nothing without 'login'")												},
	{ S("transport t { smtp a.b; tls encrypt; login c; login-mechanisms plain ntlm }"),
         S("a.conf:1:70: 'login-mechanisms' takes mechanisms: plain, login, scram-sha-256 "
		  "or "
		  "scram-sha-256-plus, not 'ntlm'")															},
	{ S("transport t { smtp a.b; tls may; tls-wrappermode }"),
         S("a.conf:1:34: 'tls-wrappermode' means nothing to 'tls may'")												    },
	{ S("transport t { lmtp unix:/x; login c }"),
         S("a.conf:1:29: 'login' means nothing to 'lmtp'")														 },
	{ S("relay-for 127.0.0.0/8 10.0.0.1/8"),
         S("a.conf:1:23: 'relay-for' takes addresses or networks such as 192.0.2.0/24 or "
		  "2001:db8::/32 (with no bit behind the prefix), or !NETWORK in front of one that "
		  "has it, "
		  "not '10.0.0.1/8'")																      },
	{ S("listen mx { on *:0; tls off }"),
         S("a.conf:1:16: 'on' takes ADDRESS:PORT, such as *:25, 192.0.2.1:25 or "
		  "[2001:db8::1]:25, not '*:0'")															   },
	{ S("listen mx { on unix:/x; tls off }"),
         S("a.conf:1:16: 'on' takes ADDRESS:PORT, such as *:25, 192.0.2.1:25 or "
		  "[2001:db8::1]:25, not 'unix:/x'")														       },
	{ S("listen mx { on *:25; tls of }"),
         S("a.conf:1:26: 'tls' takes off, offered, required or implicit, not 'of'; the "
		  "nearest known word is 'off'")															   },
	{ S("listen m/x { on *:25; tls off }"),
         S("a.conf:1:8: 'listen' takes a name of letters, digits, '.', '_' and '-', not "
		  "'m/x'")																		 },
	{ S("queue { lifetime 5 }"),
         S("a.conf:1:18: 'lifetime' takes a time such as 90s, 5m or 1h30m, from 0 to 365d, "
		  "not '5'")																	       },
	{ S("queue { lifetime 400d }"),
         S("a.conf:1:18: 'lifetime' takes a time such as 90s, 5m or 1h30m, from 0 to 365d, "
		  "not '400d'")																	    },
	{ S("queue { retry 5m soon }"),
         S("a.conf:1:18: 'retry' takes a time such as 90s, 5m or 1h30m, from 10ms to 30d, "
		  "not 'soon'")																	    },
	{ S("queue { retry }"),
         S("a.conf:1:9: 'retry' takes 1 to 32 times such as 5m 10m 1h, but nothing follows "
		  "it")																		    },
	{ S("limits { message 50X }"),
         S("a.conf:1:18: 'message' takes a size such as 512K or 50M, from 1K to 1T, not "
		  "'50X'")																		 },
	{ S("limits { recipients 0 }"),
         S("a.conf:1:21: 'recipients' takes a number, from 1 to 100000, not '0'")											  },
	{ S("workers -1"),								      S("a.conf:1:9: 'workers' takes a number, from 0 to 256, not '-1'")         },
	{ S("user ro/ot"),
         S("a.conf:1:6: 'user' takes a name of letters, digits, '.', '_' and '-', not "
		  "'ro/ot'")																	       },
	{ S("directories { spool \"\" }"),						      S("a.conf:1:21: 'spool' takes a path, not ''")                             },
	{ S("log { level debg }"),
         S("a.conf:1:13: 'level' takes debug, info, warning or error, not 'debg'; the "
		  "nearest known word is 'debug'")															 },
	{ S("log json yes"),								    S("a.conf:1:10: 'json' takes no value, and 'yes' follows it")              },
	{ S("resolver { server 127.0.0.1:53 }"),
         S("a.conf:1:19: 'server' takes ADDRESS or ADDRESS@PORT, such as 127.0.0.1@5353, "
		  "not '127.0.0.1:53'")																    },
	{ S("resolver { server 127.0.0.1@0 }"),
         S("a.conf:1:19: 'server' takes ADDRESS or ADDRESS@PORT, such as 127.0.0.1@5353, "
		  "not '127.0.0.1@0'")																     },
	{ S("domain x.org { sub-address ab }"),
         S("a.conf:1:28: 'sub-address' takes characters such as + or +-, or \"\" for none, "
		  "not 'ab'")																	      },
	{ S("domain x.org { catch-all @ }"),
         S("a.conf:1:26: 'catch-all' takes an address, a local part or /dev/null, not "
		  "'@'")																		   },
	{ S("domain x.org { aliases }"),
         S("a.conf:1:16: 'aliases' takes one path or more, but nothing follows it")                                                                                        },
	{ S("domain -x- { }"),
         S("a.conf:1:8: 'domain' takes a domain such as example.org, and a block, not "
		  "'-x-'")																		 },
	{ S("mailbox root { discard }"),
         S("a.conf:1:9: 'mailbox' takes an address such as root@example.org, and a block, "
		  "not 'root'")																	    },
	{ S("route x..y { discard }"),
         S("a.conf:1:7: 'route' takes domains, .subdomains, addresses or *, and a block, "
		  "not 'x..y'")																	    },
 /* transports */
	{ S("transport x { }"),								 S("a.conf:1:1: 'transport' does not say the way: smtp, lmtp, "
				  "maildir, pipe, discard "
				  "or error")											       },
	{ S("transport x { smtp; lmtp unix:/x }"),
         S("a.conf:1:21: 'lmtp' excludes 'smtp', which is at a.conf:1:15")												 },
	{ S("transport x { discard; tls none }"),
         S("a.conf:1:24: 'tls' means nothing to 'discard'")														},
	{ S("transport x { smtp; as jo }"),						     S("a.conf:1:21: 'as' means nothing to 'smtp'")                             },
	{ S("transport x { lmtp unix:/x; port 24 }"),
         S("a.conf:1:29: 'port' means nothing to a unix socket")													   },
	{ S("transport x { lmtp }"),
         S("a.conf:1:15: 'lmtp' takes unix:/path/to/socket, or one host such as "
		  "127.0.0.1:24, but nothing follows it")														  },
	{ S("transport x { smtp 127.0.0.300 }"),
         S("a.conf:1:20: 'smtp' takes nothing (for the MX hosts of the destination), or one "
		  "host such as mail.example.org, 192.0.2.1:25 or [2001:db8::1]:25, not "
		  "'127.0.0.300'")																	 },
	{ S("transport x { smtp a.test:25; port 26 }"),
         S("a.conf:1:36: 'port' says a port, and the host before it says one, too")                                                                                        },
	{ S("transport x { port 26; smtp a.test:25 }"),
         S("a.conf:1:29: 'a.test:25' says a port, and 'port' says one, too")											       },
	{ S("transport x { smtp; source-address 127.0.0.1 127.0.0.2 }"),
         S("a.conf:1:46: 'source-address' takes an IPv4 address, an IPv6 address, or one of "
		  "each, and '127.0.0.2' is too much")														     },
	{ S("transport x { maildir /home/{locl}/Maildir }"),
         S("a.conf:1:23: '{locl}' is unknown here; the nearest known word is '{local}'")                                                                                   },
	{ S("transport x { error 5.1.1 }"),
         S("a.conf:1:15: 'error' takes a text to answer with, perhaps with a status such as "
		  "5.1.1 in front of it")																  },
	{ S("transport mailbox { smtp }"),
         S("a.conf:1:11: no transport may be called 'mailbox': those without a name are")                                                                                  },
	{ S("transport slow { smtp }\nroute x.org { transport solw }"),
         S("a.conf:2:25: unknown transport 'solw'; the nearest known one is 'slow'")                                                                                       },
	{ S("route x.org { transport slow; connections 1 }\ntransport slow { smtp }"),
         S("a.conf:1:31: 'connections' belongs into the block of 'transport slow', which is "
		  "named here")																	    },
	{ S("route x.org { transport a; transport b }"),
         S("a.conf:1:28: 'transport' is given a second time; the first is at a.conf:1:15")                                                                                 },
 /* given twice: each scalar of each block is tried below */
	{ S("log { format plain; json }"),
         S("a.conf:1:21: 'json' excludes 'format', which is at a.conf:1:7")												},
	{ S("resolver { zone z; server 127.0.0.1 }"),
         S("a.conf:1:20: 'server' excludes 'zone', which is at a.conf:1:12")											       },
	{ S("listen a { on *:25; tls off }\nlisten a { on *:26; tls off }"),
         S("a.conf:2:8: listen 'a' is given a second time; the first is at a.conf:1:8")                                                                                    },
	{ S("transport a { smtp }\ntransport a { smtp }"),
         S("a.conf:2:11: transport 'a' is given a second time; the first is at "
		  "a.conf:1:11")																	   },
	{ S("domain x.org { }\ndomain X.Org { }"),
         S("a.conf:2:8: domain 'X.Org' is given a second time; the first is at "
		  "a.conf:1:8")																	    },
	{ S("mailbox a@x.org { discard }\nmailbox A@X.ORG { discard }"),
         S("a.conf:2:9: mailbox 'A@X.ORG' is given a second time; the first is at "
		  "a.conf:1:9")																	    },
	{ S("route a.org b.org { discard }\nroute B.org { discard }"),
         S("a.conf:2:7: route 'B.org' is given a second time; the first is at "
		  "a.conf:1:13")																	   },
 /* between words */
	{ S("listen a { on *:25; tls off }\nlisten b { on 127.0.0.1:25; tls off }"),
         S("a.conf:2:15: 127.0.0.1:25 is listened on already, at a.conf:1:15")											     },
	{ S("queue { warn 5d }"),
         S("a.conf:1:9: this can never apply: the lifetime of mail (5d, the default) is "
		  "over before")																	   },
	{ S("queue { warn 2h; lifetime 1h }"),
         S("a.conf:1:9: this can never apply: the lifetime of mail (1h, a.conf:1:18) is "
		  "over before")																	   },
	{ S("resolver { zone z; anchor a }"),
         S("a.conf:1:20: 'anchor' means nothing where 'zone' answers")												     },
 /* origin marks */
	{ S("#@ conf.d/x.conf:7:3,9\nuser a/b"),
         S("conf.d/x.conf:7:9: 'user' takes a name of letters, digits, '.', '_' and '-', "
		  "not 'a/b'")																	     },
	{ S("#@ conf.d/x.conf:7:3,9\n\nqueue {\n #@ conf.d/x.conf:8:4\n lifetime x\n}"),
         S("conf.d/x.conf:8:4: 'lifetime' takes a time such as 90s, 5m or 1h30m, from 0 to "
		  "365d, not 'x'")																	 },
	{ S("#@ x:0:1\nuser a/b"),
         S("a.conf:2:6: 'user' takes a name of letters, digits, '.', '_' and '-', not "
		  "'a/b'")																		 },
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
	{S(""),			     S("postmaster"),              S("a@x.org"),   S("")  },
	{ S(""),			    S("user"),                    S("mail"),      S("")  },
	{ S(""),			    S("workers"),                 S("2"),         S("")  },
	{ S("listen a { on *:25; "),        S("tls"),                     S("off"),       S(" }")},
	{ S("tls { "),                      S("minimum"),                 S("1.3"),       S(" }")},
	{ S("tls { key k; "),               S("certificate"),             S("c"),         S(" }")},
	{ S("tls { certificate c; "),       S("key"),                     S("k"),         S(" }")},
	{ S("tls a.b { key k; "),           S("certificate"),             S("c"),         S(" }")},
	{ S("listen a { on *:25; key k; "), S("certificate"),             S("c"),         S(" }")},
	{ S("transport a { "),              S("smtp"),                    S(""),          S(" }")},
	{ S("transport a { "),              S("lmtp"),                    S("unix:/x"),   S(" }")},
	{ S("transport a { "),              S("maildir"),                 S("/x"),        S(" }")},
	{ S("transport a { "),              S("discard"),                 S(""),          S(" }")},
	{ S("transport a { "),              S("error"),                   S("no"),        S(" }")},
	{ S("transport a { smtp; "),        S("port"),                    S("26"),        S(" }")},
	{ S("transport a { smtp; "),        S("tls"),                     S("encrypt"),   S(" }")},
	{ S("transport a { smtp; "),        S("connections"),             S("1"),         S(" }")},
	{ S("transport a { smtp; "),        S("delay-between"),           S("1s"),        S(" }")},
	{ S("transport a { smtp; "),        S("messages-per-connection"), S("1"),         S(" }")},
	{ S("transport a { smtp; "),        S("source-address"),          S("192.0.2.1"), S(" }")},
	{ S("transport a { smtp; "),        S("connect-timeout"),         S("1s"),        S(" }")},
	{ S("transport a { maildir /x; "),  S("as"),                      S("jo"),        S(" }")},
	{ S("route x.org { "),              S("transport"),               S("smtp"),      S(" }")},
	{ S("mailbox a@x.org { "),          S("transport"),               S("smtp"),      S(" }")},
	{ S("domain x.org { "),             S("catch-all"),               S("jo"),        S(" }")},
	{ S("domain x.org { "),             S("sub-address"),             S("-"),         S(" }")},
	{ S("queue { "),                    S("retry"),                   S("1m 2m"),     S(" }")},
	{ S("queue { "),                    S("warn"),                    S("4h"),        S(" }")},
	{ S("queue { "),                    S("lifetime"),                S("3d"),        S(" }")},
	{ S("queue { "),                    S("bounce-lifetime"),         S("1d"),        S(" }")},
	{ S("queue { "),                    S("reserve"),                 S("1G"),        S(" }")},
	{ S("queue { "),                    S("memory"),                  S("1G"),        S(" }")},
	{ S("limits { "),                   S("line"),                    S("4K"),        S(" }")},
	{ S("limits { "),                   S("text-line"),               S("4K"),        S(" }")},
	{ S("limits { "),                   S("message"),                 S("4M"),        S(" }")},
	{ S("limits { "),                   S("header"),                  S("4M"),        S(" }")},
	{ S("limits { "),                   S("received"),                S("4"),         S(" }")},
	{ S("limits { "),                   S("recipients"),              S("4"),         S(" }")},
	{ S("limits { "),                   S("transactions"),            S("4"),         S(" }")},
	{ S("limits { "),                   S("idle-commands"),           S("4"),         S(" }")},
	{ S("limits { "),                   S("errors"),                  S("4"),         S(" }")},
	{ S("limits { "),                   S("command-timeout"),         S("4s"),        S(" }")},
	{ S("limits { "),                   S("data-timeout"),            S("4s"),        S(" }")},
	{ S("limits { "),                   S("message-timeout"),         S("4s"),        S(" }")},
	{ S("limits { "),                   S("answer-timeout"),          S("4s"),        S(" }")},
	{ S("limits { "),                   S("sessions"),                S("4"),         S(" }")},
	{ S("limits { "),                   S("sessions-per-client"),     S("4"),         S(" }")},
	{ S("limits { "),                   S("alias-depth"),             S("4"),         S(" }")},
	{ S("limits { "),                   S("alias-targets"),           S("4"),         S(" }")},
	{ S("resolver { "),                 S("zone"),                    S("z"),         S(" }")},
	{ S("resolver { "),                 S("anchor"),                  S("a"),         S(" }")},
	{ S("directories { "),              S("spool"),                   S("s"),         S(" }")},
	{ S("directories { "),              S("state"),                   S("s"),         S(" }")},
	{ S("directories { "),              S("run"),                     S("s"),         S(" }")},
	{ S("log { "),                      S("format"),                  S("json"),      S(" }")},
	{ S("log { "),                      S("plain"),                   S(""),          S(" }")},
	{ S("log { "),                      S("json"),                    S(""),          S(" }")},
	{ S("log { "),                      S("level"),                   S("debug"),     S(" }")},
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
	CHECK_INT(lines, CONF_ERRORS_MAX + 1);
	CHECK(str_ends(buf_str(&errors), S("\nand 200 errors more\n")));
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
