/* Rows of conf/schema: words of a listener. */
/* clang-format off */
	{ ROW(CONF_IN_LISTEN, "on"), LISTEN(conf_listener, on),
	  .takes = "ADDRESS:PORT ...",
	  .text = "Where it listens.  *:PORT is all addresses, IPv4 and IPv6; an IPv6 address stands "
		  "in brackets." },
