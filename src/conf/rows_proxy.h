/* Rows of conf/schema: proxies and filters, who say whom they speak for. */
/* clang-format off */
	{ ROW(CONF_IN_LISTEN, "proxy-protocol"), NETS(conf_listener, proxies),
	  .takes = "NETWORK ...",
	  .text = "Connections from here begin with a header of the PROXY protocol, version 1 or 2 "
		  "(HAProxy's send-proxy and send-proxy-v2, Postfix's smtpd_upstream_proxy_protocol); "
		  "one that does not is closed.  With tls implicit the header comes before the "
		  "handshake.  From then on the client is the one that the header names; where it "
		  "names none (LOCAL, UNKNOWN: a health check) it is the proxy itself.  All other "
		  "clients of the listener are taken as they are." },
	{ ROW(CONF_IN_TOP, "xclient-hosts"), NETS(conf, xclient),
	  .takes = "NETWORK ...",
	  .text = "As Postfix's smtpd_authorized_xclient_hosts: these clients may say by XCLIENT who "
		  "the client really is, and as whom he has logged in; nginx does.  They are "
		  "believed, so name nobody who hands XCLIENT on for others.  A client without an "
		  "address ([UNAVAILABLE]) is taken as who named him, and whoever is named gets "
		  "nothing by a certificate that the proxy shows." },
	{ ROW(CONF_IN_TOP, "xforward-hosts"), NETS(conf, xforward),
	  .takes = "NETWORK ...",
	  .text = "As Postfix's smtpd_authorized_xforward_hosts: these clients, filters and servers "
		  "that hand mail on, may say by XFORWARD whose message it was.  That client is who "
		  "SPF is asked about, and the log names him; what may be relayed goes by who has "
		  "connected, who has decided it already." },
