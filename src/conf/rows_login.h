/* Rows of conf/schema: logins. */
/* clang-format off */
	{ ROW(CONF_IN_TOP, "login"), SECTION(CONF_IN_LOGIN),
	  .offset = FIELD(conf, login, struct conf_login),
	  .text = "Who may log in, on listeners with login offered or required, and what a login "
		  "may do: it may send to the whole world, as an address that is its own.  That is "
		  "the address of its name, what stands in an alias that leads there (of a hosted "
		  "domain, by the tables of aliases), and what send-as adds; anything else is "
		  "refused with 553 5.7.1.  The null sender is everybody's.  AUTH is offered and "
		  "taken only under TLS." },

	{ ROW(CONF_IN_LISTEN, "login"),
	  CHOICE(conf_listener, login, enum conf_listener_login, listener_login),
	  .takes = "offered | required",
	  .text = "Clients may log in here, or must before they send.  The passwords are those of "
		  "the block login." },

	{ ROW(CONF_IN_LOGIN, "passwd-file"), PATH(conf_login, passwd_file),
	  .takes = "FILE",
	  .text = "The embedded table, in the format of Dovecot's passwd-file: NAME:{SCHEME}HASH a "
		  "line; what may stand behind is skipped.  The schemes are {SCRAM-SHA-256}, "
		  "{ARGON2ID} and {CRYPT} with yescrypt, bcrypt or sha512crypt; weaker ones are "
		  "refused.  facteur user writes it.  It is watched, and read again when it has "
		  "changed; an error in it is logged, and the former table stays.  Nobody but its "
		  "owner and group may be able to read it.  SCRAM-SHA-256 is offered while somebody "
		  "in it has such a secret, and with channel binding (SCRAM-SHA-256-PLUS) where "
		  "dovecot is not asked besides." },
	{ ROW(CONF_IN_LOGIN, "dovecot"), .read = conf_login_block_dovecot,
	  .takes = "unix:PATH | ADDRESS:PORT",
	  .text = "Dovecot's auth service, asked for every name that passwd-file does not have: "
		  "PLAIN and LOGIN are checked there, SCRAM-SHA-256 is passed through where it has "
		  "it.  Of Dovecot's configuration it takes service auth { unix_listener "
		  "auth-client { mode = 0660; group = facteur } }." },
	{ ROW(CONF_IN_LOGIN, "dovecot-timeout"), TIME(conf_login, dovecot_ms_max, 100, 10 * MINUTE),
	  .preset = "20s",
	  .takes = "TIME",
	  .text = "How long Dovecot may take for an answer; then the client gets 454 4.7.0." },
	{ ROW(CONF_IN_LOGIN, "tries"), COUNT(conf_login, tries_max, 1, 1000), .preset = "5",
	  .takes = "NUMBER",
	  .text = "Failed tries of one session; the next one gets 421 4.7.0." },
	{ ROW(CONF_IN_LOGIN, "refusal-delay"), TIME(conf_login, refusal_ms, 0, MINUTE),
	  .preset = "2s",
	  .takes = "TIME",
	  .text = "From a try to its refusal: who guesses has to wait, and does not learn by the "
		  "time whether a name exists.  Choose it longer than a password takes to be "
		  "compared." },
	{ ROW(CONF_IN_LOGIN, "default-domain"), .read = conf_login_block_domain,
	  .takes = "DOMAIN",
	  .text = "The domain of logins whose name has none: jo is then jo at this domain.  Where "
		  "it is not given: the hostname." },
	{ ROW(CONF_IN_LOGIN, "send-as"), .read = conf_login_block_send_as, .adds_up = true,
	  .takes = "LOGIN ADDRESS | @DOMAIN | * ...",
	  .text = "The login may send as these addresses, too; @DOMAIN is every address of it, * "
		  "any address at all, for satellites that log in." },
	{ ROW(CONF_IN_LOGIN, "messages-per-hour"), COUNT(conf_login, messages_max, 0, 1000000000),
	  .preset = "500",
	  .takes = "NUMBER",
	  .text = "Messages of one login within an hour; 0: any number.  What comes beyond is taken "
		  "and held, not lost, until as much again is held within the hour, and more is refused with 452 4.7.1: "
		  "facteur queue list says why, facteur queue release lets it "
		  "go.  So a stolen password floods nobody." },
	{ ROW(CONF_IN_LOGIN, "recipients-per-hour"),
	  COUNT(conf_login, recipients_max, 0, 1000000000), .preset = "2000",
	  .takes = "NUMBER",
	  .text = "The same for the recipients of all its messages." },
	{ ROW(CONF_IN_LOGIN, "limits-of"), .read = conf_login_block_limits_of, .adds_up = true,
	  .takes = "LOGIN MESSAGES RECIPIENTS",
	  .text = "Other limits for this login; 0: none." },
	{ ROW(CONF_IN_LOGIN, "hide-client"), FLAG(conf_login, client, enum conf_hide_client, hidden_client),
	  .text = "The Received field of mail that a login sends does not show its address." },
