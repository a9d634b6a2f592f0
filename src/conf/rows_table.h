/* Rows of conf/schema: tables, and what they decide: access, headers, rewrite, copy-to. */
/* clang-format off */
	{ ROW(CONF_IN_TOP, "table"), .shape = CONF_NAMED, .read = conf_table_block,
	  .block = CONF_IN_TABLE, .adds_up = true,
	  .takes = "NAME",
	  .text = "Something to look into: a file, or a database or directory that is asked.  "
		  "Where a table is used, its name stands, or, as in Postfix, \"hash:FILE\" (also "
		  "\"file:\", \"btree:\", \"lmdb:\", \"cdb:\" and \"texthash:\", which all mean the "
		  "text file), \"cidr:FILE\" or \"pcre:FILE\" (also \"regexp:\").  Several tables are "
		  "asked one after the other." },
	{ ROW(CONF_IN_TOP, "access"), SECTION(CONF_IN_ACCESS),
	  .offset = FIELD(conf, access, struct conf_access),
	  .text = "Rules for who may send here, see TABLES." },
	{ ROW(CONF_IN_TOP, "headers"), USES(conf, headers),
	  .takes = "TABLE ...",
	  .text = "Rules for the fields of a message's header, each unfolded into one line "
		  "\"Name: value\", in the order of the tables and their lines.  They are pcre "
		  "tables, see TABLES." },
	{ ROW(CONF_IN_TOP, "body"), USES(conf, body),
	  .takes = "TABLE ...",
	  .text = "Rules for the lines of a message's body, as they come: what a part of it has encoded "
		  "stays so.  The first 50K of it are looked at, and a line that is longer than 2048 "
		  "octets in pieces.  They are pcre tables, see TABLES." },
	{ ROW(CONF_IN_TOP, "rewrite"), SECTION(CONF_IN_REWRITE),
	  .offset = FIELD(conf, rewrite, struct conf_rewrite),
	  .text = "Addresses that are replaced by others, see TABLES." },
	{ ROW(CONF_IN_TOP, "copy-to"), SECTION(CONF_IN_COPY),
	  .offset = FIELD(conf, copy, struct conf_copy),
	  .text = "Who gets a copy of the mail that comes in, without anybody seeing it in the "
		  "message.  A copy has the same sender, and asks for no reports.  Our own bounces "
		  "and notices are not copied, nor is what a rule discards." },
	{ ROW(CONF_IN_TOP, "soft-bounce"), CHOICE(conf, soft_bounce, enum conf_switch, on_off),
	  .preset = "off",
	  .takes = "on | off",
	  .text = "A net under a new configuration: permanent refusals become temporary ones.  "
		  "Clients hear 4xx instead of 5xx, but to a login; what a next hop or we ourselves "
		  "refuse stays in the queue instead of going back to its sender, for longer than its "
		  "lifetime, too.  The log has the 4xx that was said.  Once it is off again, what is "
		  "refused goes back at its next attempt." },
	{ ROW(CONF_IN_TABLE, "file"), .read = conf_table_files, .group = CONF_GROUP_SOURCE,
	  .takes = "FILE ...",
	  .text = "\"KEY VALUE\" a line, as in access(5) or canonical(5); compile puts it into the "
		  "generation.  Keys know no upper and lower case.  A key that is given twice is "
		  "refused, unless another file gave it: then the first one counts." },
	{ ROW(CONF_IN_TABLE, "cidr"), .read = conf_table_files, .group = CONF_GROUP_SOURCE,
	  .takes = "FILE ...",
	  .text = "\"NETWORK VALUE\" a line, as in cidr_table(5), with \"!NETWORK\" for what is not "
		  "in it, and \"if [!]NETWORK\" to \"endif\".  The first line that matches counts." },
	{ ROW(CONF_IN_TABLE, "pcre"), .read = conf_table_files, .group = CONF_GROUP_SOURCE,
	  .takes = "FILE ...",
	  .text = "\"/EXPRESSION/FLAGS VALUE\" a line, as in pcre_table(5), with \"!/EXPRESSION/\", "
		  "\"if [!]/EXPRESSION/\" to \"endif\", the flags i m s x A E U, and $1 or ${1} in the "
		  "value for what the first group matched.  The first line that matches counts.  A "
		  "match that would take too long is given up, which is a failure." },
	{ ROW(CONF_IN_TABLE, "sqlite"), .read = conf_table_sqlite, .group = CONF_GROUP_SOURCE,
	  .takes = "FILE",
	  .text = "An SQLite database, which is opened for reading only." },
	{ ROW(CONF_IN_TABLE, "pgsql"), .read = conf_table_pgsql, .group = CONF_GROUP_SOURCE,
	  .takes = "\"CONNECTION\"",
	  .text = "A PostgreSQL database, by a connection string or URI of libpq: \"host=/run/postgresql "
		  "dbname=mail user=facteur\"." },
	{ ROW(CONF_IN_TABLE, "ldap"), .read = conf_table_ldap, .group = CONF_GROUP_SOURCE,
	  .takes = "URI ...",
	  .text = "An LDAP directory: ldap://HOST[:PORT], ldaps:// or ldapi://.  Several are tried in "
		  "their order." },
	{ ROW(CONF_IN_TABLE, "query"), READ(text, conf_table, query, struct conf_text),
	  .takes = "\"SQL\"",
	  .text = "Of sqlite and pgsql: %s is the key, %u its local part, %d its domain, %% a "
		  "percent sign; with quotes around or without, they are bound, never pasted.  The "
		  "columns and rows of the answer are joined by \", \"." },
	{ ROW(CONF_IN_TABLE, "base"), READ(string, conf_table, source.base, str),
	  .takes = "DN",
	  .text = "Of ldap: where to search." },
	{ ROW(CONF_IN_TABLE, "scope"), CHOICE(conf_table, source.scope, enum source_scope, scopes),
	  .preset = "sub",
	  .takes = "sub | one | base",
	  .text = "Of ldap: how deep." },
	{ ROW(CONF_IN_TABLE, "filter"), READ(text, conf_table, filter, struct conf_text),
	  .takes = "\"FILTER\"",
	  .text = "Of ldap: %s, %u and %d as in a query, escaped." },
	{ ROW(CONF_IN_TABLE, "attribute"), .read = conf_table_attributes,
	  .takes = "NAME ...",
	  .text = "Of ldap: what is read; several values are joined by \", \"." },
	{ ROW(CONF_IN_TABLE, "bind"), READ(string, conf_table, source.bind_name, str),
	  .takes = "DN",
	  .text = "Of ldap: as whom to ask.  Without it: anonymously." },
	{ ROW(CONF_IN_TABLE, "password-file"), PATH(conf_table, password_file),
	  .takes = "FILE",
	  .text = "Of ldap and pgsql: a file whose first line is the password." },
	{ ROW(CONF_IN_TABLE, "start-tls"),
	  FLAG(conf_table, source.tls, enum source_tls, start_tls),
	  .text = "Of ldap: not without TLS, and a certificate that is good for the host." },
	{ ROW(CONF_IN_TABLE, "ca"), PATH(conf_table, source.ca_file),
	  .takes = "FILE",
	  .text = "Of ldap: the authorities to believe, instead of the system's." },
	{ ROW(CONF_IN_TABLE, "result"), READ(string, conf_table, result, str),
	  .takes = "TEXT",
	  .text = "Of sqlite, pgsql and ldap: what is taken for the value, with %s where the answer "
		  "stands.  \"result accept\" makes a rule of a table that just has the key." },
	{ ROW(CONF_IN_TABLE, "timeout"), TIME(conf_table, source.timeout_ms, 10, HOUR), .preset = "5s",
	  .takes = "TIME",
	  .text = "Of sqlite, pgsql and ldap, like all that follows: how long a question may take, "
		  "connecting and waiting for others included." },
	{ ROW(CONF_IN_TABLE, "connections"), COUNT(conf_table, source.connections, 1, 100),
	  .preset = "2",
	  .takes = "NUMBER",
	  .text = "At the same time, each with a thread." },
	{ ROW(CONF_IN_TABLE, "waiting"), COUNT(conf_table, source.waiting_max, 1, 100000),
	  .preset = "1000",
	  .takes = "NUMBER",
	  .text = "Questions that may wait for a connection; more fail at once." },
	{ ROW(CONF_IN_TABLE, "cache"), TIME(conf_table, cache_ms, 0, DAY), .preset = "1m",
	  .takes = "TIME",
	  .text = "How long an answer is believed, and that there is none; 0: not at all.  Failures "
		  "are not kept." },
	{ ROW(CONF_IN_TABLE, "cache-entries"), COUNT(conf_table, cache_entries, 1, 10000000),
	  .preset = "10000",
	  .takes = "NUMBER",
	  .text = "Answers that are kept." },
	{ ROW(CONF_IN_TABLE, "on-failure"),
	  CHOICE(conf_table, on_failure, enum conf_failure, failures), .preset = "defer",
	  .takes = "accept | defer | reject | hold",
	  .text = "What it means that a table gave no answer, of pcre too: as if it had nothing for "
		  "the key, refusal for now (451), refusal for good (550), or the mail is taken and "
		  "held." },

	{ ROW(CONF_IN_ACCESS, "client"), USES(conf_access, client),
	  .takes = "TABLE ...",
	  .text = "By the client's address." },
	{ ROW(CONF_IN_ACCESS, "helo"), USES(conf_access, helo),
	  .takes = "TABLE ...",
	  .text = "By what it calls itself." },
	{ ROW(CONF_IN_ACCESS, "sender"), USES(conf_access, sender),
	  .takes = "TABLE ...",
	  .text = "By the envelope sender; <> is the null sender." },
	{ ROW(CONF_IN_ACCESS, "recipient"), USES(conf_access, recipient),
	  .takes = "TABLE ...",
	  .text = "By the recipient as the client says it." },

	{ ROW(CONF_IN_REWRITE, "sender"), USES(conf_rewrite, sender),
	  .takes = "TABLE ...",
	  .text = "The envelope sender, of everybody's mail.  It is judged as it was said." },
	{ ROW(CONF_IN_REWRITE, "recipient"), USES(conf_rewrite, recipient),
	  .takes = "TABLE ...",
	  .text = "Envelope recipients, of everybody's mail, before aliases.  Of a client that may "
		  "not relay, what comes out must be hosted here, too." },
	{ ROW(CONF_IN_REWRITE, "header-sender"), USES(conf_rewrite, header_sender),
	  .takes = "TABLE ...",
	  .text = "Addresses in From, Sender, Reply-To, their Resent- forms, Errors-To, "
		  "Return-Receipt-To and Disposition-Notification-To, in mail of clients that may "
		  "relay; that of strangers stays as it is.  Tables that are asked over a connection "
		  "cannot be used for headers." },
	{ ROW(CONF_IN_REWRITE, "header-recipient"), USES(conf_rewrite, header_recipient),
	  .takes = "TABLE ...",
	  .text = "The same for To, Cc, Bcc and their Resent- forms." },
	{ ROW(CONF_IN_REWRITE, "masquerade"), .read = conf_table_masks,
	  .offset = FIELD(conf_rewrite, masquerade, struct conf_texts), .adds_up = true,
	  .takes = "[!]DOMAIN ...",
	  .text = "Addresses at hosts below one of these become addresses at it; with ! they stay.  "
		  "The first one counts that has the host.  After the tables." },
	{ ROW(CONF_IN_REWRITE, "masquerade-except"), .read = conf_table_locals,
	  .offset = FIELD(conf_rewrite, except, struct conf_texts), .adds_up = true,
	  .takes = "LOCAL-PART ...",
	  .text = "Those of these local parts stay, root for example." },
	{ ROW(CONF_IN_REWRITE, "masquerade-in"),
	  CHOICE(conf_rewrite, masquerade_in, enum conf_part, parts), .preset = "both",
	  .takes = "envelope | header | both",
	  .text = "Where that is done: the envelope sender, the fields of header-sender and "
		  "header-recipient, or both." },

	{ ROW(CONF_IN_COPY, "always"), .read = conf_table_addresses,
	  .offset = FIELD(conf_copy, always, struct conf_texts), .adds_up = true,
	  .takes = "ADDRESS ...",
	  .text = "Of all mail." },
	{ ROW(CONF_IN_COPY, "sender"), USES(conf_copy, sender),
	  .takes = "TABLE ...",
	  .text = "By the envelope sender; the values are addresses, with commas between them." },
	{ ROW(CONF_IN_COPY, "recipient"), USES(conf_copy, recipient),
	  .takes = "TABLE ...",
	  .text = "By each recipient that was taken, before aliases." },
