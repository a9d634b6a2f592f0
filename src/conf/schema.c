#include "conf/schema.h"

#include "conf/block.h"
#include "conf/login_block.h"
#include "conf/provider.h"
#include "conf/table.h"
#include "conf/tls_block.h"
#include "conf/sender_block.h"
#include "conf/transport.h"
#include "conf/value.h"
#include "conf/ways_read.h"
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

/* The same for a reader of another file. */
#define READ_BY(function, structure, field, type) \
	.read = (function), .offset = FIELD(structure, field, type)

#define OPENS_BY(function, where) \
	.shape = CONF_NAMED, .read = (function), .block = (where), .adds_up = true

#define HOSTNAME(s, f) READ(hostname, s, f, struct conf_text)
#define ADDRESS(s, f) READ(address, s, f, struct conf_text)
#define TARGET(s, f) READ(target, s, f, struct conf_text)
#define NAMED(s, f) READ(named, s, f, struct conf_text)
#define NAME(s, f) READ(name, s, f, str)
#define PATH(s, f) READ(path, s, f, str)
#define PATHS(s, f) READ(paths, s, f, struct conf_texts), .adds_up = true
#define NETS(s, f) READ(nets, s, f, struct conf_nets), .adds_up = true
#define NETS_BUT(s, f) READ(nets_but, s, f, struct conf_nets), .adds_up = true
#define LISTEN(s, f) READ(listen, s, f, struct conf_endpoints), .adds_up = true
#define SERVERS(s, f) READ(servers, s, f, struct conf_endpoints), .adds_up = true
#define CERTIFICATE(s, f) .read = conf_tls_block_file, .offset = FIELD(s, f, struct conf_file)
#define DMARC_MODE(n) \
	FLAG(conf_dmarc, mode, enum conf_dmarc_mode, &dmarc_modes[n]), .group = CONF_GROUP_DMARC
#define SIGN_FILE(f) \
	.read = conf_sender_block_file, .offset = FIELD(conf_sign, f, struct conf_sign_file)
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
#define USES(s, f) .read = conf_table_uses, .offset = FIELD(s, f, struct conf_uses), .adds_up = true
#define WAY(function) .read = conf_transport_##function, .group = CONF_GROUP_KIND

#define SECTION(where) .shape = CONF_SECTION, .read = conf_block_section, .block = (where)
#define SWITCHED(where) .shape = CONF_SECTION, .read = conf_sender_block_section, .block = (where)
#define OPENS(function, where) \
	.shape = CONF_NAMED, .read = conf_block_##function, .block = (where), .adds_up = true

#define IN_HOP (CONF_IN_TRANSPORT | CONF_IN_WAY)
#define HAS_PEER (1U << CONF_SMTP | 1U << CONF_LMTP)
#define HAS_PROGRAM (1U << CONF_PIPE)
#define HAS_MAILDIR (1U << CONF_MAILDIR)
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
_Static_assert(sizeof(enum conf_wrapper) == sizeof(unsigned), "an enum is no unsigned");
_Static_assert(sizeof(enum conf_listener_login) == sizeof(unsigned), "an enum is no unsigned");
_Static_assert(sizeof(enum conf_hide_client) == sizeof(unsigned), "an enum is no unsigned");
_Static_assert(sizeof(enum log_level) == sizeof(unsigned), "an enum is no unsigned");
_Static_assert(sizeof(enum conf_tls_minimum) == sizeof(unsigned), "an enum is no unsigned");
_Static_assert(sizeof(enum conf_cost) == sizeof(unsigned), "an enum is no unsigned");
_Static_assert(sizeof(enum conf_dmarc_mode) == sizeof(unsigned), "an enum is no unsigned");
_Static_assert(sizeof(enum conf_part) == sizeof(unsigned), "an enum is no unsigned");
_Static_assert(sizeof(enum conf_added) == sizeof(unsigned), "an enum is no unsigned");
_Static_assert(offsetof(struct conf_way, own) == 0, "words of transports are read into a way");

static const struct conf_choice listener_tls[] = {
	{STR_INIT("off"),       CONF_LISTENER_OFF,      false},
	{ STR_INIT("offered"),  CONF_LISTENER_OFFERED,  false},
	{ STR_INIT("required"), CONF_LISTENER_REQUIRED, false},
	{ STR_INIT("implicit"), CONF_LISTENER_IMPLICIT, false},
};

static const struct conf_choice minimums[] = {
	{STR_INIT("1.2"),  CONF_TLS_1_2, false},
	{ STR_INIT("1.3"), CONF_TLS_1_3, false},
};

static const struct conf_choice hop_tls[] = {
	{STR_INIT("none"),         CONF_TLS_NONE,        false},
	{ STR_INIT("may"),         CONF_TLS_MAY,         false},
	{ STR_INIT("encrypt"),     CONF_TLS_ENCRYPT,     false},
	{ STR_INIT("dane"),        0,                    true },
	{ STR_INIT("fingerprint"), CONF_TLS_FINGERPRINT, false},
	{ STR_INIT("verify"),      CONF_TLS_VERIFY,      false},
	{ STR_INIT("secure"),      CONF_TLS_SECURE,      false},
};

static const struct conf_choice listener_login[] = {
	{STR_INIT("offered"),   CONF_LOGIN_OFFERED,  false},
	{ STR_INIT("required"), CONF_LOGIN_REQUIRED, false},
};

static const struct conf_choice hidden_client[] = {
	{STR_INIT("on"), CONF_CLIENT_HIDDEN, false},
};

static const struct conf_choice wrapper_on[] = {
	{STR_INIT("on"), CONF_WRAPPER_ON, false},
};

static const struct conf_choice switched_on[] = {
	{STR_INIT("on"), CONF_ON, false},
};

static const struct conf_choice tag_or_refuse[] = {
	{STR_INIT("tag"),     CONF_TAG,    false},
	{ STR_INIT("refuse"), CONF_REFUSE, false},
};

static const struct conf_choice tag_or_defer[] = {
	{STR_INIT("tag"),    CONF_TAG,   false},
	{ STR_INIT("defer"), CONF_DEFER, false},
};

static const struct conf_choice dmarc_modes[] = {
	{STR_INIT("observe"),     CONF_OBSERVE,    false},
	{ STR_INIT("quarantine"), CONF_QUARANTINE, false},
	{ STR_INIT("reject"),     CONF_REJECT,     false},
};

static const struct conf_choice quarantined[] = {
	{STR_INIT("tag"),   CONF_QUARANTINED_TAG,  false},
	{ STR_INIT("hold"), CONF_QUARANTINED_HOLD, false},
};

static const struct conf_choice signatures[] = {
	{STR_INIT("one"),  CONF_SIGN_ONE, false},
	{ STR_INIT("all"), CONF_SIGN_ALL, false},
};

static const struct conf_choice canonical[] = {
	{STR_INIT("simple/simple"),    CONF_SIMPLE_SIMPLE,   false},
	{ STR_INIT("simple/relaxed"),  CONF_SIMPLE_RELAXED,  false},
	{ STR_INIT("relaxed/simple"),  CONF_RELAXED_SIMPLE,  false},
	{ STR_INIT("relaxed/relaxed"), CONF_RELAXED_RELAXED, false},
};

static const struct conf_choice added[] = {
	{STR_INIT("on"), CONF_ADDED, false},
};

static const struct conf_choice on_off[] = {
	{STR_INIT("on"),   CONF_ON,  false},
	{ STR_INIT("off"), CONF_OFF, false},
};

static const struct conf_choice parts[] = {
	{STR_INIT("envelope"), CONF_ENVELOPE, false},
	{ STR_INIT("header"),  CONF_HEADER,   false},
	{ STR_INIT("both"),    CONF_BOTH,     false},
};

static const struct conf_choice failures[] = {
	{STR_INIT("accept"),  CONF_FAILURE_ACCEPT, false},
	{ STR_INIT("defer"),  CONF_FAILURE_DEFER,  false},
	{ STR_INIT("reject"), CONF_FAILURE_REJECT, false},
	{ STR_INIT("hold"),   CONF_FAILURE_HOLD,   false},
};

static const struct conf_choice scopes[] = {
	{STR_INIT("sub"),   SOURCE_SUB,  false},
	{ STR_INIT("one"),  SOURCE_ONE,  false},
	{ STR_INIT("base"), SOURCE_BASE, false},
};

static const struct conf_choice start_tls[] = {
	{STR_INIT("start-tls"), SOURCE_START_TLS, false},
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

static const struct conf_choice call_out_failures[] = {
	{STR_INIT("defer"),   CONF_CALL_OUT_DEFER,  false},
	{ STR_INIT("accept"), CONF_CALL_OUT_ACCEPT, false},
};

#define ROW(where, name) .in = (where), .word = STR_INIT(name)
#define LATER(where, name)       \
	{                        \
		ROW(where, name) \
	}

/* clang-format off */
/* One array, in files by topic.  The manual prints the words of a block in this order. */
const struct conf_row conf_schema[] = {
#include "conf/rows_top.h"
#include "conf/rows_listen.h"
#include "conf/rows_tls.h"
#include "conf/rows_login.h"
#include "conf/rows_satellites.h"
#include "conf/rows_proxy.h"
#include "conf/rows_transport.h"
#include "conf/rows_domain.h"
#include "conf/rows_sender.h"
#include "conf/rows_table.h"
#include "conf/rows_queue.h"
#include "conf/rows_ways.h"
#include "conf/rows_limits.h"
#include "conf/rows_operation.h"
#include "conf/rows_later.h"
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
