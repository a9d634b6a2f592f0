#include "conf/transport.h"

#include "base/ascii.h"
#include "base/number.h"
#include "conf/nearest.h"
#include "conf/tls_block.h"
#include "conf/value.h"
#include "dns/name.h"
#include "world/courier.h"
#include "world/file.h"

#define SMTP_PORT 25
#define SMTPS_PORT 465 /* RFC 8314 section 3.3 */
#define LMTP_PORT 24

/* An address that was mistyped must not pass as the name of a host. */
static bool host_name(str name, char ascii[DNS_NAME_MAX + 1])
{
	str last = str_skip(
		name, str_find_last(name, '.') == name.n ? 0 : str_find_last(name, '.') + 1);
	bool digits = true;

	for (size_t i = 0; i < last.n; i++)
		digits = digits && ascii_digit(last.p[i]);
	return !digits && dns_name_ascii(name, ascii);
}

/* HOST[:PORT], ADDRESS[:PORT] or [ADDRESS]:PORT; *port stays where none is said. */
static bool host_port(struct arena *a, str s, str *host, uint16_t *port)
{
	struct endpoint e;
	char address[IP_TEXT_MAX], ascii[DNS_NAME_MAX + 1];
	str name;
	uint64_t n;

	if (endpoint_parse(s, UINT16_MAX, &e) && e.ip.family != 0) {
		*host = arena_copy(a, str_of(ip_print(&e.ip, address)));
		if (endpoint_parse(s, 0, &e)) /* it says a port itself */
			*port = e.port;
		return true;
	}
	if (str_cut(&s, ':', &name)) {
		if (!number_parse(s, UINT16_MAX, &n) || n == 0)
			return false;
		*port = (uint16_t)n;
	}
	if (!host_name(name, ascii))
		return false;
	*host = arena_copy(a, str_of(ascii));
	return true;
}

static bool read_host(struct conf_builder *b, const struct conf_directive *d,
	const struct conf_word *word, const char *takes, struct conf_transport *t)
{
	uint16_t port = 0;

	if (!host_port(b->arena, word->text, &t->host, &port))
		return conf_value_wrong(b, d, word, takes);
	if (port != 0 && t->port != 0)
		return conf_builder_error(b, &word->origin,
			"'%.*s' says a port, and 'port' says one, too", STR(word->text));
	if (port != 0)
		t->port = port;
	return true;
}

bool conf_transport_smtp(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] =
		"nothing (for the MX hosts of the destination), or one host such "
		"as mail.example.org, 192.0.2.1:25 or [2001:db8::1]:25";
	struct conf_transport *t = field;
	const struct conf_word *word;

	(void)row;
	t->kind = CONF_SMTP;
	if (d->word_count == 1)
		return true;
	word = conf_value_one(b, d, takes);
	return word && read_host(b, d, word, takes, t);
}

bool conf_transport_lmtp(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "unix:/path/to/socket, or one host such as 127.0.0.1:24";
	const struct conf_word *word = conf_value_one(b, d, takes);
	struct conf_transport *t = field;
	struct endpoint e;

	(void)row;
	t->kind = CONF_LMTP;
	if (!word)
		return false;
	if (!str_starts(word->text, S("unix:")))
		return read_host(b, d, word, takes, t);
	if (word->text.n == 5)
		return conf_value_wrong(b, d, word, takes);
	t->host = file_path(b->arena, b->conf->dir, str_skip(word->text, 5));
	t->host = arena_printf(b->arena, "unix:%.*s", STR(t->host));
	if (!endpoint_parse(t->host, 0, &e))
		return conf_builder_error(b, &word->origin,
			"the path of a unix socket has at most %d bytes, and '%.*s' is longer",
			IP_PATH_MAX - 1, STR(str_skip(t->host, 5)));
	return true;
}

/* Is everything in braces one of the known? */
static bool check_placeholders(struct conf_builder *b, const struct conf_word *word, str text,
	const str *known, size_t known_count)
{
	while (str_has(text, '{')) {
		size_t start = str_find(text, '{');
		size_t length = str_find(str_skip(text, start), '}') + 1;
		struct conf_nearest nearest = { .word = str_first(str_skip(text, start), length) };

		for (size_t i = 0; i < known_count; i++)
			conf_nearest_offer(&nearest, known[i]);
		if (!str_eq(nearest.word, nearest.best))
			return conf_builder_error(b, &word->origin,
				"'%.*s' is unknown here; the nearest known word is '%.*s'",
				STR(nearest.word), STR(nearest.best));
		text = str_skip(text, start + length);
	}
	return true;
}

bool conf_transport_maildir(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const str known[] = { STR_INIT("{local}"), STR_INIT("{domain}"),
		STR_INIT("{address}") };
	static const char takes[] = "the path of a Maildir, such as /home/{local}/Maildir";
	const struct conf_word *word = conf_value_one(b, d, takes);
	struct conf_transport *t = field;

	(void)row;
	t->kind = CONF_MAILDIR;
	if (!word)
		return false;
	if (word->text.n == 0)
		return conf_value_wrong(b, d, word, takes);
	if (!check_placeholders(b, word, word->text, known, LENGTH(known)))
		return false;
	t->path = file_path(b->arena, b->conf->dir, word->text);
	return true;
}

/* The words of a command: one value is cut at its blanks, of several each is a word. */
static size_t split_command(const struct conf_directive *d, str to[COURIER_ARGUMENTS_MAX + 1])
{
	size_t count = 0;
	str rest = d->words[1].text;

	if (d->word_count == 2) {
		while (count <= COURIER_ARGUMENTS_MAX && str_word(&rest, &to[count]))
			count++;
		return count;
	}
	for (; count <= COURIER_ARGUMENTS_MAX && count + 1 < d->word_count; count++)
		to[count] = d->words[count + 1].text;
	return count;
}

static str join_words(struct arena *a, const str *words, size_t count)
{
	str whole = words[0];

	for (size_t i = 1; i < count; i++)
		whole = arena_printf(a, "%.*s %.*s", STR(whole), STR(words[i]));
	return whole;
}

bool conf_transport_pipe(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const str known[] = { STR_INIT("{recipient}"), STR_INIT("{nexthop}"),
		STR_INIT("{sender}"), STR_INIT("{id}"), STR_INIT("{local}"), STR_INIT("{domain}") };
	static const char takes[] = "the absolute path of a program and its arguments, such as "
				    "\"/usr/lib/sympa/bin/queue {nexthop}\"";
	str words[COURIER_ARGUMENTS_MAX + 1], *kept;
	struct conf_transport *t = field;
	size_t count;

	(void)row;
	t->kind = CONF_PIPE;
	if (!conf_value_words(b, d, SIZE_MAX, takes))
		return false;
	count = split_command(d, words);
	if (count == 0 || !str_starts(words[0], S("/")) || str_has(words[0], '{'))
		return conf_value_wrong(b, d, &d->words[1], takes);
	if (count > COURIER_ARGUMENTS_MAX)
		return conf_builder_error(b, &d->words[0].origin,
			"'pipe' takes a program with at most %d arguments",
			COURIER_ARGUMENTS_MAX - 1);
	kept = arena_alloc(b->arena, count * sizeof *kept);
	for (size_t i = 0; i < count; i++) {
		if (!check_placeholders(b, &d->words[1], words[i], known, LENGTH(known)))
			return false;
		kept[i] = words[i];
	}
	t->words = kept;
	t->word_count = count;
	t->path = join_words(b->arena, words, count);
	return true;
}

bool conf_transport_discard(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_transport *t = field;

	(void)row;
	t->kind = CONF_DISCARD;
	if (d->word_count == 1)
		return true;
	return conf_builder_error(b, &d->words[1].origin,
		"'%.*s' takes no value, and '%.*s' follows it", STR(d->words[0].text),
		STR(d->words[1].text));
}

/* RFC 3463 section 2: class "." subject "." detail; an error is of the class 5. */
static bool is_status(str s)
{
	str subject, detail;
	uint64_t n;

	if (!str_starts(s, S("5.")))
		return false;
	detail = str_skip(s, 2);
	return str_cut(&detail, '.', &subject) && subject.n <= 3 && detail.n <= 3 &&
	       number_parse(subject, 999, &n) && number_parse(detail, 999, &n);
}

bool conf_transport_error(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_transport *t = field;
	size_t first = 1;
	struct buf text = { 0 };

	(void)row;
	t->kind = CONF_ERROR;
	t->status = S("5.0.0");
	if (d->word_count > 1 && is_status(d->words[1].text))
		t->status = d->words[first++].text;
	if (d->word_count > first && str_starts(d->words[first].text, S("4.")))
		return conf_builder_error(b, &d->words[first].origin,
			"'%.*s' answers for good: its status begins with 5", STR(d->words[0].text));
	if (d->word_count == first || d->words[first].text.n == 0)
		return conf_builder_error(b, &d->words[0].origin,
			"'%.*s' takes a text to answer with, perhaps with a status such as 5.1.1 "
			"in "
			"front of it",
			STR(d->words[0].text));
	for (size_t i = first; i < d->word_count; i++) {
		if (i > first)
			buf_put_char(&text, ' ');
		buf_put(&text, d->words[i].text);
	}
	t->text = arena_copy(b->arena, buf_str(&text));
	buf_free(&text);
	return true;
}

bool conf_transport_port(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "a number from 1 to 65535";
	const struct conf_word *word = conf_value_one(b, d, takes);
	struct conf_transport *t = field;
	uint64_t n;

	(void)row;
	if (!word)
		return false;
	if (!number_parse(word->text, UINT16_MAX, &n) || n == 0)
		return conf_value_wrong(b, d, word, takes);
	if (t->port != 0)
		return conf_builder_error(b, &word->origin,
			"'port' says a port, and the host before it says one, too");
	t->port = (uint16_t)n;
	return true;
}

bool conf_transport_source(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "an IPv4 address, an IPv6 address, or one of each";
	struct conf_transport *t = field;

	(void)row;
	if (!conf_value_words(b, d, SIZE_MAX, takes))
		return false;
	for (size_t i = 1; i < d->word_count; i++) {
		struct ip ip, *source;

		if (!ip_parse(d->words[i].text, &ip))
			return conf_value_wrong(b, d, &d->words[i], takes);
		source = ip.family == 4 ? &t->source4 : &t->source6;
		if (source->family != 0)
			return conf_builder_error(b, &d->words[i].origin,
				"'%.*s' takes %s, and '%.*s' is too much", STR(d->words[0].text),
				takes, STR(d->words[i].text));
		*source = ip;
	}
	return true;
}

bool conf_transport_user(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	str *user = field;

	if (d->word_count != 2 || !str_eq(d->words[1].text, CONF_USER_LOCAL))
		return conf_value_name(b, row, d, user);
	*user = CONF_USER_LOCAL;
	return true;
}

bool conf_transport_forward(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] =
		"nothing, or what else than addresses may stand in it: programs, "
		"files, or both";
	struct conf_transport *t = field;

	(void)row;
	t->forward = CONF_FORWARD;
	for (size_t i = 1; i < d->word_count; i++) {
		if (str_eq(d->words[i].text, S("programs")))
			t->forward |= CONF_FORWARD_PROGRAMS;
		else if (str_eq(d->words[i].text, S("files")))
			t->forward |= CONF_FORWARD_FILES;
		else
			return conf_value_wrong(b, d, &d->words[i], takes);
	}
	return true;
}

/* What a .forward may lead into runs by the same rights, and within the same limits. */
static const struct conf_transport *forward_way(
	struct conf_builder *b, const struct conf_transport *t, enum conf_transport_kind kind)
{
	struct conf_transport *way = ARENA_NEW(b->arena, struct conf_transport);

	*way = *t;
	way->name = S("forward");
	way->kind = kind;
	way->path = S("");
	way->forward = 0;
	way->return_path = CONF_ON;
	return way;
}

static bool forward_finish(struct conf_builder *b, struct conf_transport *t)
{
	if (!t->forward)
		return true;
	if (t->user.n == 0)
		return conf_builder_error(b,
			conf_schema_seen(b, conf_schema_find(CONF_IN_TRANSPORT, S("forward"))),
			"'forward' does not say whose .forward is looked at: as USER, or as "
			"\"{local}\"");
	if (t->forward & CONF_FORWARD_PROGRAMS)
		t->forward_programs = forward_way(b, t, CONF_PIPE);
	if (t->forward & CONF_FORWARD_FILES)
		t->forward_files = forward_way(b, t, CONF_MAILDIR);
	return true;
}

bool conf_transport_words_fit(
	struct conf_builder *b, const struct conf_transport *t, const char *way)
{
	bool ok = true;

	for (const struct conf_row *row = conf_schema; row < conf_schema + conf_schema_count; row++)
		if (row->kinds && !(row->kinds & 1U << t->kind) &&
			conf_schema_seen(b, row)->line > 0)
			ok = conf_builder_error(b, conf_schema_seen(b, row),
				"'%.*s' means nothing to '%s'", STR(row->word), way);
	if (t->kind == CONF_PIPE && str_eq(t->user, S("root")))
		ok = conf_builder_error(b,
			conf_schema_seen(b, conf_schema_find(CONF_IN_TRANSPORT, S("as"))),
			"no program is run as root");
	return ok;
}

bool conf_transport_finish(
	struct conf_builder *b, const struct conf_word *at, struct conf_transport *t)
{
	const struct conf_row *way = NULL;
	bool ok = true;

	for (const struct conf_row *row = conf_schema; row < conf_schema + conf_schema_count; row++)
		if (row->group == CONF_GROUP_KIND && conf_schema_seen(b, row)->line > 0)
			way = row;
	if (!way)
		return conf_builder_error(b, &at->origin,
			"'%.*s' does not say the way: smtp, lmtp, maildir, pipe, discard or error",
			STR(at->text));
	ok = conf_transport_words_fit(b, t, way->word.p);
	if (t->kind == CONF_LMTP &&
		conf_schema_seen(b, conf_schema_find(CONF_IN_TRANSPORT, S("tls")))->line == 0)
		t->tls = CONF_TLS_NONE;
	if (str_starts(t->host, S("unix:")) && t->port != 0)
		ok = conf_builder_error(b,
			conf_schema_seen(b, conf_schema_find(CONF_IN_TRANSPORT, S("port"))),
			"'port' means nothing to a unix socket");
	else if (t->port == 0)
		t->port = t->kind == CONF_LMTP                 ? LMTP_PORT
			  : t->peer.wrapper == CONF_WRAPPER_ON ? SMTPS_PORT
							       : SMTP_PORT;
	ok = forward_finish(b, t) && ok;
	return conf_tls_block_transport(b, t) && ok;
}
