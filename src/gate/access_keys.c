#include "gate/access_keys.h"

#include "base/ascii.h"
#include "route/router.h"

static struct access_keys *keys_new(struct asking *asking, str whole)
{
	struct access_keys *keys = ARENA_NEW(&asking->arena, struct access_keys);

	if (!keys || !arena_keep(&asking->arena, whole, &keys->whole))
		return NULL;
	return keys;
}

static void add(struct access_keys *keys, str key)
{
	if (keys->count < LENGTH(keys->items))
		keys->items[keys->count++] = key;
}

/* 192.0.2.1, 192.0.2, 192.0, 192 */
struct access_keys *access_keys_client(struct asking *asking, const struct ip *ip)
{
	char text[IP_TEXT_MAX];
	struct access_keys *keys = keys_new(asking, str_of(ip_print(ip, text)));
	char mark = ip->family == 6 ? ':' : '.';
	str rest;

	if (!keys)
		return NULL;
	for (rest = keys->whole; rest.n > 0; rest = str_first(rest, str_find_last(rest, mark))) {
		if (rest.p[rest.n - 1] != mark) /* of "2001:db8::1" */
			add(keys, rest);
		if (!str_has(rest, mark))
			break;
	}
	return keys;
}

/* One to parts_max numbers with a mark between them, as ip_print writes them. */
static bool is_beginning(str key, char mark, size_t parts_max)
{
	size_t digits_max = mark == ':' ? 4 : 3, parts = 0;
	str part;

	do {
		bool more = str_cut(&key, mark, &part);

		if (part.n == 0 || part.n > digits_max || (part.n > 1 && part.p[0] == '0'))
			return false;
		for (size_t i = 0; i < part.n; i++)
			if (mark == ':' ? ascii_hex(part.p[i]) < 0 || ascii_upper_letter(part.p[i])
					: !ascii_digit(part.p[i]))
				return false;
		if (mark == '.' && part.n == 3 && str_compare(part, S("255")) > 0)
			return false;
		parts++;
		if (!more)
			return parts <= parts_max;
	} while (parts < parts_max);
	return false;
}

bool access_keys_is_client(str key)
{
	char text[IP_TEXT_MAX];
	struct ip ip;

	if (ip_parse(key, &ip))
		return str_eq(str_of(ip_print(&ip, text)), key);
	return is_beginning(key, '.', 3) || is_beginning(key, ':', 7);
}

/* The parents of a name, as slices of it: "y.z", ".y.z", "z", ".z". */
static void add_parents(struct access_keys *keys, str name)
{
	size_t dots = 0;

	if (str_starts(name, S("[")))
		return;
	for (size_t i = 0; i < name.n; i++)
		dots += name.p[i] == '.';
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] != '.')
			continue;
		if (dots-- > ACCESS_PARENTS_MAX)
			continue;
		add(keys, str_skip(name, i + 1));
		add(keys, str_skip(name, i));
	}
}

static str lower(struct asking *asking, str s)
{
	str copy;

	if (!arena_keep(&asking->arena, s, &copy))
		return S("");
	for (size_t i = 0; i < copy.n; i++)
		((char *)copy.p)[i] = ascii_lower(copy.p[i]);
	return copy;
}

struct access_keys *access_keys_name(struct asking *asking, str name)
{
	struct access_keys *keys = keys_new(asking, name);
	str folded = lower(asking, name);

	if (!keys || folded.n == 0)
		return NULL;
	add(keys, folded);
	add_parents(keys, folded);
	return keys;
}

struct access_keys *access_keys_address(struct asking *asking, const struct router *r, str address)
{
	struct access_keys *keys = keys_new(asking, address.n > 0 ? address : S("<>"));
	const struct conf_domain *hosted;
	char to[ADDRESS_KEY_MAX], base_to[ADDRESS_KEY_MAX];
	str key, base, base_key = S(""), domain;

	if (!keys)
		return NULL;
	if (address.n == 0) {
		add(keys, keys->whole);
		return keys;
	}
	if (!address_key(address, to, &key) || !arena_keep(&asking->arena, key, &key))
		return NULL;
	add(keys, key);
	hosted = router_domain(r, key);
	if (hosted && router_base(hosted, key, base_to, &base) &&
		arena_keep(&asking->arena, base, &base_key))
		add(keys, base_key);
	domain = address_domain(key);
	if (domain.n > 0) {
		add(keys, domain);
		add_parents(keys, domain);
		add(keys, str_first(key, key.n - domain.n)); /* user@ */
	}
	if (base_key.n > 0)
		add(keys, str_first(base_key, base_key.n - domain.n));
	return keys;
}
