#include "smtp/path.h"

#include "dns/name.h"

/* Where the '>' is that closes the '<' at the front: not in a quoted string.  s.n: nowhere. */
static size_t find_close(str s)
{
	bool quoted = false;

	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == '\\' && quoted)
			i++;
		else if (s.p[i] == '>' && !quoted)
			return i;
	}
	return s.n;
}

/* Drop "@one,@two:" from the front of what stands in the brackets. */
static bool drop_route(str *path)
{
	char ascii[DNS_NAME_MAX + 1];
	str route, hop;
	bool more;

	if (!str_starts(*path, S("@")))
		return true;
	if (!str_cut(path, ':', &route) || path->n == 0)
		return false;
	do {
		more = str_cut(&route, ',', &hop);
		if (!str_starts(hop, S("@")) || !dns_name_ascii(str_skip(hop, 1), ascii))
			return false;
	} while (more);
	return true;
}

bool smtp_path_take(str *arg, str *address)
{
	str rest = *arg;

	while (str_starts(rest, S(" ")))
		rest = str_skip(rest, 1);
	if (str_starts(rest, S("<"))) {
		size_t close = find_close(rest);

		if (close == rest.n)
			return false;
		*address = str_skip(str_first(rest, close), 1);
		rest = str_skip(rest, close + 1);
		if (!drop_route(address))
			return false;
	} else {
		*address = str_first(rest, str_find(rest, ' '));
		rest = str_skip(rest, address->n);
		if (address->n == 0 || str_has(*address, '<') || str_has(*address, '>') ||
			str_has(*address, '"'))
			return false;
	}
	if (rest.n > 0 && rest.p[0] != ' ')
		return false;
	*arg = rest;
	return true;
}
