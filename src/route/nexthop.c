#include "route/nexthop.h"

#include "base/number.h"
#include "dns/name.h"

static bool is_name(str s)
{
	struct ip ip;

	return dns_name_valid(s) && !ip_parse(s, &ip);
}

/* An address without its brackets. */
static str bare_address(str inner)
{
	return str_starts_nocase(inner, S("IPv6:")) ? str_skip(inner, 5) : inner;
}

/* Nothing, or ":PORT". */
static bool take_port(str rest, uint16_t *port)
{
	uint64_t n;

	*port = 0;
	if (rest.n == 0)
		return true;
	if (!str_starts(rest, S(":")) || !number_parse(str_skip(rest, 1), UINT16_MAX, &n) || n == 0)
		return false;
	*port = (uint16_t)n;
	return true;
}

static bool parse_brackets(str text, struct nexthop *to)
{
	size_t end = str_find(text, ']');
	str inner = str_skip(str_first(text, end), 1);
	struct ip ip;
	bool address = ip_parse(bare_address(inner), &ip);

	if (end == text.n || !(address || is_name(inner)) ||
		!take_port(str_skip(text, end + 1), &to->port))
		return false;
	to->kind = address && to->port == 0 ? NEXTHOP_LITERAL : NEXTHOP_HOST;
	to->host = address ? bare_address(inner) : inner;
	if (to->kind == NEXTHOP_LITERAL)
		to->host = text;
	return true;
}

bool nexthop_parse(str text, struct nexthop *to)
{
	struct endpoint unused;

	*to = (struct nexthop){ .kind = NEXTHOP_HOST, .host = text };
	if (str_starts(text, S("unix:")))
		return text.n > 5 && endpoint_parse(text, 0, &unused);
	if (str_starts(text, S("[")))
		return parse_brackets(text, to);
	to->kind = NEXTHOP_MX;
	to->host = str_first(text, str_find(text, ':'));
	return is_name(to->host) && take_port(str_skip(text, to->host.n), &to->port);
}

struct nexthop nexthop_of(const struct conf_transport *t, str text)
{
	struct nexthop to;

	if (text.n == 0)
		return (struct nexthop){ NEXTHOP_HOST, t->host, t->port };
	if (!nexthop_parse(text, &to))
		return (struct nexthop){ NEXTHOP_MX, text, t->port };
	if (to.port == 0)
		to.port = t->port;
	if (to.kind == NEXTHOP_LITERAL && (t->kind == CONF_LMTP || t->host.n > 0)) {
		to.kind = NEXTHOP_HOST;
		to.host = bare_address(str_first(str_skip(text, 1), text.n - 2));
	}
	if (t->kind == CONF_LMTP)
		to.kind = NEXTHOP_HOST;
	return to;
}
