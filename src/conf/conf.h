/*
 * conf/conf - what the administrator wants, as one read-only structure
 *
 * Built by conf/read and conf/schema from the files of conf.d, or from the merged facteur.conf of a
 * generation.  Every value remembers its file, line and column.  All of it lives in one arena; it
 * is never changed after it was built, is shared by all threads, and goes with its last reference.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/login.h"
#include "conf/read.h"
#include "conf/tls.h"
#include "conf/sender.h"
#include "conf/ways.h"
#include "smtp/server.h"
#include "world/source.h"

#define CONF_ORIGIN_TEXT_MAX FAIL_ORIGIN_MAX
char *conf_origin_print(
	const struct conf_origin *o, char to[CONF_ORIGIN_TEXT_MAX]); /* file:line,
									or "default" */

struct conf_net {
	struct ip_net net;
	bool except; /* what it has, those behind it do not */
	struct conf_origin origin;
};

struct conf_nets {
	const struct conf_net *items;
	size_t count;
};

/* The network that has the address, or null. */
const struct conf_net *conf_nets_find(const struct conf_nets *nets, const struct ip *ip);

/* One that shares an address with this network, or null. */
const struct conf_net *conf_nets_meet(const struct conf_nets *nets, const struct ip_net *net);

struct conf_text {
	str text;
	struct conf_origin origin;
};

struct conf_texts {
	const struct conf_text *items;
	size_t count;
};

struct conf_endpoint {
	struct endpoint at;
	struct conf_origin origin;
};

struct conf_endpoints {
	const struct conf_endpoint *items;
	size_t count;
};

/* listen NAME { on ADDRESS:PORT ...; tls LEVEL; certificate FILE; key FILE; proxy-protocol NETWORK
 * ... }   "on *:25" is two endpoints, 0.0.0.0 and ::, so an IPv6 socket must take IPv6 only
 * (IPV6_V6ONLY) */
struct conf_listener {
	str name;
	struct conf_endpoints on;
	enum conf_listener_tls tls;
	struct conf_pair pair; /* in place of that of tls */
	enum conf_listener_login login;
	struct conf_nets proxies; /* whose connections begin with a PROXY header */
	struct conf_origin origin;
};

enum conf_transport_kind {
	CONF_SMTP,    /* smtp [HOST[:PORT]] */
	CONF_LMTP,    /* lmtp unix:PATH | HOST:PORT */
	CONF_MAILDIR, /* maildir PATH; as USER */
	CONF_PIPE,    /* pipe "PROGRAM ARGUMENT..."; as USER */
	CONF_DISCARD, /* discard */
	CONF_ERROR,   /* error [x.y.z] TEXT */
};

enum conf_switch { CONF_OFF, CONF_ON };

/* forward [programs] [files] */
enum conf_forward { CONF_FORWARD = 1, CONF_FORWARD_PROGRAMS = 2, CONF_FORWARD_FILES = 4 };

#define CONF_USER_LOCAL S("{local}") /* as {local}: who has the name of the recipient */

/* transport NAME { ... }, and the unnamed ones of mailboxes and routes */
struct conf_transport {
	str name; /* "mailbox" or "route" where it has none, "smtp" for the built-in one */
	enum conf_transport_kind kind;
	str host;      /* SMTP, LMTP: a fixed next hop: name, address literal without brackets, or
			  "unix:PATH"; "" with SMTP: the MX hosts of the destination */
	uint16_t port; /* 25, or 24 with LMTP, where not said */
	str path;      /* MAILDIR: may have {local}, {domain}, {address}; PIPE: the whole command,
			  as it was written */
	const str *words; /* PIPE: the program and its arguments; may have {recipient} and others */
	size_t word_count;
	enum conf_switch return_path, delivered_to; /* PIPE: which fields it gets */
	int64_t run_ms_max;                         /* PIPE: timeout */
	size_t output_octets_max;                   /* PIPE: output-limit */
	str user;                                   /* as USER; "" is the daemon's own; MAILDIR and
						       PIPE: may be {local} */
	unsigned forward; /* MAILDIR: the user's .forward is looked at; bits of enum conf_forward */
	const struct conf_transport *forward_programs, *forward_files; /* what may stand in it */
	str status, text;           /* ERROR: enhanced status and words */
	enum conf_tls_level tls;    /* outgoing; default may; LMTP: none */
	struct conf_tls_peer peer;  /* what goes with that */
	struct ip source4, source6; /* source-address; family 0: the kernel's choice */
	unsigned connections;       /* at once to one provider */
	int64_t delay_between_ms;   /* from the end of one mail to the start of the next, to one
				       provider */
	unsigned messages_per_connection;
	unsigned messages_per_hour; /* to one provider; 0: no limit */
	int64_t connect_ms_max;     /* connect-timeout */
	struct conf_origin origin;
};

/* route PATTERN... { transport NAME | TRANSPORT... }   domain, .subdomains, address, or * */
struct conf_route {
	str pattern; /* in table form (address_key): lower case, ASCII */
	const struct conf_transport *transport;
	struct conf_origin origin;
};

/* A table that is used. */
struct conf_use {
	const struct conf_table *table;
	struct conf_text written;
};

struct conf_uses {
	const struct conf_use *items;
	size_t count;
};

/* Tables that are asked for the addresses of a domain, behind its files of the same kind. */
struct conf_domain_tables {
	struct conf_uses virtuals, aliases, recipients, transports;
};

/* domain NAME { aliases FILE...; virtual FILE...; transports FILE...; catch-all TARGET; sub-address
 * CHARS } */
struct conf_domain {
	str name;                            /* lower case, ASCII */
	struct conf_texts aliases;           /* aliases(5) files, as written */
	struct conf_texts virtuals;          /* virtual(5) files, as written */
	struct conf_texts transports;        /* transport(5) files, as written */
	struct conf_alias_files alias_files; /* of aliases, those that may do more */
	const struct conf_transport *whole;  /* relay, mailboxes: who has all others; or null */
	struct conf_origin whole_origin;
	struct conf_texts recipients; /* files that say who they are, as written */
	struct conf_domain_tables tables;
	struct conf_text catch_all; /* address, local part or /dev/null; "" is none */
	str sub_address; /* characters that begin a sub-address: default "+"; "" is none */
	struct conf_origin origin;
};

/* mailbox ADDRESS { TRANSPORT... | transport NAME } */
struct conf_mailbox {
	str address; /* in table form */
	const struct conf_transport *transport;
	struct conf_origin origin;
};

/* provider NAME { mx SUFFIX...; domains DOMAIN...; LIMITS }: next hops that share limits, which
 * stand in place of those of their transport */
struct conf_provider {
	str name;
	struct conf_texts mx;      /* lower case: ".outlook.com" is all names below it */
	struct conf_texts domains; /* lower case, ASCII; with a dot in front: all names below it */
	unsigned connections;      /* 0, in all four: as the transport says */
	int64_t delay_between_ms;  /* here CONF_UNSAID */
	unsigned messages_per_connection, messages_per_hour;
	struct conf_texts throttle; /* codes, statuses and words of replies that ask for less */
	struct conf_origin origin;
};

#define CONF_UNSAID (-1)
#define CONF_RETRY_MAX 32

struct conf_queue {
	int64_t retry_ms[CONF_RETRY_MAX]; /* the series; its last member repeats */
	size_t retry_count;
	int64_t warn_ms; /* 0: never.  Accepted and kept; warnings are RFC 3461's delayed DSNs */
	int64_t lifetime_ms;
	int64_t bounce_lifetime_ms; /* of mail with the null sender */
	uint64_t reserve_octets;    /* stop accepting when the disk has less free than this */
	uint64_t memory_octets;     /* of messages kept in memory for their first attempt */
};

/* quarantine { keep TIME; messages COUNT; space SIZE } */
struct conf_quarantine {
	int64_t keep_ms; /* then it is discarded */
	unsigned messages_max;
	uint64_t octets_max;
};

/* limits { ... } */
struct conf_limits {
	struct smtp_server_limits smtp;
	size_t header_octets_max;     /* 552 5.3.4 */
	unsigned received_max;        /* hops: 554 5.4.6 */
	unsigned sessions_max;        /* in all: 421 4.3.2 */
	unsigned client_sessions_max; /* from one address: 421 4.7.0 */
	unsigned alias_depth_max;     /* nesting of aliases */
	unsigned alias_targets_max;   /* addresses that one recipient may become */
};

/* resolver { zone FILE } | { server ADDRESS@PORT ... } | nothing: the system's */
struct conf_resolver {
	str zone_file;
	struct conf_endpoints servers;
	str anchor_file;
};

enum conf_table_kind {
	CONF_TABLE_FILE,   /* file FILE ...: keys and values, compiled */
	CONF_TABLE_CIDR,   /* cidr FILE ...: networks and values */
	CONF_TABLE_PCRE,   /* pcre FILE ...: expressions and values */
	CONF_TABLE_REMOTE, /* sqlite, pgsql, ldap */
};

/* What a table means that gives no answer (P9). */
enum conf_failure {
	CONF_FAILURE_ACCEPT,
	CONF_FAILURE_DEFER,
	CONF_FAILURE_REJECT,
	CONF_FAILURE_HOLD
};

/* table NAME { ... }, or where it is used "pcre:FILE", which is its name then */
struct conf_table {
	str name;
	enum conf_table_kind kind;
	struct conf_texts files; /* as written */
	struct source_setup source;
	struct conf_text query, filter; /* of the source, as written */
	str password_file;              /* absolute, or "" */
	str result;                     /* what stands for a value, with %s for it; "" is %s */
	int64_t cache_ms;               /* how long an answer is believed; 0: not at all */
	unsigned cache_entries;
	enum conf_failure on_failure;
	struct conf_origin origin;
};

/* access { client TABLE...; helo TABLE...; sender TABLE...; recipient TABLE... } */
struct conf_access {
	struct conf_uses client, helo, sender, recipient;
};

/* Where a rewriting is made. */
enum conf_part { CONF_ENVELOPE = 1, CONF_HEADER = 2, CONF_BOTH = 3 };

/* rewrite { sender TABLE...; recipient TABLE...; header-sender TABLE...; header-recipient TABLE...;
 * masquerade DOMAIN...; masquerade-except LOCAL...; masquerade-in envelope|header|both } */
struct conf_rewrite {
	struct conf_uses sender, recipient, header_sender, header_recipient;
	struct conf_texts masquerade; /* lower case, ASCII; or with "!" in front: spared */
	struct conf_texts except;     /* lower case */
	enum conf_part masquerade_in;
};

/* copy-to { always ADDRESS...; sender TABLE...; recipient TABLE... } */
struct conf_copy {
	struct conf_texts always;
	struct conf_uses sender, recipient;
};

struct conf {
	struct arena arena;
	int references; /* atomic; conf_keep, conf_drop */
	unsigned generation;
	str dir; /* the configuration folder, absolute */

	struct conf_text hostname, postmaster;
	struct conf_nets relay_for;
	struct conf_tls_peer relay_for_certificate; /* its digests are those of clients */
	struct conf_nets forwarders;
	struct conf_nets xclient, xforward; /* who may say who the client is */
	struct conf_sender sender;
	struct conf_nets repair_newlines; /* bare-newlines repair NETWORK... */
	struct conf_tls tls;
	struct conf_login login;
	const struct conf_listener *listeners;
	size_t listener_count;
	const struct conf_transport *transports; /* named; the built-in "smtp" among them, unless
						    the admin wrote his own of that name */
	size_t transport_count;
	const struct conf_provider *providers; /* in the order of the files */
	size_t provider_count;
	const struct conf_route *routes; /* in the order of the files */
	size_t route_count;
	const struct conf_route *sender_routes; /* route-from */
	size_t sender_route_count;
	const struct conf_domain *domains;
	size_t domain_count;
	const struct conf_mailbox *mailboxes;
	size_t mailbox_count;
	const struct conf_table *tables; /* in the order of the files */
	size_t table_count;
	struct conf_access access;
	struct conf_uses headers; /* rules for the fields of messages */
	struct conf_uses body;    /* rules for the lines of their bodies */
	struct conf_rewrite rewrite;
	struct conf_copy copy;
	enum conf_switch soft_bounce;
	struct conf_queue queue;
	struct conf_quarantine quarantine;
	struct conf_languages bounce_languages;
	struct conf_call_out call_out;
	struct conf_limits limits;
	struct conf_resolver resolver;
	str spool_dir, state_dir, run_dir; /* absolute */
	str user;                          /* run as, when started by root */
	unsigned workers;                  /* 0: as many as cores */
	enum log_format log_format;
	enum log_level log_level;

	struct conf_directives directives; /* all of it as it was read, for conf_print */
};

/* Where a word was written first, in a section ("queue", "limits", ...) or, with "", outside of all
 * blocks; null: nowhere, the default holds. */
const struct conf_origin *conf_where(const struct conf *c, str section, str word) MUST_USE;

/* That place as text, or "default". */
char *conf_where_print(const struct conf *c, str section, str word, char to[CONF_ORIGIN_TEXT_MAX]);

struct conf *conf_keep(struct conf *c);
void conf_drop(struct conf *c); /* null is allowed */

/* One source text of a configuration. */
struct conf_source {
	str name; /* as in conf_origin.file */
	str text;
};

/* Build from texts, in this order.  Null: *why.text is "file:line:column: what is wrong", with the
 * nearest known word where a word is unknown.  dir: relative paths start there. */
struct conf *conf_build(
	str dir, const struct conf_source *sources, size_t count, struct fail *why) MUST_USE;

/* The same, with every error that can be found, one a line: CONF_ERRORS_MAX of them, then how many
 * more there are.  *why is the first. */
struct buf;
#define CONF_ERRORS_MAX 100
struct conf *conf_build_all(str dir, const struct conf_source *sources, size_t count,
	struct buf *errors, struct fail *why) MUST_USE;

/* The merged text of a generation: each directive with its origin, read back by conf_build to the
 * same structure with the same origins. */
void conf_print(const struct conf *c, struct buf *to);

/* The vocabulary of facteur.conf(5), printed from the schema table (mdoc). */
void conf_manual(struct buf *to);

#endif
