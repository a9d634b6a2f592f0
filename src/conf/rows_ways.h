/* Rows of conf/schema: ways in and out that are no plain transports, and bounces. */
/* clang-format off */
	{ ROW(CONF_IN_TOP, "bounce-language"),
	  READ_BY(conf_ways_read_languages, conf, bounce_languages, struct conf_languages),
	  .takes = "en | fr ...",
	  .text = "The language in which bounces and other reports speak to people; of several, each "
		  "report speaks all, one after the other.  Without it: en." },
