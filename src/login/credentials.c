#include "login/credentials.h"

#include "base/ascii.h"
#include "base/number.h"

/* One line that says something. */
struct entry {
	str host;      /* without brackets; "*" any */
	uint16_t port; /* 0: any */
	struct credentials login;
};

/* Where a reader stands. */
struct place {
	str file;
	unsigned line;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool wrong(const struct place *at, const char *text, struct fail *why)
{
	return fail_with(why, FAIL_PERMANENT, "", "%.*s:%u: %s", STR(at->file), at->line, text);
}

static bool read_port(str text, uint16_t *port)
{
	static const struct {
		str name;
		uint16_t port;
	} services[] = {
		{STR_INIT("smtp"),         25 },
		{ STR_INIT("submission"),  587},
		{ STR_INIT("submissions"), 465},
		{ STR_INIT("smtps"),       465},
	};
	uint64_t n;

	for (size_t i = 0; i < LENGTH(services); i++)
		if (str_eq_nocase(text, services[i].name)) {
			*port = services[i].port;
			return true;
		}
	if (!number_parse(text, UINT16_MAX, &n) || n == 0)
		return false;
	*port = (uint16_t)n;
	return true;
}

static bool read_key(str key, struct entry *e)
{
	str host = key, rest = key;

	e->port = 0;
	if (str_starts(key, S("["))) {
		rest = str_skip(key, 1);
		if (!str_cut(&rest, ']', &host))
			return false;
		if (str_starts_nocase(host, S("ipv6:")))
			host = str_skip(host, 5);
		if (rest.n > 0 &&
			(!str_starts(rest, S(":")) || !read_port(str_skip(rest, 1), &e->port)))
			return false;
	} else if (str_find(key, ':') == str_find_last(key, ':') && str_cut(&rest, ':', &host)) {
		if (!read_port(rest, &e->port))
			return false;
	}
	e->host = host;
	return host.n > 0 && !str_has(host, '[') && !str_has(host, ']');
}

/* An empty one, or a comment, is no entry.  False: *why. */
static bool read_line(
	const struct place *at, str line, bool *is_entry, struct entry *e, struct fail *why)
{
	str rest, key;

	*is_entry = false;
	if (line.n > CREDENTIALS_LINE_MAX)
		return wrong(at, "the line is too long", why);
	if (str_ends(line, S("\r")))
		line = str_first(line, line.n - 1);
	if (str_trim(line).n == 0 || line.p[0] == '#')
		return true;
	if (is_blank(line.p[0]))
		return wrong(at, "a line that continues the one before it is not taken here", why);
	rest = line;
	if (!str_word(&rest, &key) || !read_key(key, e))
		return wrong(
			at, "a line begins with HOST, HOST:PORT, [HOST], [HOST]:PORT or *", why);
	while (rest.n > 0 && is_blank(rest.p[0]))
		rest = str_skip(rest, 1);
	if (!str_cut(&rest, ':', &e->login.name) || e->login.name.n == 0 || rest.n == 0)
		return wrong(at, "behind the host stands NAME:PASSWORD", why);
	for (size_t i = 0; i < line.n; i++)
		if (ascii_control(line.p[i]) && line.p[i] != '\t')
			return wrong(at, "a control character", why);
	e->login.password = rest;
	*is_entry = true;
	return true;
}

static bool fits(const struct entry *e, const struct credentials_for *whom)
{
	if (e->port != 0 && e->port != whom->port)
		return false;
	return str_eq(e->host, S("*")) || str_eq_nocase(e->host, whom->host) ||
	       (whom->nexthop.n > 0 && str_eq_nocase(e->host, whom->nexthop));
}

/* The first entry for whom; all lines are looked at before it. */
static bool walk(str file, str text, const struct credentials_for *whom, struct credentials *found,
	bool *is_there, struct fail *why)
{
	struct place at = { .file = file };
	struct entry e;
	str line;

	*is_there = false;
	while (text.n > 0) {
		bool is_entry;

		at.line++;
		str_cut(&text, '\n', &line);
		if (!read_line(&at, line, &is_entry, &e, why))
			return false;
		if (!is_entry || !whom || *is_there || !fits(&e, whom))
			continue;
		*found = e.login;
		*is_there = true;
	}
	return true;
}

bool credentials_check(str file, str text, struct fail *why)
{
	bool none;

	return walk(file, text, NULL, NULL, &none, why);
}

bool credentials_find(str file, str text, const struct credentials_for *whom,
	struct credentials *found, struct fail *why)
{
	bool is_there;

	if (!walk(file, text, whom, found, &is_there, why))
		return false;
	return is_there || fail_with(why, FAIL_TEMPORARY, "4.7.0", "%.*s has no login for %.*s:%u",
				   STR(file), STR(whom->host), whom->port);
}
