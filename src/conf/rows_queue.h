/* Rows of conf/schema: words of queue. */
/* clang-format off */
	{ ROW(CONF_IN_QUEUE, "retry"), .read = conf_value_retry, .min = 10, .max = 30 * DAY,
	  .preset = "5m 10m 20m 40m 1h",
	  .takes = "TIME ...",
	  .text = "Pauses between the attempts; the last one repeats." },
	{ ROW(CONF_IN_QUEUE, "warn"), TIME(conf_queue, warn_ms, 0, 365 * DAY), .preset = "0",
	  .takes = "TIME",
	  .text = "After this time the sender is told of a delay, once, unless he wished not to; "
		  "0: never." },
	{ ROW(CONF_IN_QUEUE, "lifetime"), TIME(conf_queue, lifetime_ms, 0, 365 * DAY), .preset = "5d",
	  .takes = "TIME",
	  .text = "After this time mail is returned as undeliverable; 0: after one attempt. Mail "
		  "for a peer that answers is tried once more then, when its turn comes: behind others "
		  "where limits, or a peer that asks for less, make it wait.  It is returned when that "
		  "attempt fails, and at once where the peer does not answer, or has taken no mail at "
		  "all for six hours." },
	{ ROW(CONF_IN_QUEUE, "bounce-lifetime"), TIME(conf_queue, bounce_lifetime_ms, 0, 365 * DAY),
	  .preset = "5d",
	  .takes = "TIME",
	  .text = "The same for mail with the null sender, which is given up and cannot be "
		  "returned." },
	{ ROW(CONF_IN_QUEUE, "reserve"), SIZE(conf_queue, reserve_octets, 0, T), .preset = "256M",
	  .takes = "SIZE",
	  .text = "No mail is accepted while the disk has less free than this." },
	{ ROW(CONF_IN_QUEUE, "memory"), SIZE(conf_queue, memory_octets, 1 * M, T), .preset = "128M",
	  .takes = "SIZE",
	  .text = "For messages that are kept in memory, besides the disk, until their first "
		  "attempt." },

	{ ROW(CONF_IN_QUARANTINE, "keep"), TIME(conf_quarantine, keep_ms, SECOND, 365 * DAY), .preset = "14d",
	  .takes = "TIME",
	  .text = "What has been quarantined for so long and was not released is discarded: the log "
		  "says so, with this line, and nobody else hears of it." },
	{ ROW(CONF_IN_QUARANTINE, "messages"), COUNT(conf_quarantine, messages_max, 1, 1000000),
	  .preset = "10000",
	  .takes = "COUNT",
	  .text = "Not more messages than this are quarantined at once; one that would be more is refused with "
		  "452 4.2.2, and so comes again later.  All other mail comes in as ever." },
	{ ROW(CONF_IN_QUARANTINE, "space"), SIZE(conf_quarantine, octets_max, 1 * K, T), .preset = "1G",
	  .takes = "SIZE",
	  .text = "Nor more octets of them." },
