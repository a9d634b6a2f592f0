/* Rows of conf/schema: words of transports, of the ways of routes and mailboxes, of providers. */
/* clang-format off */
	{ ROW(CONF_IN_WAY, "transport"), NAMED(conf_way, named),
	  .takes = "NAME",
	  .text = "The transport that is taken, in place of all words below." },
	{ ROW(IN_HOP, "smtp"), WAY(smtp),
	  .takes = "[HOST[:PORT]]",
	  .text = "To this host, without asking for MX records; without a host, to the MX hosts of "
		  "the destination." },
	{ ROW(IN_HOP, "lmtp"), WAY(lmtp),
	  .takes = "unix:PATH | HOST[:PORT]",
	  .text = "By LMTP into a store such as Dovecot.  The port is 24 where none is said." },
	{ ROW(IN_HOP, "maildir"), WAY(maildir),
	  .takes = "PATH",
	  .text = "Into a Maildir.  {local}, {domain} and {address} stand for those of the "
		  "recipient." },
	{ ROW(IN_HOP, "pipe"), WAY(pipe),
	  .takes = "\"PROGRAM [ARGUMENT ...]\"",
	  .text = "Into the standard input of a program, in lines that end in LF, one recipient a "
		  "run.  One value is cut into arguments at its blanks, of several each is an "
		  "argument; no shell sees them.  {recipient}, {sender} (empty for the null sender), "
		  "{id}, {local} and {domain} are those of the mail, {nexthop} is the domain where no "
		  "table says another.  An address that would begin an argument with a hyphen is "
		  "refused.  In the environment are PATH, SHELL, HOME, USER, LOGNAME, RECIPIENT, "
		  "SENDER, NEXTHOP, LOCAL, DOMAIN and QUEUE_ID, and nothing else.  The exit code is "
		  "read as Postfix reads it: 0 is delivered; of sysexits.h, 71 and 75 mean later "
		  "(4.3.0), the others never: 64, 66, 69, 70, 72 and 74 5.3.0, 65 5.6.0, 67 5.1.1, 68 "
		  "5.1.2, 73 5.2.0, 76 5.5.0, 77 5.7.0, 78 5.3.5; any other code is 5.3.0, and a "
		  "death by a signal 4.3.0.  What it says becomes the text of the report; where that "
		  "begins with an enhanced status of the class 4 or 5, this one counts." },
	{ ROW(IN_HOP, "discard"), WAY(discard),
	  .text = "Nowhere: the mail vanishes, and the log says so." },
	{ ROW(IN_HOP, "error"), WAY(error),
	  .takes = "[STATUS] TEXT",
	  .text = "Back: the recipient is refused with this enhanced status (RFC 3463, 5.0.0 where "
		  "none is said) and this text." },
	{ ROW(IN_HOP, "port"), .read = conf_transport_port, .kinds = HAS_PEER,
	  .takes = "NUMBER",
	  .text = "The port of the next hop, where it is not said behind the host: 25, with LMTP "
		  "24." },
	{ ROW(IN_HOP, "tls"), CHOICE(conf_transport, tls, enum conf_tls_level, hop_tls),
	  .preset = "may", .kinds = HAS_PEER,
	  .takes = "none | may | encrypt | fingerprint | verify | secure",
	  .text = "As the TLS levels of Postfix: never; when the peer offers it; not without it; only "
		  "with a certificate, or the key of one, that fingerprint names; only with one that "
		  "an authority has signed for the name of the host, as MX records say it; only with "
		  "one for the domain of the next hop, or a name below it, whatever the DNS says.  A "
		  "host whose certificate is not good enough gets no mail: the next one is tried, and "
		  "then the mail waits (4.7.5).  With LMTP the default is none." },
	{ ROW(IN_HOP, "fingerprint"), .read = conf_tls_block_digests, .adds_up = true,
	  .kinds = HAS_PEER, .offset = FIELD(conf_transport, peer, struct conf_tls_peer),
	  .takes = "SHA256 ...",
	  .text = "The SHA-256 digests, in hexadecimal, with or without colons, of the certificates "
		  "or of their public keys that are good enough for the level fingerprint; nothing "
		  "else of the certificate counts, neither its end nor its names." },
	{ ROW(IN_HOP, "trust"), CERTIFICATE(conf_transport, peer.trust), .kinds = HAS_PEER,
	  .takes = "FILE",
	  .text = "The authorities, PEM, that the levels verify and secure believe, in place of those "
		  "of the system." },
	{ ROW(IN_HOP, "match"), .read = conf_tls_block_names, .adds_up = true,
	  .kinds = HAS_PEER, .offset = FIELD(conf_transport, peer, struct conf_tls_peer),
	  .takes = "NAME | .NAME | hostname | nexthop | dot-nexthop ...",
	  .text = "The names of which the certificate must have one, in place of those of the level: "
		  "hostname for verify, nexthop and dot-nexthop for secure.  With a dot in front: all "
		  "names below it." },
	{ ROW(IN_HOP, "certificate"), CERTIFICATE(conf_transport, peer.pair.certificate),
	  .kinds = HAS_PEER,
	  .takes = "FILE",
	  .text = "Our own certificate, for peers that ask for one; renewed as those of listeners." },
	{ ROW(IN_HOP, "key"), CERTIFICATE(conf_transport, peer.pair.key), .kinds = HAS_PEER,
	  .takes = "FILE",
	  .text = "Its key." },
	{ ROW(IN_HOP, "tls-wrappermode"),
	  FLAG(conf_transport, peer.wrapper, enum conf_wrapper, wrapper_on), .kinds = HAS_PEER,
	  .text = "As Postfix's smtp_tls_wrappermode: the TLS handshake comes before the greeting, as on "
		  "port 465, which is then the port where none is said.  It asks for the level encrypt or "
		  "more." },
	{ ROW(IN_HOP, "login"), CERTIFICATE(conf_transport, peer.login), .kinds = 1U << CONF_SMTP,
	  .takes = "FILE",
	  .text = "We log in there before we send, under TLS of the level encrypt or more.  FILE has one "
		  "server a line, in the format of Postfix's smtp_sasl_password_maps: HOST, HOST:PORT, "
		  "[HOST], [HOST]:PORT or *, blanks, and NAME:PASSWORD; HOST is that of the next hop or the "
		  "one that answers, and the first line that fits counts.  It is read by the vault alone, "
		  "for each connection, so a change needs no reload; nobody but its owner and group may be "
		  "able to read it.  Of what the server offers SCRAM-SHA-256-PLUS is taken first, then "
		  "SCRAM-SHA-256, PLAIN and LOGIN.  A server that offers no login, or refuses ours, gets no mail: it "
		  "waits.  With PLAIN and LOGIN who answers learns the password: take the level verify, "
		  "secure or fingerprint." },
	{ ROW(IN_HOP, "login-mechanisms"),
	  READ_BY(conf_tls_block_mechanisms, conf_transport, peer.mechanisms, unsigned),
	  .kinds = 1U << CONF_SMTP, .takes = "MECHANISM ...",
	  .text = "As Postfix's smtp_sasl_mechanism_filter: of what the server offers only these are taken, "
		  "of plain, login, scram-sha-256 and scram-sha-256-plus.  Without it: all.  It helps with "
		  "a server that offers what it cannot do." },
	{ ROW(IN_HOP, "connections"), COUNT(conf_transport, connections, 1, 10000),
	  .preset = "20", .kinds = HAS_PEER | HAS_FILES,
	  .takes = "NUMBER",
	  .text = "Deliveries at the same time to one provider: to all domains that share an MX "
		  "host, to one fixed host, into one Maildir, by one program." },
	{ ROW(IN_HOP, "delay-between"), TIME(conf_transport, delay_between_ms, 0, DAY),
	  .preset = "0", .kinds = HAS_PEER | HAS_FILES,
	  .takes = "TIME",
	  .text = "Pause from the end of one mail to the start of the next, to one provider.  It "
		  "holds over a reload and a restart." },
	{ ROW(IN_HOP, "messages-per-connection"),
	  COUNT(conf_transport, messages_per_connection, 1, 100000),
	  .preset = "100", .kinds = HAS_PEER,
	  .takes = "NUMBER",
	  .text = "Mails after which a connection is closed and another one opened." },
	{ ROW(IN_HOP, "messages-per-hour"),
	  COUNT(conf_transport, messages_per_hour, 0, 3600000), .kinds = HAS_PEER | HAS_FILES,
	  .preset = "0",
	  .takes = "NUMBER",
	  .text = "Mails to one provider within an hour; 0: any number.  They are spread evenly: "
		  "with 60, a minute lies between the starts of two, after a restart, too." },
	{ ROW(IN_HOP, "source-address"), .read = conf_transport_source, .kinds = HAS_PEER,
	  .takes = "ADDRESS [ADDRESS]",
	  .text = "Connections come from this IPv4 or IPv6 address, or from these two." },
	{ ROW(IN_HOP, "connect-timeout"), TIME(conf_transport, connect_ms_max, 10, HOUR),
	  .preset = "30s", .kinds = HAS_PEER,
	  .takes = "TIME",
	  .text = "How long to wait for a connection before the next host is tried." },
	{ ROW(IN_HOP, "as"), READ_BY(conf_transport_user, conf_transport, user, str), .kinds = HAS_FILES,
	  .takes = "USER | \"{local}\"",
	  .text = "Who writes the Maildir, or runs the program, which root never does.  \"{local}\" is "
		  "the user of the machine who has the recipient's name, in lower case and without "
		  "its sub-address; mail for root is refused then, and mail for others of the system, "
		  "who have a number below UID_MIN of login.defs(5), waits: let an alias lead it to "
		  "somebody.  "
		  "Without it: the user that the server runs as." },
	{ ROW(IN_HOP, "forward"), .read = conf_transport_forward, .kinds = HAS_MAILDIR,
	  .takes = "[programs] [files]",
	  .text = "The .forward in the home of that user says where his mail goes, in the format of "
		  "aliases(5): addresses, /dev/null, and \\USER for the mailbox of a user, "
		  "such as his own; with 'programs' |commands, with 'files' /files (mbox, or a "
		  "Maildir with a slash at the end), which run as he does.  For mail with a "
		  "sub-address .forward+SUB is looked for first.  It is read as that user; one that "
		  "is no regular file, is neither his nor root's, may be written by everybody, or "
		  "cannot be understood is not followed: then the mail comes into the mailbox, and "
		  "the log says why (forward-ignored).  So it does when the file says nothing.  What "
		  "is sent on is a message of its own, with a Delivered-To field, by which mail that "
		  "runs in a circle is found, and the same sender." },
	{ ROW(IN_HOP, "return-path"),
	  FLAG(conf_transport, return_path, enum conf_switch, switched_on), .kinds = HAS_PROGRAM,
	  .text = "The program gets a Return-Path field with the sender, before all others." },
	{ ROW(IN_HOP, "delivered-to"),
	  FLAG(conf_transport, delivered_to, enum conf_switch, switched_on), .kinds = HAS_PROGRAM,
	  .text = "The program gets a Delivered-To field with the recipient." },
	{ ROW(IN_HOP, "timeout"), TIME(conf_transport, run_ms_max, 100, DAY),
	  .preset = "1000s", .kinds = HAS_PROGRAM,
	  .takes = "TIME",
	  .text = "How long the program may run; then it is killed with all of its process group, "
		  "and the mail is tried again later." },
	{ ROW(IN_HOP, "output-limit"),
	  LENGTH_OF(conf_transport, output_octets_max, 0, COURIER_OUTPUT_MAX),
	  .preset = "1K", .kinds = HAS_PROGRAM,
	  .takes = "SIZE",
	  .text = "Of what the program says so much is kept; a report shows its beginning." },

	{ ROW(CONF_IN_PROVIDER, "mx"), NAMES(conf_provider, mx),
	  .takes = "HOST | .SUFFIX ...",
	  .text = "Domains that have an MX host of this name, or, with a dot in front, of a name "
		  "below it, belong to the provider." },
	{ ROW(CONF_IN_PROVIDER, "domains"), NAMES(conf_provider, domains),
	  .takes = "DOMAIN | .DOMAIN ...",
	  .text = "So do these domains, or, with a dot in front, all below them, whatever their MX "
		  "hosts are." },
	{ ROW(CONF_IN_PROVIDER, "throttle"),
	  READ_BY(conf_provider_replies, conf_provider, throttle, struct conf_texts),
	  .adds_up = true,
	  .takes = "CODE | STATUS | \"WORDS\" ...",
	  .text = "Replies of this provider that ask for less mail: a reply code (421), an enhanced "
		  "status (4.7.28), or words that stand in the text, in any case.  Then it gets "
		  "half the connections, nothing for 30 seconds, twice as long each time it asks "
		  "again (up to 32 minutes), and a pause between mails; every 10 mails that go "
		  "through take one step back.  421, \"too many connections\" and their like do so "
		  "for every provider.  The log names it (throttled), destination list shows it.  "
		  "share/facteur/providers has what the large ones publish." },
	{ ROW(CONF_IN_PROVIDER, "connections"), COUNT(conf_provider, connections, 1, 10000),
	  .takes = "NUMBER",
	  .text = "As in a transport, whose word holds where none stands here; so do the next three." },
	{ ROW(CONF_IN_PROVIDER, "delay-between"), TIME(conf_provider, delay_between_ms, 0, DAY),
	  .takes = "TIME",
	  .text = "As in a transport." },
	{ ROW(CONF_IN_PROVIDER, "messages-per-connection"),
	  COUNT(conf_provider, messages_per_connection, 1, 100000),
	  .takes = "NUMBER",
	  .text = "As in a transport." },
	{ ROW(CONF_IN_PROVIDER, "messages-per-hour"),
	  COUNT(conf_provider, messages_per_hour, 1, 3600000),
	  .takes = "NUMBER",
	  .text = "As in a transport." },
