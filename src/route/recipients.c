#include "route/recipients.h"

#include "base/mem.h"
#include "mail/address.h"
#include "route/alias_table.h"

struct recipients_builder {
	str domain;
	struct alias_table *table;
};

struct recipients_builder *recipients_builder_new(str domain)
{
	struct recipients_builder *b = MEM_NEW(struct recipients_builder);

	b->domain = domain;
	b->table = alias_table_new();
	return b;
}

struct alias_table *recipients_builder_finish(struct recipients_builder *b)
{
	struct alias_table *t = b->table;

	mem_free(b);
	return t;
}

/* What stands in front of the first blank or colon, but for those in quotes. */
static str first_field(str line)
{
	bool quoted = false;
	size_t n = 0;

	for (; n < line.n; n++) {
		char c = line.p[n];

		if (c == '\\' && quoted && n + 1 < line.n)
			n++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == ' ' || c == '\t' || c == ':'))
			break;
	}
	return str_first(line, n);
}

/* The key of a recipient; "" where he is none of this domain's.  False: it is none at all. */
static bool fold(const struct recipients_builder *b, str name, char to[ADDRESS_KEY_MAX], str *key)
{
	char raw[ADDRESS_KEY_MAX];
	str address = name;

	if (!str_has(name, '@') || str_ends(name, S("\""))) {
		if (name.n + 1 + b->domain.n > sizeof raw)
			return false;
		memcpy(raw, name.p, name.n);
		raw[name.n] = '@';
		memcpy(raw + name.n + 1, b->domain.p, b->domain.n);
		address = str_from(raw, name.n + 1 + b->domain.n);
	}
	if (!address_parse(address, true, NULL) || !address_key(address, to, key))
		return false;
	if (!str_eq(address_domain(*key), b->domain))
		*key = S("");
	return true;
}

bool recipients_builder_add(struct recipients_builder *b, str file, str text, struct fail *why)
{
	uint32_t line_number = 0;
	str line, name, key;

	while (text.n > 0) {
		char to[ADDRESS_KEY_MAX];
		struct alias_targets former;
		struct alias_target target = { S("-"), file, ++line_number, 1 };

		str_cut(&text, '\n', &line);
		line = str_trim_right(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		name = first_field(line);
		if (name.n == 0 || !fold(b, name, to, &key))
			return fail_with(why, FAIL_PERMANENT, "5.3.5",
				"%.*s:%u:1: a local part or an address is expected here", STR(file),
				line_number);
		if (key.n > 0)
			(void)!alias_table_put(
				b->table, key, &target, 0, &former); /* the first counts */
	}
	return true;
}
