#include "route/canonical.h"

#include "base/ascii.h"
#include "dns/name.h"
#include "route/router.h"

static struct arena *arena_of(const struct canonical *c)
{
	return c->asking ? &c->asking->arena : c->arena;
}

/* --- keys --------------------------------------------------------------------------------------
 */

struct keys {
	str whole;
	str items[4];
	bool without_tag[4];
	str tag;
	size_t count;
	char room[ADDRESS_KEY_MAX], base_room[ADDRESS_KEY_MAX];
};

static void add(struct keys *k, str key, bool without_tag)
{
	k->items[k->count] = key;
	k->without_tag[k->count++] = without_tag;
}

/* False: it has no domain, or is none. */
static bool make_keys(const struct router *r, str address, struct keys *k)
{
	const struct conf_domain *hosted;
	str key, base, local, domain;
	bool has_tag;

	*k = (struct keys){ .whole = address };
	if (!address_key(address, k->room, &key) || address_domain(key).n == 0)
		return false;
	hosted = router_domain(r, key);
	has_tag = hosted && router_base(hosted, key, k->base_room, &base);
	local = address_local(has_tag ? base : key);
	domain = address_domain(key);
	add(k, key, false);
	if (has_tag) {
		k->tag = str_skip(address_local(key), local.n);
		add(k, base, true);
	}
	if (hosted || str_eq_nocase(domain, router_conf(r)->hostname.text))
		add(k, local, has_tag);
	add(k, str_skip(key, address_local(key).n), false);
	return true;
}

/* --- one look -----------------------------------------------------------------------------------
 */

/* False: it must be asked first. */
static bool look(
	const struct canonical *c, const struct lookup *t, str key, struct lookup_answer *answer)
{
	const struct lookup_answer *known;

	if (!c->asking)
		return lookup_now(t, c->arena, key, c->budget, 0, answer);
	known = asking_find(c->asking, t, key);
	if (known)
		*answer = *known;
	return known;
}

static enum canonical_end failed(
	const struct lookup *t, const struct fail *why, struct canonical_row *row)
{
	row->table = t;
	row->at = lookup_conf(t)->origin;
	row->why = *why;
	return lookup_conf(t)->on_failure == CONF_FAILURE_ACCEPT ? CANONICAL_NONE
								 : CANONICAL_FAILED;
}

static enum canonical_end look_into(const struct canonical *c, const struct conf_table *table,
	const struct keys *keys, struct canonical_row *row)
{
	const struct lookup *t = lookup_set_at(router_lookups(c->router), table);
	bool whole = table->kind == CONF_TABLE_PCRE;

	for (size_t i = 0; i < (whole ? 1 : keys->count); i++) {
		struct lookup_answer answer;

		if (!look(c, t, whole ? keys->whole : keys->items[i], &answer))
			return CANONICAL_WAIT;
		if (answer.end == LOOKUP_FAILED)
			return failed(t, &answer.why, row);
		if (answer.end != LOOKUP_FOUND)
			continue;
		*row = (struct canonical_row){ .table = t,
			.value = str_trim(answer.value),
			.tag = keys->without_tag[i] ? keys->tag : S(""),
			.at = answer.at };
		if (arena_keep(arena_of(c), row->tag, &row->tag))
			return CANONICAL_FOUND;
		return failed(t, &(struct fail){ .kind = FAIL_TEMPORARY }, row);
	}
	return CANONICAL_NONE;
}

enum canonical_end canonical_find(const struct canonical *c, const struct conf_uses *tables,
	str address, struct canonical_row *row)
{
	enum canonical_end end = CANONICAL_NONE;
	struct keys keys;

	if (tables->count == 0 || !make_keys(c->router, address, &keys))
		return CANONICAL_NONE;
	for (size_t i = 0; end == CANONICAL_NONE && i < tables->count; i++)
		end = look_into(c, tables->items[i].table, &keys, row);
	return end;
}

/* --- rewriting ----------------------------------------------------------------------------------
 */

bool canonical_value(str value)
{
	char ascii[DNS_NAME_MAX + 1];

	if (str_has(value, '$'))
		return true;
	if (str_starts(value, S("@")))
		return dns_name_ascii(str_skip(value, 1), ascii);
	return address_parse(value, true, NULL);
}

/* local + tag + @domain, in the arena.  False: that is no address, or there is no room. */
static bool put_together(const struct canonical *c, str local, str tag, str domain, str *address)
{
	size_t quote = tag.n > 0 && str_ends(local, S("\"")), n = 0;
	const str parts[] = { str_first(local, local.n - quote), tag, str_last(local, quote),
		S("@"), domain };
	char text[ADDRESS_MAX];

	for (size_t i = 0; i < LENGTH(parts); i++) {
		if (n + parts[i].n > sizeof text)
			return false;
		if (parts[i].n > 0)
			memcpy(text + n, parts[i].p, parts[i].n);
		n += parts[i].n;
	}
	return address_parse(str_from(text, n), true, NULL) &&
	       arena_keep(arena_of(c), str_from(text, n), address);
}

/* The address that a row means for this one. */
static bool follow(
	const struct canonical *c, const struct canonical_row *row, str from, str *address)
{
	if (str_starts(row->value, S("@")))
		return put_together(
			c, address_local(from), S(""), str_skip(row->value, 1), address);
	return put_together(
		c, address_local(row->value), row->tag, address_domain(row->value), address);
}

static bool same(str a, str b)
{
	char to_a[ADDRESS_KEY_MAX], to_b[ADDRESS_KEY_MAX];
	str key_a, key_b;

	return address_key(a, to_a, &key_a) && address_key(b, to_b, &key_b) && str_eq(key_a, key_b);
}

static enum canonical_end not_followed(
	struct canonical_row *row, const char *said, str value, const char *fault)
{
	struct fail why = { 0 };

	fail_with(&why, FAIL_TEMPORARY, "4.3.5", "table %.*s: %s'%.*s'%s",
		STR(lookup_conf(row->table)->name), said, STR(value), fault);
	conf_origin_print(&row->at, why.origin);
	return failed(row->table, &why, row);
}

static enum canonical_end by_tables(
	const struct canonical *c, const struct conf_uses *tables, struct canonical_result *result)
{
	for (unsigned steps = 0; steps < CANONICAL_STEPS_MAX; steps++) {
		enum canonical_end end = canonical_find(c, tables, result->address, &result->row);
		str next;

		if (end != CANONICAL_FOUND)
			return end;
		if (!follow(c, &result->row, result->address, &next))
			return not_followed(&result->row, "", result->row.value, " is no address");
		if (same(next, result->address))
			return CANONICAL_NONE;
		result->address = next;
		result->at = result->row.at;
		result->changed = true;
	}
	return not_followed(
		&result->row, "rows lead to rows without an end, at last to ", result->address, "");
}

/* The first domain that has it, itself or below, decides; "!domain": it stays. */
static const struct conf_text *masked_by(const struct conf_rewrite *words, str domain)
{
	for (size_t i = 0; i < words->masquerade.count; i++) {
		const struct conf_text *mask = &words->masquerade.items[i];
		bool spares = str_starts(mask->text, S("!"));

		if (dns_name_below(domain, str_skip(mask->text, spares)))
			return spares ? NULL : mask;
	}
	return NULL;
}

static void masquerade(const struct canonical *c, struct canonical_result *result)
{
	const struct conf_rewrite *words = &router_conf(c->router)->rewrite;
	const struct conf_text *mask;
	char room[ADDRESS_KEY_MAX];
	str key, masked;

	if (!address_key(result->address, room, &key))
		return;
	mask = masked_by(words, address_domain(key));
	if (!mask || str_eq(mask->text, address_domain(key)))
		return;
	for (size_t i = 0; i < words->except.count; i++)
		if (str_eq(words->except.items[i].text, address_local(key)))
			return;
	if (!put_together(c, address_local(result->address), S(""), mask->text, &masked))
		return;
	result->address = masked;
	result->at = mask->origin;
	result->changed = true;
}

enum canonical_end canonical_rewrite(const struct canonical *c, enum canonical_class class,
	enum conf_part part, str address, struct canonical_result *result)
{
	const struct conf_rewrite *words = &router_conf(c->router)->rewrite;
	bool header = part == CONF_HEADER, sender = class == CANONICAL_SENDER;
	const struct conf_uses *tables =
		header ? (sender ? &words->header_sender : &words->header_recipient)
		       : (sender ? &words->sender : &words->recipient);
	enum canonical_end end;

	*result = (struct canonical_result){ .address = address };
	if (address_domain(address).n == 0 || address_local(address).n == address.n)
		return CANONICAL_NONE;
	end = by_tables(c, tables, result);
	if (end == CANONICAL_WAIT || end == CANONICAL_FAILED)
		return end;
	if (words->masquerade_in & part && (header || sender))
		masquerade(c, result);
	return result->changed ? CANONICAL_FOUND : CANONICAL_NONE;
}
