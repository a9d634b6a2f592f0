#include "conf/value.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/number.h"
#include "conf/list.h"
#include "conf/nearest.h"
#include "dns/name.h"
#include "mail/address.h"
#include "world/file.h"

#define TAKES_MAX 160

bool conf_value_wrong(struct conf_builder *b, const struct conf_directive *d,
	const struct conf_word *word, const char *takes)
{
	return conf_builder_error(b, &word->origin, "'%.*s' takes %s, not '%.*s'",
		STR(d->words[0].text), takes, STR(word->text));
}

/* At least one value, at most max. */
bool conf_value_words(
	struct conf_builder *b, const struct conf_directive *d, size_t max, const char *takes)
{
	if (d->word_count < 2)
		return conf_builder_error(b, &d->words[0].origin,
			"'%.*s' takes %s, but nothing follows it", STR(d->words[0].text), takes);
	if (d->word_count - 1 > max)
		return conf_builder_error(b, &d->words[max + 1].origin,
			"'%.*s' takes %s, and '%.*s' is too much", STR(d->words[0].text), takes,
			STR(d->words[max + 1].text));
	return true;
}

bool conf_value_domain(struct arena *a, str text, str *key)
{
	bool below = str_starts(text, S("."));
	char ascii[DNS_NAME_MAX + 1];

	if (!dns_name_ascii(str_skip(text, below), ascii))
		return false;
	*key = arena_printf(a, "%s%s", below ? "." : "", ascii);
	return true;
}

const struct conf_word *conf_value_one(
	struct conf_builder *b, const struct conf_directive *d, const char *takes)
{
	return conf_value_words(b, d, 1, takes) ? &d->words[1] : NULL;
}

bool conf_value_is_name(str s)
{
	if (s.n == 0 || s.n > CONF_NAME_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_letter(s.p[i]) && !ascii_digit(s.p[i]) && !str_has(S("._-"), s.p[i]))
			return false;
	return true;
}

bool conf_value_hostname(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "a host name such as mail.example.org";
	const struct conf_word *word = conf_value_one(b, d, takes);
	struct conf_text *text = field;
	char ascii[DNS_NAME_MAX + 1];

	(void)row;
	if (!word)
		return false;
	if (!dns_name_ascii(word->text, ascii))
		return conf_value_wrong(b, d, word, takes);
	*text = (struct conf_text){ arena_copy(b->arena, str_of(ascii)), word->origin };
	return true;
}

bool conf_value_address(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "an address such as root@example.org";
	const struct conf_word *word = conf_value_one(b, d, takes);
	struct conf_text *text = field;

	(void)row;
	if (!word)
		return false;
	if (!address_parse(word->text, true, NULL))
		return conf_value_wrong(b, d, word, takes);
	*text = (struct conf_text){ word->text, word->origin };
	return true;
}

/* A local part is one that makes an address with any domain. */
static bool valid_target(struct arena *a, str target)
{
	if (str_eq(target, S("/dev/null")) || address_parse(target, true, NULL))
		return true;
	return !str_has(target, '@') &&
	       address_parse(arena_printf(a, "%.*s@example.org", STR(target)), true, NULL);
}

bool conf_value_target(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "an address, a local part or /dev/null";
	const struct conf_word *word = conf_value_one(b, d, takes);
	struct conf_text *text = field;

	(void)row;
	if (!word)
		return false;
	if (!valid_target(b->arena, word->text))
		return conf_value_wrong(b, d, word, takes);
	*text = (struct conf_text){ word->text, word->origin };
	return true;
}

bool conf_value_named(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "a name of letters, digits, '.', '_' and '-'";
	const struct conf_word *word = conf_value_one(b, d, takes);
	struct conf_text *text = field;

	(void)row;
	if (!word)
		return false;
	if (!conf_value_is_name(word->text))
		return conf_value_wrong(b, d, word, takes);
	*text = (struct conf_text){ word->text, word->origin };
	return true;
}

bool conf_value_name(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_text text;
	str *name = field;

	if (!conf_value_named(b, row, d, &text))
		return false;
	*name = text.text;
	return true;
}

bool conf_value_text(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	const struct conf_word *word = conf_value_one(b, d, row->takes);
	struct conf_text *text = field;

	if (word)
		*text = (struct conf_text){ word->text, word->origin };
	return word != NULL;
}

bool conf_value_string(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_text text;
	str *string = field;

	if (!conf_value_text(b, row, d, &text))
		return false;
	*string = text.text;
	return true;
}

bool conf_value_path(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "a path";
	const struct conf_word *word = conf_value_one(b, d, takes);
	str *path = field;

	(void)row;
	if (!word)
		return false;
	if (word->text.n == 0)
		return conf_value_wrong(b, d, word, takes);
	*path = file_path(b->arena, b->conf->dir, word->text);
	return true;
}

bool conf_value_paths(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "one path or more";
	struct conf_texts *paths = field;

	(void)row;
	if (!conf_value_words(b, d, SIZE_MAX, takes))
		return false;
	for (size_t i = 1; i < d->word_count; i++) {
		struct conf_text path = { d->words[i].text, d->words[i].origin };

		if (path.text.n == 0)
			return conf_value_wrong(b, d, &d->words[i], takes);
		CONF_LIST_ADD(b->arena, paths->items, paths->count, path);
	}
	return true;
}

static bool read_nets(struct conf_builder *b, const struct conf_directive *d,
	struct conf_nets *nets, bool but, const char *takes)
{
	bool ok = conf_value_words(b, d, SIZE_MAX, takes);

	for (size_t i = 1; i < d->word_count; i++) {
		struct conf_net net = { .origin = d->words[i].origin };
		str text = d->words[i].text;

		net.except = but && str_starts(text, S("!"));
		if (ip_net_parse(str_skip(text, net.except ? 1 : 0), &net.net))
			CONF_LIST_ADD(b->arena, nets->items, nets->count, net);
		else
			ok = conf_value_wrong(b, d, &d->words[i], takes);
	}
	return ok;
}

bool conf_value_nets(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	(void)row;
	return read_nets(b, d, field, false,
		"addresses or networks such as 192.0.2.0/24 or 2001:db8::/32 (with no bit behind "
		"the prefix)");
}

bool conf_value_nets_but(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	(void)row;
	return read_nets(b, d, field, true,
		"addresses or networks such as 192.0.2.0/24 or 2001:db8::/32 (with no bit behind "
		"the prefix), or !NETWORK in front of one that has it");
}

static void add_endpoint(struct conf_builder *b, struct conf_endpoints *list, str address,
	uint16_t port, const struct conf_word *word)
{
	struct conf_endpoint e = { .at.port = port, .origin = word->origin };

	if (ip_parse(address, &e.at.ip))
		CONF_LIST_ADD(b->arena, list->items, list->count, e);
}

bool conf_value_listen(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "ADDRESS:PORT, such as *:25, 192.0.2.1:25 or [2001:db8::1]:25";
	struct conf_endpoints *list = field;
	bool ok = conf_value_words(b, d, SIZE_MAX, takes);

	(void)row;
	for (size_t i = 1; i < d->word_count; i++) {
		const struct conf_word *word = &d->words[i];
		struct conf_endpoint e = { .origin = word->origin };
		uint64_t port;

		if (str_starts(word->text, S("*:")) &&
			number_parse(str_skip(word->text, 2), 65535, &port) && port > 0) {
			add_endpoint(b, list, S("0.0.0.0"), (uint16_t)port, word);
			add_endpoint(b, list, S("::"), (uint16_t)port, word);
		} else if (endpoint_parse(word->text, 0, &e.at) && e.at.ip.family != 0) {
			CONF_LIST_ADD(b->arena, list->items, list->count, e);
		} else {
			ok = conf_value_wrong(b, d, word, takes);
		}
	}
	return ok;
}

bool conf_value_servers(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "ADDRESS or ADDRESS@PORT, such as 127.0.0.1@5353";
	struct conf_endpoints *list = field;
	bool ok = conf_value_words(b, d, SIZE_MAX, takes);

	(void)row;
	for (size_t i = 1; i < d->word_count; i++) {
		struct conf_endpoint e = { .origin = d->words[i].origin };

		if (endpoint_parse_server(d->words[i].text, &e.at))
			CONF_LIST_ADD(b->arena, list->items, list->count, e);
		else
			ok = conf_value_wrong(b, d, &d->words[i], takes);
	}
	return ok;
}

/* Characters that may stand in a local part and do not make one by themselves. */
bool conf_value_sub_address(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	static const char takes[] = "characters such as + or +-, or \"\" for none";
	const struct conf_word *word = conf_value_one(b, d, takes);
	str *characters = field;

	(void)row;
	if (!word)
		return false;
	for (size_t i = 0; i < word->text.n; i++)
		if (!str_has(S("+-=_#%!~^|"), word->text.p[i]))
			return conf_value_wrong(b, d, word, takes);
	*characters = word->text;
	return true;
}

typedef char *print_number(uint64_t n, char to[NUMBER_TEXT_MAX]);

static char *print_count(uint64_t n, char to[NUMBER_TEXT_MAX])
{
	snprintf(to, NUMBER_TEXT_MAX, "%llu", (unsigned long long)n);
	return to;
}

static char *print_time(uint64_t n, char to[NUMBER_TEXT_MAX])
{
	return number_print_time((int64_t)n, to);
}

/* One value, parsed, and inside the row's range. */
static bool read_number(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, const struct conf_word *word, uint64_t *n)
{
	bool size = row->read == conf_value_size || row->read == conf_value_length;
	bool count = row->read == conf_value_count, ok;
	print_number *print = size ? number_print_size : count ? print_count : print_time;
	const char *what = size    ? "a size such as 512K or 50M"
			   : count ? "a number"
				   : "a time such as 90s, 5m or 1h30m";
	char takes[TAKES_MAX], min[NUMBER_TEXT_MAX], max[NUMBER_TEXT_MAX];
	int64_t ms = 0;

	snprintf(takes, sizeof takes, "%s, from %s to %s", what, print(row->min, min),
		print(row->max, max));
	if (!word && !(word = conf_value_one(b, d, takes)))
		return false;
	if (size) {
		ok = number_parse_size(word->text, n);
	} else if (count) {
		ok = number_parse(word->text, UINT64_MAX, n);
	} else {
		ok = number_parse_time(word->text, &ms);
		*n = (uint64_t)ms;
	}
	if (ok && *n >= row->min && *n <= row->max)
		return true;
	return conf_value_wrong(b, d, word, takes);
}

bool conf_value_count(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	uint64_t n;

	if (!read_number(b, row, d, NULL, &n))
		return false;
	*(unsigned *)field = (unsigned)n;
	return true;
}

bool conf_value_size(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	return read_number(b, row, d, NULL, field);
}

bool conf_value_length(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	uint64_t n;

	if (!read_number(b, row, d, NULL, &n))
		return false;
	*(size_t *)field = n;
	return true;
}

bool conf_value_time(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	uint64_t ms;

	if (!read_number(b, row, d, NULL, &ms))
		return false;
	*(int64_t *)field = (int64_t)ms;
	return true;
}

bool conf_value_retry(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	struct conf_queue *queue = field;
	uint64_t ms;

	if (!conf_value_words(b, d, CONF_RETRY_MAX, "1 to 32 times such as 5m 10m 1h"))
		return false;
	queue->retry_count = 0;
	for (size_t i = 1; i < d->word_count; i++) {
		if (!read_number(b, row, d, &d->words[i], &ms))
			return false;
		queue->retry_ms[queue->retry_count++] = (int64_t)ms;
	}
	return true;
}

/* "off, may or encrypt": the choices that can be made now. */
static void list_choices(const struct conf_row *row, char to[TAKES_MAX])
{
	size_t n = 0, left = 0;

	for (size_t i = 0; i < row->choice_count; i++)
		left += !row->choices[i].later;
	to[0] = '\0';
	for (size_t i = 0; i < row->choice_count; i++) {
		if (row->choices[i].later)
			continue;
		left--;
		n += (size_t)snprintf(to + n, TAKES_MAX - n, "%.*s%s", STR(row->choices[i].word),
			left > 1   ? ", "
			: left > 0 ? " or "
				   : "");
	}
}

bool conf_value_choice(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	char takes[TAKES_MAX];
	const struct conf_word *word;
	struct conf_nearest nearest = { 0 };

	list_choices(row, takes);
	word = conf_value_one(b, d, takes);
	if (!word)
		return false;
	nearest.word = word->text;
	for (size_t i = 0; i < row->choice_count; i++) {
		const struct conf_choice *choice = &row->choices[i];

		conf_nearest_offer(&nearest, choice->word);
		if (!str_eq(word->text, choice->word))
			continue;
		if (choice->later)
			return conf_builder_error(b, &word->origin,
				"'%.*s %.*s' is known but not built yet; nothing was weakened",
				STR(d->words[0].text), STR(word->text));
		*(unsigned *)field = choice->value;
		return true;
	}
	return conf_builder_error(b, &word->origin,
		"'%.*s' takes %s, not '%.*s'; the nearest known word is '%.*s'",
		STR(d->words[0].text), takes, STR(word->text), STR(nearest.best));
}

bool conf_value_flag(struct conf_builder *b, const struct conf_row *row,
	const struct conf_directive *d, void *field)
{
	if (d->word_count > 1)
		return conf_builder_error(b, &d->words[1].origin,
			"'%.*s' takes no value, and '%.*s' follows it", STR(d->words[0].text),
			STR(d->words[1].text));
	*(unsigned *)field = row->choices[0].value;
	return true;
}
