/* Rows of conf/schema: words about who the sender is. */
/* clang-format off */
	{ ROW(CONF_IN_TOP, "spf"), SWITCHED(CONF_IN_SPF), .offset = FIELD(conf, sender.spf, struct conf_spf),
	  .text = "Whether the client may speak for the domain of the sender, and for the name that it "
		  "gives itself, is judged at MAIL, and what the verdicts cost.  Clients of relay-for "
		  "and logins are not judged; for forwarders, who handed the mail to them is.  Without "
		  "the word nothing is looked up; spf { } has the defaults." },
	{ ROW(CONF_IN_TOP, "dkim"), SWITCHED(CONF_IN_DKIM), .offset = FIELD(conf, sender.dkim, struct conf_dkim),
	  .text = "DKIM signatures of mail from others are verified, and what the verdicts cost.  One "
		  "good signature is enough.  A signature that fails is no worse than none, says RFC "
		  "6376, and mailing lists break many; so the defaults only tag." },
	{ ROW(CONF_IN_TOP, "forwarders"), NETS(conf, forwarders),
	  .takes = "NETWORK ...",
	  .text = "Clients that bring mail of strangers: a backup MX, a provider's filter.  They may not "
		  "relay.  SPF is judged one hop before them: for the first client outside of these "
		  "networks and of relay-for that the Received fields name, from the topmost on; the "
		  "verdict comes at the end of the message.  Where these fields name nobody, SPF is "
		  "not judged." },
	{ ROW(CONF_IN_TOP, "authentication-results"), SECTION(CONF_IN_RESULTS),
	  .offset = FIELD(conf, sender.results, struct conf_results),
	  .text = "The field Authentication-Results (RFC 8601), which says what was found out about "
		  "the sender.  It is added to mail that spf, dkim or dmarc judges, and others of "
		  "that name that claim to be ours are removed from the mail of all clients that are "
		  "not in relay-for." },

	{ ROW(CONF_IN_SPF, "fail"), CHOICE(conf_spf, fail, enum conf_cost, tag_or_refuse),
	  .preset = "refuse",
	  .takes = "tag | refuse",
	  .text = "The domain of the sender says that this client may not speak for it: 550 5.7.23.  "
		  "To tag a message is to accept it: its Authentication-Results field and the log "
		  "say what was found." },
	{ ROW(CONF_IN_SPF, "softfail"), CHOICE(conf_spf, softfail, enum conf_cost, tag_or_refuse),
	  .preset = "tag",
	  .takes = "tag | refuse",
	  .text = "The domain says that the client probably may not." },
	{ ROW(CONF_IN_SPF, "permerror"), CHOICE(conf_spf, permerror, enum conf_cost, tag_or_refuse),
	  .preset = "tag",
	  .takes = "tag | refuse",
	  .text = "The record of the domain is wrong: 550 5.7.24." },
	{ ROW(CONF_IN_SPF, "temperror"), CHOICE(conf_spf, temperror, enum conf_cost, tag_or_defer),
	  .preset = "tag",
	  .takes = "tag | defer",
	  .text = "It could not be looked up now: 451 4.7.24." },
	{ ROW(CONF_IN_SPF, "helo-fail"), CHOICE(conf_spf, helo_fail, enum conf_cost, tag_or_refuse),
	  .preset = "refuse",
	  .takes = "tag | refuse",
	  .text = "The name that the client gives itself in HELO says that it may not have it: 550 "
		  "5.7.23." },

	{ ROW(CONF_IN_DKIM, "fail"), CHOICE(conf_dkim, fail, enum conf_cost, tag_or_refuse),
	  .preset = "tag",
	  .takes = "tag | refuse",
	  .text = "There are signatures, and none of them is good: 550 5.7.20." },
	{ ROW(CONF_IN_DKIM, "permerror"), CHOICE(conf_dkim, permerror, enum conf_cost, tag_or_refuse),
	  .preset = "tag",
	  .takes = "tag | refuse",
	  .text = "There are signatures, and none of them has a key that could judge it." },
	{ ROW(CONF_IN_DKIM, "temperror"), CHOICE(conf_dkim, temperror, enum conf_cost, tag_or_defer),
	  .preset = "tag",
	  .takes = "tag | defer",
	  .text = "No signature is good, and the key of one could not be looked up now: 451 4.7.5." },

	{ ROW(CONF_IN_RESULTS, "id"), .read = conf_sender_block_id, .offset = FIELD(conf_results, id, str),
	  .takes = "HOST",
	  .text = "Our name in the field, where it is not the hostname.  Servers of one organisation "
		  "that trust each other may share one." },
	{ ROW(CONF_IN_RESULTS, "iprev"), FLAG(conf_results, iprev, enum conf_added, added),
	  .text = "Whether the name of the client's address leads back to it is looked up, and "
		  "said, too." },
	{ ROW(CONF_IN_RESULTS, "received-spf"), FLAG(conf_results, received_spf, enum conf_added, added),
	  .text = "A Received-SPF field (RFC 7208 section 9.1) is added, too, for programs that read "
		  "only that." },

	{ ROW(CONF_IN_TOP, "sign"), SWITCHED(CONF_IN_SIGN), .offset = FIELD(conf, sender.sign, struct conf_sign),
	  .text = "DKIM signatures for our own mail, with the files of opendkim as they are: that of "
		  "logins, and of the clients in hosts, and our own bounces, whose author is MAILER-DAEMON at "
		  "the hostname.  Mail of others is never signed.  The author in "
		  "From decides which key signs.  The signature is made last: nothing changes a byte "
		  "after it.  From, Subject, Date, To, Cc and the MIME fields are oversigned: nobody can "
		  "add another one." },
	{ ROW(CONF_IN_SIGN, "keytable"), SIGN_FILE(keytable),
	  .takes = "FILE",
	  .text = "A KeyTable of opendkim.conf(5): names of keys, and of each the domain, the selector and the "
		  "key.  Paths in it begin with /, ./ or ../, and relative ones start in the "
		  "configuration folder; anything else is the key itself.  The keys are RSA of 1024 to "
		  "4096 bits, or Ed25519.  Their files may be readable by root only: the vault alone "
		  "reads them, when the server starts or reloads; a key in the table itself is in the "
		  "memory of the process mail, too.  Reload after another key was put into a file." },
	{ ROW(CONF_IN_SIGN, "signingtable"), .read = conf_sender_block_rows,
	  .takes = "[refile:]FILE",
	  .text = "A SigningTable of opendkim.conf(5): who signs with which key.  With refile: its keys are "
		  "patterns." },
	{ ROW(CONF_IN_SIGN, "hosts"), SIGN_FILE(hosts),
	  .takes = "FILE",
	  .text = "A list of hosts as in opendkim's InternalHosts: addresses and networks, ! for exceptions, and "
		  "localhost; the mail of these clients is ours.  Without it: localhost.  Other names of "
		  "hosts are looked up nowhere, and match nobody; nor does a client whom a proxy does not "
		  "name." },
	{ ROW(CONF_IN_SIGN, "signatures"), CHOICE(conf_sign, signatures, enum conf_signatures, signatures),
	  .preset = "one",
	  .takes = "one | all",
	  .text = "Whether only the first row that matches signs, as opendkim does unless "
		  "MultipleSignatures is set, or every one; two rows, with an RSA and an Ed25519 key, make both "
		  "signatures." },
	{ ROW(CONF_IN_SIGN, "canonicalization"),
	  CHOICE(conf_sign, canonical, enum conf_canonical, canonical), .preset = "relaxed/relaxed",
	  .takes = "HEADER/BODY",
	  .text = "Each of them is simple or relaxed: how much of the white space may change on the way." },

	{ ROW(CONF_IN_SIGN, "settle"), TIME(conf_sign, settle_ms, 0, 30 * DAY),
	  .preset = "1h",
	  .takes = "TIME",
	  .text = "A key is replaced without a gap: the rows of the new one stand before those of the old one, of "
		  "the same domain and kind, in both tables.  The old one signs until the DNS has shown the "
		  "record of the new one for so long: others may remember for a while that there was none." },
	{ ROW(CONF_IN_SIGN, "retire"), TIME(conf_sign, retire_ms, 0, 365 * DAY),
	  .preset = "7d",
	  .takes = "TIME",
	  .text = "So long after it was replaced no mail that it has signed can be under way any more: the old "
		  "key is retired, signs never again, and facteur dkim status and the log say so.  Then its rows "
		  "and its record may go." },
	{ ROW(CONF_IN_SIGN, "look"), TIME(conf_sign, look_ms, SECOND, DAY),
	  .preset = "5m",
	  .takes = "TIME",
	  .text = "How often the DNS is asked for the records of our keys." },

	{ ROW(CONF_IN_TOP, "dmarc"), SWITCHED(CONF_IN_DMARC), .offset = FIELD(conf, sender.dmarc, struct conf_dmarc),
	  .text = "Whether the domain of the author in From stands for the message (DMARC, RFC 9989), by SPF "
		  "and DKIM, which are looked up for it whether their words are written or not; and how far "
		  "what it asks for is done.  Mail that must not count against it had better pass spf: "
		  "where that refuses at MAIL, a good signature comes too late.  Each message that is judged has a "
		  "record in the log with all that an aggregate report tells." },
	{ ROW(CONF_IN_DMARC, "observe"), DMARC_MODE(0),
	  .text = "Nothing is done: the message and the log say what was found.  The default." },
	{ ROW(CONF_IN_DMARC, "quarantine"), DMARC_MODE(1),
	  .text = "A message that fails, and whose domain asks for quarantine or reject, comes in marked: its "
		  "Authentication-Results field says policy.dmarc=quarantine, for filters to file it by." },
	{ ROW(CONF_IN_DMARC, "reject"), DMARC_MODE(2),
	  .text = "As quarantine; but where the domain asks for reject it is refused with 550 5.7.26.  So "
		  "is, in both, a message that has not exactly one domain of authors in From." },
	{ ROW(CONF_IN_DMARC, "quarantined"),
	  CHOICE(conf_dmarc, quarantined, enum conf_quarantined, quarantined), .preset = "tag",
	  .takes = "tag | hold",
	  .text = "What becomes of a message that is to be quarantined: it comes in marked, or it waits in the "
		  "queue, held with the reason, until somebody looks: facteur queue list, show, release "
		  "and delete.  Its sender hears nothing.  What nobody releases is discarded after a "
		  "time, and when too much is held no more is taken: see quarantine." },
	{ ROW(CONF_IN_DMARC, "lists"), .read = conf_sender_block_lists, .adds_up = true,
	  .takes = "DOMAIN | .DOMAIN ...",
	  .text = "Known lists: what they send on is let pass though it fails, where SPF of the sender or a "
		  "signature proves that it comes from one of these domains, or with a dot in front from "
		  "below them.  What comes from forwarders is let pass, too." },
	{ ROW(CONF_IN_DMARC, "temperror"), CHOICE(conf_dmarc, temperror, enum conf_cost, tag_or_defer),
	  .preset = "tag",
	  .takes = "tag | defer",
	  .text = "It could not be judged now: 451 4.7.24." },
	{ ROW(CONF_IN_DMARC, "keep"), TIME(conf_dmarc, keep_ms, DAY, 365 * DAY),
	  .preset = "14d",
	  .takes = "TIME",
	  .text = "How long is kept, in days, what aggregate reports tell: for each domain with a policy and "
		  "each day which sources sent in its name, what SPF and DKIM said of them, and what "
		  "was done.  facteur dmarc shows it.  It is in the folder state, at most "
		  "20,000 rows a day." },

	{ ROW(CONF_IN_TOP, "arc"), SWITCHED(CONF_IN_ARC), .offset = FIELD(conf, sender.arc, struct conf_arc),
	  .text = "The chain of forwarders that have sealed a message of others (ARC, RFC 8617) is validated: "
		  "its Authentication-Results field says arc=pass, fail or none.  It costs nothing and "
		  "saves nothing.  With a key, a message that an alias sends on to an address that is "
		  "not hosted gets our seal, too, where it has a chain already, or no signature of its "
		  "author's domain that is good by itself.  A chain that says of itself that it has failed gets no more." },
	{ ROW(CONF_IN_ARC, "key"), NAME(conf_arc, key),
	  .takes = "NAME",
	  .text = "The key that seals: a name in the KeyTable of sign.  It may be one that signs, too." },

	{ ROW(CONF_IN_TOP, "srs"), SWITCHED(CONF_IN_SRS), .offset = FIELD(conf, sender.srs, struct conf_srs),
	  .text = "Mail that an alias sends on to an address that is not hosted here leaves with a sender "
		  "of ours, SRS0=... or SRS1=... (the Sender Rewriting Scheme), so that SPF passes at the "
		  "next server.  Nothing in the message changes: its signatures stay good.  A bounce "
		  "to such an address goes on to the original sender.  The address takes bounces alone, "
		  "mail with the null sender; all else is refused with 550 5.7.1, answers of "
		  "programs that give a sender, too, whoever sends them.  Senders in hosted domains are "
		  "not rewritten: their records name us anyway.  Nor are those of lists with an owner." },
	{ ROW(CONF_IN_SRS, "secrets"), PATH(conf_srs, secrets),
	  .takes = "FILE",
	  .text = "The secrets, as postsrsd has them, one in each line: the first one signs, all are "
		  "believed.  facteur srs secret FILE puts a new one on top; reload, and take the old "
		  "one away when valid is over.  The vault alone reads them, when the server starts or "
		  "reloads; the file may be readable by root only." },
	{ ROW(CONF_IN_SRS, "domain"), .read = conf_sender_block_names, .adds_up = true,
	  .takes = "NAME ...",
	  .text = "Where rewritten senders are: in the first of these, which must lead back to us, and whose "
		  "SPF record must name us; bounces to all of them are known.  Without it: hostname." },
	{ ROW(CONF_IN_SRS, "valid"), TIME(conf_srs, valid_ms, DAY, 365 * DAY),
	  .preset = "21d",
	  .takes = "TIME",
	  .text = "A bounce may come so long after the message left; days count." },
