/* Rows of conf/schema: ways in and out that are no plain transports, and bounces. */
/* clang-format off */
	{ ROW(CONF_IN_TOP, "bounce-language"),
	  READ_BY(conf_ways_read_languages, conf, bounce_languages, struct conf_languages),
	  .takes = "en | fr ...",
	  .text = "The language in which bounces and other reports speak to people; of several, each "
		  "report speaks all, one after the other.  Without it: en." },
	{ ROW(CONF_IN_TOP, "route-from"), OPENS_BY(conf_ways_read_route_from, CONF_IN_WAY),
	  .takes = "PATTERN ...",
	  .text = "Which way mail of a sender takes where no route names its destination: before "
		  "'route *' and the transport smtp, behind all other routes and all hosted domains. "
		  "A pattern is an address, a domain, .domain for all names below it, or <> for the "
		  "null sender, of bounces; the most telling one is taken.  It is the sender in the "
		  "envelope, for a list with an owner owner-NAME.  (As "
		  "sender_dependent_default_transport_maps of Postfix.)" },

	{ ROW(CONF_IN_DOMAIN, "aliases"), .shape = CONF_OPEN, .read = conf_ways_read_aliases,
	  .block = CONF_IN_ALIASES, .adds_up = true,
	  .takes = "FILE ...",
	  .text = "Tables in the format of aliases(5).  A block says what else than addresses, "
		  "/dev/null and :include: may stand in them; without it, |commands and /files are "
		  "refused.  In included files they always are." },
	{ ROW(CONF_IN_DOMAIN, "relay"), .read = conf_ways_read_relay, .group = CONF_GROUP_WHOLE,
	  .takes = "HOST[:PORT]",
	  .text = "Another server has the mailboxes of this domain, and gets by SMTP what no alias, "
		  "no mailbox and no row of a transport file takes.  Who exists there, "
		  "'recipients' says." },
	{ ROW(CONF_IN_DOMAIN, "mailboxes"), .shape = CONF_APART, .read = conf_ways_read_mailboxes,
	  .block = CONF_IN_WAY, .group = CONF_GROUP_WHOLE,
	  .text = "The same with any way: the words of a transport, or the name of one, as in "
		  "mailbox; such as { lmtp unix:/run/dovecot/lmtp }." },
	{ ROW(CONF_IN_DOMAIN, "recipients"), PATHS(conf_domain, recipients),
	  .takes = "FILE ...",
	  .text = "Who has a mailbox behind 'relay' or 'mailboxes': one a line, a local part or an "
		  "address of this domain, and what stands behind a blank or a colon does not "
		  "count, so that a Dovecot passwd-file or a table of Postfix's "
		  "relay_recipient_maps will do; addresses of other domains are skipped.  Mail for "
		  "everybody else is refused, so that no bounce goes to a forged sender.  The server "
		  "looks every second whether somebody has rewritten such a file, and then reads it "
		  "again." },

	{ ROW(CONF_IN_ALIASES, "programs"), .shape = CONF_APART,
	  .block = CONF_IN_TRANSPORT, READ_BY(conf_ways_read_programs, conf_alias_file, programs, const struct conf_transport *),
	  .text = "Aliases of these files may lead to programs, |PROGRAM ARGUMENT ..., which get the "
		  "mail as with pipe: the short form is 'programs as USER', a block may hold the "
		  "other words of a pipe.  'as' must be said.  No shell reads the command: one that "
		  "needs a shell is refused." },
	{ ROW(CONF_IN_ALIASES, "files"), .shape = CONF_APART,
	  .block = CONF_IN_TRANSPORT, READ_BY(conf_ways_read_files, conf_alias_file, files, const struct conf_transport *),
	  .text = "Aliases of these files may lead to files, which this user writes: /PATH is a file "
		  "in mbox format, to which mail is appended under a lock (fcntl, and PATH.lock "
		  "where that can be made); /PATH/, with a slash at its end, is a Maildir." },
