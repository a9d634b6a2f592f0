/* Rows of conf/schema: TLS towards clients. */
/* clang-format off */
	{ ROW(CONF_IN_TOP, "tls"), .shape = CONF_EITHER, .read = conf_tls_block, .block = CONF_IN_TLS,
	  .offset = FIELD(conf, tls, struct conf_tls), .adds_up = true,
	  .takes = "[NAME ...]",
	  .text = "The certificate and the key that listeners show.  With names in front of the "
		  "block: those for clients that ask for one of these names (SNI), or, with a dot in "
		  "front, for a name below it; who asks for none gets the certificate of the block "
		  "without names, or that of the listener.  The server looks twice a second whether "
		  "a file has been replaced.  A new pair is shown from then on, without a reload, "
		  "and no session notices; one that cannot be read, does not match or has expired "
		  "is refused with an error in the log, and the former one stays.  The log warns 21 "
		  "and 7 days before a certificate ends." },
	{ ROW(CONF_IN_TLS, "certificate"), CERTIFICATE(conf_tls, pair.certificate),
	  .takes = "FILE",
	  .text = "The certificate and behind it those that lead to its authority, PEM." },
	{ ROW(CONF_IN_TLS, "key"), CERTIFICATE(conf_tls, pair.key),
	  .takes = "FILE",
	  .text = "Its key, PEM, without a password." },
	{ ROW(CONF_IN_TLS, "minimum"),
	  CHOICE(conf_tls, minimum, enum conf_tls_minimum, minimums), .preset = "1.2",
	  .takes = "1.2 | 1.3",
	  .text = "The oldest version of TLS that clients may speak." },
	{ ROW(CONF_IN_TLS_NAME, "certificate"), CERTIFICATE(conf_tls_name, pair.certificate),
	  .takes = "FILE",
	  .text = "As above, for these names." },
	{ ROW(CONF_IN_TLS_NAME, "key"), CERTIFICATE(conf_tls_name, pair.key),
	  .takes = "FILE",
	  .text = "Its key." },
	{ ROW(CONF_IN_LISTEN, "tls"),
	  CHOICE(conf_listener, tls, enum conf_listener_tls, listener_tls), .preset = "offered",
	  .takes = "off | offered | required | implicit",
	  .text = "Whether clients may, or must, say STARTTLS before they send mail; implicit is TLS "
		  "from the first byte, as on port 465." },
	{ ROW(CONF_IN_LISTEN, "certificate"), CERTIFICATE(conf_listener, pair.certificate),
	  .takes = "FILE",
	  .text = "What this listener shows in place of the certificate of the block tls." },
	{ ROW(CONF_IN_LISTEN, "key"), CERTIFICATE(conf_listener, pair.key),
	  .takes = "FILE",
	  .text = "Its key." },
	{ ROW(CONF_IN_LIMITS, "handshake-timeout"),
	  TIME(conf_limits, smtp.handshake_ms_max, 10, DAY), .preset = "1m",
	  .takes = "TIME",
	  .text = "For the TLS handshake of a client." },
