/* Rows of conf/schema: words of a hosted domain. */
/* clang-format off */
	{ ROW(CONF_IN_DOMAIN, "virtual"), PATHS(conf_domain, virtuals),
	  .takes = "FILE ...",
	  .text = "Tables in the format of virtual(5)." },
	{ ROW(CONF_IN_DOMAIN, "transports"), PATHS(conf_domain, transports),
	  .takes = "FILE ...",
	  .text = "Tables in the format of transport(5): \"ADDRESS TRANSPORT:NEXTHOP\", or the domain "
		  "itself for all other addresses.  TRANSPORT is a transport of the configuration, "
		  "or one of smtp, relay (which is smtp), error and discard; the words behind "
		  "\"error:\" are the refusal, 550 5.1.1 where they begin with no other status.  "
		  "\"[HOST]:PORT\" behind smtp is a host without MX look-up.  A row is asked after "
		  "aliases and mailboxes, the one of the domain at last.  Rows of other domains are "
		  "skipped.  The server looks every second whether somebody has rewritten such a "
		  "file, and then reads it again; an error in it is logged, and the former table "
		  "stays." },
	{ ROW(CONF_IN_DOMAIN, "virtual-table"), USES(conf_domain, tables.virtuals),
	  .takes = "TABLE ...",
	  .text = "Tables that are asked at RCPT, behind the files of 'virtual': for user+tag@domain, "
		  "for user@domain, and behind all that knows the address for @domain (which a pcre "
		  "table is not asked for).  A value is the targets, with commas between them, or "
		  "@domain, the same user there.  See TABLES OF A DOMAIN." },
	{ ROW(CONF_IN_DOMAIN, "alias-table"), USES(conf_domain, tables.aliases),
	  .takes = "TABLE ...",
	  .text = "The same behind the files of 'aliases', by the local part alone: user+tag, then "
		  "user; and owner-NAME behind an alias NAME that was found in one." },
	{ ROW(CONF_IN_DOMAIN, "recipient-table"), USES(conf_domain, tables.recipients),
	  .takes = "TABLE ...",
	  .text = "Who has a mailbox behind 'relay' or 'mailboxes', as with 'recipients': an address "
		  "for which one of them has anything, by user+tag@domain or user@domain." },
	{ ROW(CONF_IN_DOMAIN, "transport-table"), USES(conf_domain, tables.transports),
	  .takes = "TABLE ...",
	  .text = "Behind the files of 'transports', by user+tag@domain and user@domain, and at last "
		  "by the domain.  A value is TRANSPORT:NEXTHOP, as there.  It is asked once, at RCPT: "
		  "mail that is in the queue keeps its way." },
	{ ROW(CONF_IN_DOMAIN, "catch-all"), TARGET(conf_domain, catch_all),
	  .takes = "TARGET",
	  .text = "Who gets the mail for unknown recipients: an address, a local part, or "
		  "/dev/null.  Without it they are refused." },
	{ ROW(CONF_IN_DOMAIN, "sub-address"), CHARACTERS(conf_domain, sub_address), .preset = "+",
	  .takes = "CHARACTERS",
	  .text = "What stands behind one of these in a local part is the recipient's own business: "
		  "jo+shop is jo.  \"\" is none." },
