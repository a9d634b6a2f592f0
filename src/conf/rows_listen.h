/* Rows of conf/schema: words of a listener. */
/* clang-format off */
	{ ROW(CONF_IN_LISTEN, "on"), LISTEN(conf_listener, on),
	  .takes = "ADDRESS:PORT ...",
	  .text = "Where it listens.  *:PORT is all addresses, IPv4 and IPv6; an IPv6 address stands "
		  "in brackets." },
	{ ROW(CONF_IN_LISTEN, "tls"), CHOICE(conf_listener, tls, enum conf_listener_tls, listener_tls),
	  .takes = "off",
	  .text = "Must be given: no listener opens weaker than it was written, and the default, "
		  "offered, is not built yet." },
