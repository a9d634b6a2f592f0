/* Rows of conf/schema: words outside of all blocks, and those of bare-newlines. */
/* clang-format off */
	{ ROW(CONF_IN_TOP, "hostname"), HOSTNAME(conf, hostname),
	  .takes = "HOST",
	  .text = "The name of this server in its banner, in EHLO and in the fields that it adds.  "
		  "It must be given." },
	{ ROW(CONF_IN_TOP, "postmaster"), ADDRESS(conf, postmaster),
	  .takes = "ADDRESS",
	  .text = "Who gets the mail for postmaster of every hosted domain that names nobody else, "
		  "and what cannot be returned to its sender.  Where it is not given: postmaster at "
		  "the hostname." },
	{ ROW(CONF_IN_TOP, "relay-for"), NETS_BUT(conf, relay_for),
	  .takes = "NETWORK | !NETWORK ...",
	  .text = "Clients that may send to the whole world without a password.  Anybody else may "
		  "send to hosted domains only.  With an exclamation mark in front, an address or a "
		  "network is taken out of those that follow.  The default gateway of this machine "
		  "(who translates addresses brings strangers under his own) and proxies "
		  "(proxy-protocol, xclient-hosts) must not be among them: facteur check refuses that." },
	{ ROW(CONF_IN_TOP, "bare-newlines"), SECTION(CONF_IN_NEWLINES),
	  .text = "What becomes of lines that do not end in CRLF.  They are refused; old appliances "
		  "of one's own may be spared." },
	{ ROW(CONF_IN_TOP, "listen"), OPENS(listen, CONF_IN_LISTEN),
	  .takes = "NAME",
	  .text = "A listener for SMTP." },
	{ ROW(CONF_IN_TOP, "domain"), OPENS(domain, CONF_IN_DOMAIN),
	  .takes = "DOMAIN",
	  .text = "A hosted domain: its mail is accepted from everybody, for the recipients that "
		  "its tables and mailboxes know.  Names outside of ASCII are put into their IDNA "
		  "form." },
	{ ROW(CONF_IN_TOP, "mailbox"), OPENS(mailbox, CONF_IN_WAY),
	  .takes = "ADDRESS",
	  .text = "An address of a hosted domain that has a mailbox, and the way into it: the words "
		  "of a transport, or the name of one." },
	{ ROW(CONF_IN_TOP, "transport"), OPENS(transport, CONF_IN_TRANSPORT),
	  .takes = "NAME",
	  .text = "A way out for mail.  The one called smtp is taken where no route says another; "
		  "without being written, it is direct SMTP to the MX hosts of the destination." },
	{ ROW(CONF_IN_TOP, "provider"), .shape = CONF_NAMED, .read = conf_provider_block,
	  .block = CONF_IN_PROVIDER, .adds_up = true,
	  .takes = "NAME",
	  .text = "Who runs the MX hosts of many domains.  The limits of a transport hold for a "
		  "provider, not for each domain: mail of one transport for domains that share an MX "
		  "host shares them without being told.  This block puts together what shares no "
		  "host, and may say other limits; each transport counts for itself." },
	{ ROW(CONF_IN_TOP, "route"), OPENS(route, CONF_IN_WAY),
	  .takes = "PATTERN ...",
	  .text = "Which way mail for a destination takes: the name of a transport, or its words.  "
		  "A pattern is an address, a domain, .domain for all names below it, or * for all "
		  "else; the most telling one is taken." },
	{ ROW(CONF_IN_TOP, "queue"), SECTION(CONF_IN_QUEUE), .offset = FIELD(conf, queue, struct conf_queue),
	  .text = "How long, and how often, delivery is tried." },
	{ ROW(CONF_IN_TOP, "quarantine"), SECTION(CONF_IN_QUARANTINE), .offset = FIELD(conf, quarantine, struct conf_quarantine),
	  .text = "How much of strangers' mail that dmarc quarantined holds in the queue, and for how "
		  "long.  What an administrator, a table or the limits of a login hold counts for "
		  "nothing here, and is kept until somebody ends it." },
	{ ROW(CONF_IN_TOP, "limits"), SECTION(CONF_IN_LIMITS), .offset = FIELD(conf, limits, struct conf_limits),
	  .text = "What a stranger may cost us." },
	{ ROW(CONF_IN_TOP, "resolver"), SECTION(CONF_IN_RESOLVER), .offset = FIELD(conf, resolver, struct conf_resolver),
	  .text = "Whom the resolver asks.  Where nothing is said: the servers of resolv.conf(5)." },
	{ ROW(CONF_IN_TOP, "directories"), SECTION(CONF_IN_DIRECTORIES),
	  .text = "Where the server keeps what it writes.  Relative paths, here and elsewhere, start "
		  "in the configuration folder." },
	{ ROW(CONF_IN_TOP, "user"), NAME(conf, user), .preset = "facteur",
	  .takes = "USER",
	  .text = "Whom the server becomes after the start, when root starts it." },
	{ ROW(CONF_IN_TOP, "workers"), COUNT(conf, workers, 0, 256), .preset = "0",
	  .takes = "NUMBER",
	  .text = "Threads that hold sessions; 0: one for every two cores." },
	{ ROW(CONF_IN_TOP, "log"), SECTION(CONF_IN_LOG),
	  .text = "What is logged, and how." },

	{ ROW(CONF_IN_NEWLINES, "repair"), NETS(conf, repair_newlines),
	  .takes = "NETWORK ...",
	  .text = "From these clients a bare LF is taken for the end of a line, in commands and in "
		  "messages, and becomes CRLF.  A message ends in a dot between two CRLF all the "
		  "same." },
