#include "conf/schema.h"

#include "conf/block.h"
#include "conf/provider.h"
#include "conf/transport.h"
#include "conf/value.h"
#include "world/courier.h"

/* The offset of a field; what reads it must be made for its type, or it does not compile. */
#define FIELD(structure, field, type)                                                     \
	(offsetof(struct structure, field) + 0 * sizeof(struct {                          \
		_Static_assert(__builtin_types_compatible_p(                              \
				       __typeof__(((struct structure *)0)->field), type), \
			#field " is no " #type);                                          \
		char nothing;                                                             \
	}))
#define READ(function, structure, field, type) \
	.read = conf_value_##function, .offset = FIELD(structure, field, type)

#define HOSTNAME(s, f) READ(hostname, s, f, struct conf_text)
#define ADDRESS(s, f) READ(address, s, f, struct conf_text)
#define TARGET(s, f) READ(target, s, f, struct conf_text)
#define NAMED(s, f) READ(named, s, f, struct conf_text)
#define NAME(s, f) READ(name, s, f, str)
#define PATH(s, f) READ(path, s, f, str)
#define PATHS(s, f) READ(paths, s, f, struct conf_texts), .adds_up = true
#define NETS(s, f) READ(nets, s, f, struct conf_nets), .adds_up = true
#define LISTEN(s, f) READ(listen, s, f, struct conf_endpoints), .adds_up = true
#define SERVERS(s, f) READ(servers, s, f, struct conf_endpoints), .adds_up = true
#define CHARACTERS(s, f) READ(sub_address, s, f, str)
#define NAMES(s, f) \
	.read = conf_provider_names, .offset = FIELD(s, f, struct conf_texts), .adds_up = true
#define COUNT(s, f, low, high) READ(count, s, f, unsigned), .min = (low), .max = (high)
#define SIZE(s, f, low, high) READ(size, s, f, uint64_t), .min = (low), .max = (high)
#define LENGTH_OF(s, f, low, high) READ(length, s, f, size_t), .min = (low), .max = (high)
#define TIME(s, f, low, high) READ(time, s, f, int64_t), .min = (low), .max = (high)
#define CHOICE(s, f, type, table) \
	READ(choice, s, f, type), .choices = (table), .choice_count = LENGTH(table)
#define FLAG(s, f, type, choice) READ(flag, s, f, type), .choices = (choice), .choice_count = 1
#define WAY(function) .read = conf_transport_##function, .group = CONF_GROUP_KIND

#define SECTION(where) .shape = CONF_SECTION, .read = conf_block_section, .block = (where)
#define OPENS(function, where) \
	.shape = CONF_NAMED, .read = conf_block_##function, .block = (where), .adds_up = true

#define IN_HOP (CONF_IN_TRANSPORT | CONF_IN_WAY)
#define HAS_PEER (1U << CONF_SMTP | 1U << CONF_LMTP)
#define HAS_PROGRAM (1U << CONF_PIPE)
#define HAS_FILES (1U << CONF_MAILDIR | HAS_PROGRAM)

#define K 1024ULL
#define M (K * 1024)
#define T (M * M)
#define SECOND 1000ULL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Choices are stored as their enumerations are. */
_Static_assert(sizeof(enum conf_tls_level) == sizeof(unsigned), "an enum is no unsigned");
_Static_assert(sizeof(enum conf_switch) == sizeof(unsigned), "an enum is no unsigned");
_Static_assert(sizeof(enum log_level) == sizeof(unsigned), "an enum is no unsigned");
_Static_assert(offsetof(struct conf_way, own) == 0, "words of transports are read into a way");

static const struct conf_choice listener_tls[] = {
	{STR_INIT("off"),       CONF_LISTENER_OFF, false},
	{ STR_INIT("offered"),  0,                 true },
	{ STR_INIT("required"), 0,                 true },
	{ STR_INIT("implicit"), 0,                 true },
};

static const struct conf_choice hop_tls[] = {
	{STR_INIT("none"),         CONF_TLS_NONE,    false},
	{ STR_INIT("may"),         CONF_TLS_MAY,     false},
	{ STR_INIT("encrypt"),     CONF_TLS_ENCRYPT, false},
	{ STR_INIT("dane"),        0,                true },
	{ STR_INIT("fingerprint"), 0,                true },
	{ STR_INIT("verify"),      0,                true },
	{ STR_INIT("secure"),      0,                true },
};

static const struct conf_choice switched_on[] = {
	{STR_INIT("on"), CONF_ON, false},
};

static const struct conf_choice log_formats[] = {
	{STR_INIT("plain"), LOG_PLAIN, false},
	{ STR_INIT("json"), LOG_JSON,  false},
};

static const struct conf_choice log_levels[] = {
	{STR_INIT("debug"),    LOG_DEBUG,   false},
	{ STR_INIT("info"),    LOG_INFO,    false},
	{ STR_INIT("warning"), LOG_WARNING, false},
	{ STR_INIT("error"),   LOG_ERROR,   false},
};

#define ROW(where, name) .in = (where), .word = STR_INIT(name)
#define LATER(where, name)       \
	{                        \
		ROW(where, name) \
	}

/* clang-format off */
const struct conf_row conf_schema[] = {
	{ ROW(CONF_IN_TOP, "hostname"), HOSTNAME(conf, hostname),
	  .takes = "HOST",
	  .text = "The name of this server in its banner, in EHLO and in the fields that it adds.  "
		  "It must be given." },
	{ ROW(CONF_IN_TOP, "postmaster"), ADDRESS(conf, postmaster),
	  .takes = "ADDRESS",
	  .text = "Who gets the mail for postmaster of every hosted domain that names nobody else, "
		  "and what cannot be returned to its sender.  Where it is not given: postmaster at "
		  "the hostname." },
	{ ROW(CONF_IN_TOP, "relay-for"), NETS(conf, relay_for),
	  .takes = "NETWORK ...",
	  .text = "Clients that may send to the whole world without a password.  Anybody else may "
		  "send to hosted domains only." },
	{ ROW(CONF_IN_TOP, "bare-newlines"), SECTION(CONF_IN_NEWLINES),
	  .text = "What becomes of lines that do not end in CRLF.  They are refused; old appliances "
		  "of one's own may be spared." },
	{ ROW(CONF_IN_TOP, "listen"), OPENS(listen, CONF_IN_LISTEN),
	  .takes = "NAME",
	  .text = "A listener for SMTP." },
	{ ROW(CONF_IN_TOP, "domain"), OPENS(domain, CONF_IN_DOMAIN),
	  .takes = "DOMAIN",
	  .text = "A hosted domain: its mail is accepted from everybody, for the recipients that "
		  "its tables and mailboxes know.  Names outside of ASCII are put into their IDNA "
		  "form." },
	{ ROW(CONF_IN_TOP, "mailbox"), OPENS(mailbox, CONF_IN_WAY),
	  .takes = "ADDRESS",
	  .text = "An address of a hosted domain that has a mailbox, and the way into it: the words "
		  "of a transport, or the name of one." },
	{ ROW(CONF_IN_TOP, "transport"), OPENS(transport, CONF_IN_TRANSPORT),
	  .takes = "NAME",
	  .text = "A way out for mail.  The one called smtp is taken where no route says another; "
		  "without being written, it is direct SMTP to the MX hosts of the destination." },
	{ ROW(CONF_IN_TOP, "provider"), .shape = CONF_NAMED, .read = conf_provider_block,
	  .block = CONF_IN_PROVIDER, .adds_up = true,
	  .takes = "NAME",
	  .text = "Who runs the MX hosts of many domains.  The limits of a transport hold for a "
		  "provider, not for each domain: mail of one transport for domains that share an MX "
		  "host shares them without being told.  This block puts together what shares no "
		  "host, and may say other limits; each transport counts for itself." },
	{ ROW(CONF_IN_TOP, "route"), OPENS(route, CONF_IN_WAY),
	  .takes = "PATTERN ...",
	  .text = "Which way mail for a destination takes: the name of a transport, or its words.  "
		  "A pattern is an address, a domain, .domain for all names below it, or * for all "
		  "else; the most telling one is taken." },
	{ ROW(CONF_IN_TOP, "queue"), SECTION(CONF_IN_QUEUE), .offset = FIELD(conf, queue, struct conf_queue),
	  .text = "How long, and how often, delivery is tried." },
	{ ROW(CONF_IN_TOP, "limits"), SECTION(CONF_IN_LIMITS), .offset = FIELD(conf, limits, struct conf_limits),
	  .text = "What a stranger may cost us." },
	{ ROW(CONF_IN_TOP, "resolver"), SECTION(CONF_IN_RESOLVER), .offset = FIELD(conf, resolver, struct conf_resolver),
	  .text = "Whom the resolver asks.  Where nothing is said: the servers of resolv.conf(5)." },
	{ ROW(CONF_IN_TOP, "directories"), SECTION(CONF_IN_DIRECTORIES),
	  .text = "Where the server keeps what it writes.  Relative paths, here and elsewhere, start "
		  "in the configuration folder." },
	{ ROW(CONF_IN_TOP, "user"), NAME(conf, user), .preset = "facteur",
	  .takes = "USER",
	  .text = "Whom the server becomes after the start, when root starts it." },
	{ ROW(CONF_IN_TOP, "workers"), COUNT(conf, workers, 0, 256), .preset = "0",
	  .takes = "NUMBER",
	  .text = "Threads that hold sessions; 0: one for every two cores." },
	{ ROW(CONF_IN_TOP, "log"), SECTION(CONF_IN_LOG),
	  .text = "What is logged, and how." },

	{ ROW(CONF_IN_NEWLINES, "repair"), NETS(conf, repair_newlines),
	  .takes = "NETWORK ...",
	  .text = "From these clients a bare LF is taken for the end of a line, in commands and in "
		  "messages, and becomes CRLF.  A message ends in a dot between two CRLF all the "
		  "same." },

	{ ROW(CONF_IN_LISTEN, "on"), LISTEN(conf_listener, on),
	  .takes = "ADDRESS:PORT ...",
	  .text = "Where it listens.  *:PORT is all addresses, IPv4 and IPv6; an IPv6 address stands "
		  "in brackets." },
	{ ROW(CONF_IN_LISTEN, "tls"), CHOICE(conf_listener, tls, enum conf_listener_tls, listener_tls),
	  .takes = "off",
	  .text = "Must be given: no listener opens weaker than it was written, and the default, "
		  "offered, is not built yet." },

	{ ROW(CONF_IN_WAY, "transport"), NAMED(conf_way, named),
	  .takes = "NAME",
	  .text = "The transport that is taken, in place of all words below." },
	{ ROW(IN_HOP, "smtp"), WAY(smtp),
	  .takes = "[HOST[:PORT]]",
	  .text = "To this host, without asking for MX records; without a host, to the MX hosts of "
		  "the destination." },
	{ ROW(IN_HOP, "lmtp"), WAY(lmtp),
	  .takes = "unix:PATH | HOST[:PORT]",
	  .text = "By LMTP into a store such as Dovecot.  The port is 24 where none is said." },
	{ ROW(IN_HOP, "maildir"), WAY(maildir),
	  .takes = "PATH",
	  .text = "Into a Maildir.  {local}, {domain} and {address} stand for those of the "
		  "recipient." },
	{ ROW(IN_HOP, "pipe"), WAY(pipe),
	  .takes = "\"PROGRAM [ARGUMENT ...]\"",
	  .text = "Into the standard input of a program, in lines that end in LF, one recipient a "
		  "run.  One value is cut into arguments at its blanks, of several each is an "
		  "argument; no shell sees them.  {recipient}, {sender} (empty for the null sender), "
		  "{id}, {local} and {domain} are those of the mail, {nexthop} is the domain where no "
		  "table says another.  An address that would begin an argument with a hyphen is "
		  "refused.  In the environment are PATH, SHELL, HOME, USER, LOGNAME, RECIPIENT, "
		  "SENDER, NEXTHOP, LOCAL, DOMAIN and QUEUE_ID, and nothing else.  The exit code is "
		  "read as Postfix reads it: 0 is delivered; of sysexits.h, 71 and 75 mean later "
		  "(4.3.0), the others never: 64, 66, 69, 70, 72 and 74 5.3.0, 65 5.6.0, 67 5.1.1, 68 "
		  "5.1.2, 73 5.2.0, 76 5.5.0, 77 5.7.0, 78 5.3.5; any other code is 5.3.0, and a "
		  "death by a signal 4.3.0.  What it says becomes the text of the report; where that "
		  "begins with an enhanced status of the class 4 or 5, this one counts." },
	{ ROW(IN_HOP, "discard"), WAY(discard),
	  .text = "Nowhere: the mail vanishes, and the log says so." },
	{ ROW(IN_HOP, "error"), WAY(error),
	  .takes = "[STATUS] TEXT",
	  .text = "Back: the recipient is refused with this enhanced status (RFC 3463, 5.0.0 where "
		  "none is said) and this text." },
	{ ROW(IN_HOP, "port"), .read = conf_transport_port, .kinds = HAS_PEER,
	  .takes = "NUMBER",
	  .text = "The port of the next hop, where it is not said behind the host: 25, with LMTP "
		  "24." },
	{ ROW(IN_HOP, "tls"), CHOICE(conf_transport, tls, enum conf_tls_level, hop_tls),
	  .preset = "may", .kinds = HAS_PEER,
	  .takes = "none | may | encrypt",
	  .text = "As the TLS levels of Postfix: never, when the peer offers it, or not without.  "
		  "With LMTP the default is none." },
	{ ROW(IN_HOP, "connections"), COUNT(conf_transport, connections, 1, 10000),
	  .preset = "20", .kinds = HAS_PEER | HAS_FILES,
	  .takes = "NUMBER",
	  .text = "Deliveries at the same time to one provider: to all domains that share an MX "
		  "host, to one fixed host, into one Maildir, by one program." },
	{ ROW(IN_HOP, "delay-between"), TIME(conf_transport, delay_between_ms, 0, DAY),
	  .preset = "0", .kinds = HAS_PEER | HAS_FILES,
	  .takes = "TIME",
	  .text = "Pause from the end of one mail to the start of the next, to one provider.  It "
		  "holds over a reload and a restart." },
	{ ROW(IN_HOP, "messages-per-connection"),
	  COUNT(conf_transport, messages_per_connection, 1, 100000),
	  .preset = "100", .kinds = HAS_PEER,
	  .takes = "NUMBER",
	  .text = "Mails after which a connection is closed and another one opened." },
	{ ROW(IN_HOP, "messages-per-hour"),
	  COUNT(conf_transport, messages_per_hour, 0, 3600000), .kinds = HAS_PEER | HAS_FILES,
	  .preset = "0",
	  .takes = "NUMBER",
	  .text = "Mails to one provider within an hour; 0: any number.  They are spread evenly: "
		  "with 60, a minute lies between the starts of two, after a restart, too." },
	{ ROW(IN_HOP, "source-address"), .read = conf_transport_source, .kinds = HAS_PEER,
	  .takes = "ADDRESS [ADDRESS]",
	  .text = "Connections come from this IPv4 or IPv6 address, or from these two." },
	{ ROW(IN_HOP, "connect-timeout"), TIME(conf_transport, connect_ms_max, 10, HOUR),
	  .preset = "30s", .kinds = HAS_PEER,
	  .takes = "TIME",
	  .text = "How long to wait for a connection before the next host is tried." },
	{ ROW(IN_HOP, "as"), NAME(conf_transport, user), .kinds = HAS_FILES,
	  .takes = "USER",
	  .text = "Who writes the Maildir, or runs the program, which root never does.  Without it: the user that the server runs as." },

	{ ROW(IN_HOP, "return-path"),
	  FLAG(conf_transport, return_path, enum conf_switch, switched_on), .kinds = HAS_PROGRAM,
	  .text = "The program gets a Return-Path field with the sender, before all others." },
	{ ROW(IN_HOP, "delivered-to"),
	  FLAG(conf_transport, delivered_to, enum conf_switch, switched_on), .kinds = HAS_PROGRAM,
	  .text = "The program gets a Delivered-To field with the recipient." },
	{ ROW(IN_HOP, "timeout"), TIME(conf_transport, run_ms_max, 100, DAY),
	  .preset = "1000s", .kinds = HAS_PROGRAM,
	  .takes = "TIME",
	  .text = "How long the program may run; then it is killed with all of its process group, "
		  "and the mail is tried again later." },
	{ ROW(IN_HOP, "output-limit"),
	  LENGTH_OF(conf_transport, output_octets_max, 0, COURIER_OUTPUT_MAX),
	  .preset = "1K", .kinds = HAS_PROGRAM,
	  .takes = "SIZE",
	  .text = "Of what the program says so much is kept; a report shows its beginning." },

	{ ROW(CONF_IN_PROVIDER, "mx"), NAMES(conf_provider, mx),
	  .takes = "HOST | .SUFFIX ...",
	  .text = "Domains that have an MX host of this name, or, with a dot in front, of a name "
		  "below it, belong to the provider." },
	{ ROW(CONF_IN_PROVIDER, "domains"), NAMES(conf_provider, domains),
	  .takes = "DOMAIN | .DOMAIN ...",
	  .text = "So do these domains, or, with a dot in front, all below them, whatever their MX "
		  "hosts are." },
	{ ROW(CONF_IN_PROVIDER, "connections"), COUNT(conf_provider, connections, 1, 10000),
	  .takes = "NUMBER",
	  .text = "As in a transport, whose word holds where none stands here; so do the next three." },
	{ ROW(CONF_IN_PROVIDER, "delay-between"), TIME(conf_provider, delay_between_ms, 0, DAY),
	  .takes = "TIME",
	  .text = "As in a transport." },
	{ ROW(CONF_IN_PROVIDER, "messages-per-connection"),
	  COUNT(conf_provider, messages_per_connection, 1, 100000),
	  .takes = "NUMBER",
	  .text = "As in a transport." },
	{ ROW(CONF_IN_PROVIDER, "messages-per-hour"),
	  COUNT(conf_provider, messages_per_hour, 1, 3600000),
	  .takes = "NUMBER",
	  .text = "As in a transport." },

	{ ROW(CONF_IN_DOMAIN, "aliases"), PATHS(conf_domain, aliases),
	  .takes = "FILE ...",
	  .text = "Tables in the format of aliases(5)." },
	{ ROW(CONF_IN_DOMAIN, "virtual"), PATHS(conf_domain, virtuals),
	  .takes = "FILE ...",
	  .text = "Tables in the format of virtual(5)." },
	{ ROW(CONF_IN_DOMAIN, "transports"), PATHS(conf_domain, transports),
	  .takes = "FILE ...",
	  .text = "Tables in the format of transport(5): \"ADDRESS TRANSPORT:NEXTHOP\", or the domain "
		  "itself for all other addresses.  TRANSPORT is a transport of the configuration, "
		  "or one of smtp, relay (which is smtp), error and discard; the words behind "
		  "\"error:\" are the refusal, 550 5.1.1 where they begin with no other status.  "
		  "\"[HOST]:PORT\" behind smtp is a host without MX look-up.  A row is asked after "
		  "aliases and mailboxes, the one of the domain at last.  Rows of other domains are "
		  "skipped.  The server looks every second whether somebody has rewritten such a "
		  "file, and then reads it again; an error in it is logged, and the former table "
		  "stays." },
	{ ROW(CONF_IN_DOMAIN, "catch-all"), TARGET(conf_domain, catch_all),
	  .takes = "TARGET",
	  .text = "Who gets the mail for unknown recipients: an address, a local part, or "
		  "/dev/null.  Without it they are refused." },
	{ ROW(CONF_IN_DOMAIN, "sub-address"), CHARACTERS(conf_domain, sub_address), .preset = "+",
	  .takes = "CHARACTERS",
	  .text = "What stands behind one of these in a local part is the recipient's own business: "
		  "jo+shop is jo.  \"\" is none." },

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
	  .text = "After this time mail is returned as undeliverable; 0: after one attempt." },
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

	{ ROW(CONF_IN_LIMITS, "line"), LENGTH_OF(conf_limits, smtp.line_octets_max, 512, 64 * K),
	  .preset = "2048",
	  .takes = "SIZE",
	  .text = "A command line, with its end.  RFC 5321 asks for 512 and more for each "
		  "extension; Postfix takes as much." },
	{ ROW(CONF_IN_LIMITS, "text-line"),
	  LENGTH_OF(conf_limits, smtp.text_line_octets_max, 1000, 1024 * M), .preset = "1M",
	  .takes = "SIZE",
	  .text = "A line of a message, with its end.  RFC 5322 allows 1000 octets, but programs "
		  "send more and other servers take it; a long line costs no memory here, as no "
		  "line is ever held whole." },
	{ ROW(CONF_IN_LIMITS, "message"), SIZE(conf_limits, smtp.message_octets_max, 1 * K, T),
	  .preset = "50M",
	  .takes = "SIZE",
	  .text = "A message; EHLO says so (RFC 1870)." },
	{ ROW(CONF_IN_LIMITS, "header"), LENGTH_OF(conf_limits, header_octets_max, 1 * K, 64 * M),
	  .preset = "256K",
	  .takes = "SIZE",
	  .text = "The header of a message." },
	{ ROW(CONF_IN_LIMITS, "received"), COUNT(conf_limits, received_max, 1, 1000), .preset = "50",
	  .takes = "NUMBER",
	  .text = "Servers that a message has passed, by its Received fields; more are a loop." },
	{ ROW(CONF_IN_LIMITS, "recipients"), COUNT(conf_limits, smtp.recipients_max, 1, 100000),
	  .preset = "1000",
	  .takes = "NUMBER",
	  .text = "Recipients of one message; RFC 5321 asks for 100 at least." },
	{ ROW(CONF_IN_LIMITS, "transactions"),
	  COUNT(conf_limits, smtp.transactions_max, 1, 1000000), .preset = "1000",
	  .takes = "NUMBER",
	  .text = "Messages of one session." },
	{ ROW(CONF_IN_LIMITS, "idle-commands"),
	  COUNT(conf_limits, smtp.idle_commands_max, 1, 1000000), .preset = "100",
	  .takes = "NUMBER",
	  .text = "Commands in a row that bring no mail nearer." },
	{ ROW(CONF_IN_LIMITS, "errors"), COUNT(conf_limits, smtp.errors_max, 1, 1000000),
	  .preset = "20",
	  .takes = "NUMBER",
	  .text = "Commands of one session that were refused." },
	{ ROW(CONF_IN_LIMITS, "command-timeout"),
	  TIME(conf_limits, smtp.command_ms_max, 10, DAY), .preset = "5m",
	  .takes = "TIME",
	  .text = "Silence between commands (RFC 5321 section 4.5.3.2.7)." },
	{ ROW(CONF_IN_LIMITS, "data-timeout"), TIME(conf_limits, smtp.data_ms_max, 10, DAY),
	  .preset = "5m",
	  .takes = "TIME",
	  .text = "Silence inside a message." },
	{ ROW(CONF_IN_LIMITS, "message-timeout"), TIME(conf_limits, smtp.message_ms_max, 10, DAY),
	  .preset = "2h",
	  .takes = "TIME",
	  .text = "From the beginning of a message to its end." },
	{ ROW(CONF_IN_LIMITS, "answer-timeout"), TIME(conf_limits, smtp.answer_ms_max, 10, DAY),
	  .preset = "5m",
	  .takes = "TIME",
	  .text = "How long our own answer may take before the client is asked to try again." },
	{ ROW(CONF_IN_LIMITS, "sessions"), COUNT(conf_limits, sessions_max, 1, 1000000),
	  .preset = "12000",
	  .takes = "NUMBER",
	  .text = "Sessions at the same time.  The default leaves room for outgoing connections "
		  "below 20000 open files." },
	{ ROW(CONF_IN_LIMITS, "sessions-per-client"),
	  COUNT(conf_limits, client_sessions_max, 1, 1000000), .preset = "100",
	  .takes = "NUMBER",
	  .text = "Sessions at the same time from one address." },
	{ ROW(CONF_IN_LIMITS, "alias-depth"), COUNT(conf_limits, alias_depth_max, 1, 1000),
	  .preset = "20",
	  .takes = "NUMBER",
	  .text = "Aliases that lead to aliases." },
	{ ROW(CONF_IN_LIMITS, "alias-targets"), COUNT(conf_limits, alias_targets_max, 1, 100000),
	  .preset = "1000",
	  .takes = "NUMBER",
	  .text = "Addresses that one recipient may become." },

	{ ROW(CONF_IN_RESOLVER, "server"), SERVERS(conf_resolver, servers), .group = CONF_GROUP_ANSWER,
	  .takes = "ADDRESS[@PORT] ...",
	  .text = "Resolvers to ask." },
	{ ROW(CONF_IN_RESOLVER, "zone"), PATH(conf_resolver, zone_file), .group = CONF_GROUP_ANSWER,
	  .takes = "FILE",
	  .text = "For tests: everything is answered from this file, which has one record a line; a "
		  "name that it lacks does not exist.  \"name TIMEOUT\" and \"name SERVFAIL\" make a "
		  "look-up fail so." },
	{ ROW(CONF_IN_RESOLVER, "anchor"), PATH(conf_resolver, anchor_file),
	  .takes = "FILE",
	  .text = "Trust anchors for DNSSEC." },

	{ ROW(CONF_IN_DIRECTORIES, "spool"), PATH(conf, spool_dir), .preset = "/var/spool/facteur",
	  .takes = "PATH",
	  .text = "The queue." },
	{ ROW(CONF_IN_DIRECTORIES, "state"), PATH(conf, state_dir), .preset = "/var/lib/facteur",
	  .takes = "PATH",
	  .text = "What is remembered besides." },
	{ ROW(CONF_IN_DIRECTORIES, "run"), PATH(conf, run_dir), .preset = "/run/facteur",
	  .takes = "PATH",
	  .text = "Sockets." },

	{ ROW(CONF_IN_LOG, "format"), CHOICE(conf, log_format, enum log_format, log_formats),
	  .preset = "plain", .group = CONF_GROUP_FORMAT,
	  .takes = "plain | json",
	  .text = "key=value pairs, or one JSON object a line." },
	{ ROW(CONF_IN_LOG, "plain"), FLAG(conf, log_format, enum log_format, &log_formats[0]),
	  .group = CONF_GROUP_FORMAT,
	  .text = "Short for format plain." },
	{ ROW(CONF_IN_LOG, "json"), FLAG(conf, log_format, enum log_format, &log_formats[1]),
	  .group = CONF_GROUP_FORMAT,
	  .text = "Short for format json." },
	{ ROW(CONF_IN_LOG, "level"), CHOICE(conf, log_level, enum log_level, log_levels),
	  .preset = "info",
	  .takes = "debug | info | warning | error",
	  .text = "The least that is logged." },

	LATER(CONF_IN_TOP, "tls"),	  LATER(CONF_IN_TOP, "login"),
	LATER(CONF_IN_TOP, "greylist"),	  LATER(CONF_IN_TOP, "ban"),
	LATER(CONF_IN_TOP, "sign"),	  LATER(CONF_IN_TOP, "scan"),
	LATER(CONF_IN_TOP, "attachments"), LATER(CONF_IN_TOP, "quarantine"),
	LATER(CONF_IN_TOP, "milter"),	  LATER(CONF_IN_TOP, "policy"),
	LATER(CONF_IN_TOP, "relay-filter"), LATER(CONF_IN_TOP, "access"),
	LATER(CONF_IN_TOP, "headers"),	  LATER(CONF_IN_TOP, "rewrite"),
	LATER(CONF_IN_TOP, "copy-to"),	  LATER(CONF_IN_TOP, "soft-bounce"),
	LATER(CONF_IN_TOP, "forwarders"),
	LATER(CONF_IN_TOP, "spf"),	  LATER(CONF_IN_TOP, "dkim"),
	LATER(CONF_IN_TOP, "dmarc"),	  LATER(CONF_IN_TOP, "arc"),
	LATER(CONF_IN_TOP, "srs"),	  LATER(CONF_IN_TOP, "dnsbl"),
	LATER(CONF_IN_LISTEN, "login"),	  LATER(CONF_IN_LISTEN, "certificate"),
	LATER(CONF_IN_LISTEN, "key"),
	LATER(IN_HOP, "fingerprint"),
	LATER(IN_HOP, "login"),
	LATER(CONF_IN_DOMAIN, "relay"),
	LATER(CONF_IN_DOMAIN, "recipients"), LATER(CONF_IN_DOMAIN, "mailboxes"),
};
/* clang-format on */

const size_t conf_schema_count = LENGTH(conf_schema);
_Static_assert(LENGTH(conf_schema) <= CONF_WORDS_MAX, "struct conf_builder has no room for it");

const struct conf_row *conf_schema_find(unsigned in, str word)
{
	for (size_t i = 0; i < conf_schema_count; i++)
		if (conf_schema[i].in & in && str_eq(conf_schema[i].word, word))
			return &conf_schema[i];
	return NULL;
}

struct conf_origin *conf_schema_seen(struct conf_builder *b, const struct conf_row *row)
{
	return &b->seen[row - conf_schema];
}

str conf_schema_block(unsigned in)
{
	for (size_t i = 0; i < conf_schema_count; i++)
		if (conf_schema[i].block & in)
			return conf_schema[i].word;
	return S("");
}
