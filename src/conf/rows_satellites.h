/* Rows of conf/schema: which satellites the pivot knows. */
/* clang-format off */
	{ ROW(CONF_IN_TOP, "relay-for-certificate"), .read = conf_tls_block_digests, .adds_up = true,
	  .offset = FIELD(conf, relay_for_certificate, struct conf_tls_peer),
	  .takes = "SHA256 ...",
	  .text = "Clients that show one of these certificates under TLS may send to the whole world, "
		  "too, wherever they are: the SHA-256 digests, in hexadecimal, with or without "
		  "colons, of certificates or of their public keys.  Nothing else of a certificate "
		  "counts.  Clients are asked for one where this word is given." },
	{ ROW(CONF_IN_TOP, "relay-for-authority"), CERTIFICATE(conf, relay_for_certificate.trust),
	  .takes = "FILE",
	  .text = "So may clients whose certificate leads to an authority of this file, PEM, is valid "
		  "now, and is good for TLS clients; every such certificate counts, whatever its "
		  "names are, so this is for an authority of one's own: a file of more than ten is "
		  "refused, as a bundle of public ones.  The file is watched, and read again when it "
		  "has changed." },
