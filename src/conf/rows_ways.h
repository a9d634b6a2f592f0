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
		  "'recipients' says; without it the server itself is asked, see 'call-out'." },
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

	{ ROW(CONF_IN_TOP, "call-out"), SECTION(CONF_IN_CALL_OUT), .offset = FIELD(conf, call_out, struct conf_call_out),
	  .text = "How the server behind 'relay' or 'mailboxes' (by SMTP or LMTP) is asked whether it has "
		  "a recipient, where no file of recipients says it: by MAIL FROM:<> and RCPT, when "
		  "that recipient is named at our own RCPT, which waits for the answer.  A refusal "
		  "for good there is one here; each worker remembers up to 10,000 answers." },
	{ ROW(CONF_IN_CALL_OUT, "keep"), TIME(conf_call_out, keep_ms, 0, 365 * DAY), .preset = "1d",
	  .takes = "TIME",
	  .text = "How long it is remembered that a recipient is there." },
	{ ROW(CONF_IN_CALL_OUT, "keep-unknown"), TIME(conf_call_out, keep_unknown_ms, 0, 365 * DAY),
	  .preset = "1h",
	  .takes = "TIME",
	  .text = "How long it is remembered that there is none." },
	{ ROW(CONF_IN_CALL_OUT, "timeout"), TIME(conf_call_out, timeout_ms, 10, HOUR), .preset = "30s",
	  .takes = "TIME",
	  .text = "From the question to the answer; then there is none." },
	{ ROW(CONF_IN_CALL_OUT, "on-failure"),
	  CHOICE(conf_call_out, on_failure, enum conf_call_out_failure, call_out_failures),
	  .preset = "defer",
	  .takes = "defer | accept",
	  .text = "Without an answer the recipient is refused for now (450), or accepted all the same: "
		  "then mail for nobody is bounced, to senders who may be forged." },
