/* Rows of conf/schema: words whose work is not built yet: known, and refused. */
/* clang-format off */
	LATER(CONF_IN_TOP, "greylist"),	  LATER(CONF_IN_TOP, "ban"),
	LATER(CONF_IN_TOP, "scan"),
	LATER(CONF_IN_TOP, "attachments"),
	LATER(CONF_IN_TOP, "milter"),	  LATER(CONF_IN_TOP, "policy"),
	LATER(CONF_IN_TOP, "relay-filter"),
	LATER(CONF_IN_TOP, "dnsbl"),
