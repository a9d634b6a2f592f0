#include "mail/authres.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "dns/name.h"

/* --- words -------------------------------------------------------------------------------------
 */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 2045 section 5.1, and bytes above 127 by RFC 8616. */
static bool is_token(char c)
{
	return !ascii_control(c) && c != ' ' && !str_has(S("()<>@,;:\\\"/[]?="), c);
}

static bool is_keyword(char c)
{
	return ascii_letter(c) || ascii_digit(c) || c == '-' || c == '_';
}

/* A comment, nested ones in it.  False: it does not end. */
static bool skip_comment(str *text)
{
	size_t depth = 0;

	for (size_t i = 0; i < text->n; i++) {
		char c = text->p[i];

		if (c == '\\')
			i++;
		depth += c == '(';
		depth -= c == ')';
		if (depth == 0) {
			*text = str_skip(*text, i + 1);
			return true;
		}
	}
	return false;
}

static bool skip_space(str *text)
{
	for (;;) {
		if (text->n > 0 && is_space(text->p[0]))
			*text = str_skip(*text, 1);
		else if (!str_starts(*text, S("(")))
			return true;
		else if (!skip_comment(text))
			return false;
	}
}

/* The next character, with space around it, if it is c. */
static bool take_char(str *text, char c)
{
	str rest = *text;

	if (!skip_space(&rest) || rest.n == 0 || rest.p[0] != c)
		return false;
	rest = str_skip(rest, 1);
	if (!skip_space(&rest))
		return false;
	*text = rest;
	return true;
}

/* A run of keyword characters, in lower case. */
static bool take_keyword(str *text, char to[AUTHRES_WORD_MAX])
{
	size_t n = 0;

	while (n < text->n && is_keyword(text->p[n]) && n < AUTHRES_WORD_MAX - 1) {
		to[n] = ascii_lower(text->p[n]);
		n++;
	}
	to[n] = '\0';
	if (n == 0 || (n < text->n && is_keyword(text->p[n])))
		return false;
	*text = str_skip(*text, n);
	return true;
}

/* A quoted string without its quotes; folding in it is one with the space behind it. */
static bool take_quoted(str *text, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 1; i < text->n && n < size; i++) {
		char c = text->p[i];

		if (c == '"') {
			to[n] = '\0';
			*text = str_skip(*text, i + 1);
			return true;
		}
		if (c == '\r' || c == '\n')
			continue;
		if (c == '\\' && ++i < text->n)
			c = text->p[i];
		to[n++] = c;
	}
	return false;
}

/* What stands up to space, a comment or the next result; quotes inside stay, as in "a b"@c.test. */
static bool take_run(str *text, char *to, size_t size)
{
	bool quoted = false;
	size_t n = 0;

	while (n < text->n) {
		char c = text->p[n];

		if (!quoted && (is_space(c) || c == ';' || c == '('))
			break;
		if (c == '"')
			quoted = !quoted;
		else if (quoted && c == '\\')
			n++;
		n++;
	}
	if (n == 0 || n > text->n || n >= size || quoted)
		return false;
	str_to_c(str_first(*text, n), to, size);
	*text = str_skip(*text, n);
	return true;
}

static bool ends_value(str text)
{
	return text.n == 0 || is_space(text.p[0]) || text.p[0] == ';' || text.p[0] == '(';
}

static bool take_value(str *text, char *to, size_t size)
{
	str rest = *text;

	if (str_starts(rest, S("\"")) && take_quoted(&rest, to, size) && ends_value(rest)) {
		*text = rest;
		return true;
	}
	return take_run(text, to, size);
}

/* --- reading -----------------------------------------------------------------------------------
 */

static bool take_id(str *text, char to[AUTHRES_ID_MAX])
{
	size_t n = 0;

	if (str_starts(*text, S("\"")))
		return take_quoted(text, to, AUTHRES_ID_MAX) && to[0];
	while (n < text->n && is_token(text->p[n]))
		n++;
	if (n == 0 || n >= AUTHRES_ID_MAX)
		return false;
	str_to_c(str_first(*text, n), to, AUTHRES_ID_MAX);
	*text = str_skip(*text, n);
	return true;
}

/* The only version that there is, which need not be said. */
static bool skip_version(str *text)
{
	if (!str_starts(*text, S("1")))
		return true;
	*text = str_skip(*text, 1);
	return ends_value(*text) && skip_space(text);
}

bool authres_open(str body, struct authres *a)
{
	if (!skip_space(&body) || !take_id(&body, a->id) || !ends_value(body))
		return false;
	if (!skip_space(&body) || !skip_version(&body))
		return false;
	a->rest = body;
	return body.n == 0 || body.p[0] == ';';
}

static bool take_property(str *text, struct authres_property *p)
{
	return take_keyword(text, p->type) && take_char(text, '.') && take_keyword(text, p->name) &&
	       take_char(text, '=') && take_value(text, p->value, sizeof p->value) &&
	       skip_space(text);
}

static bool take_reason(str *text, struct authres_result *r)
{
	str rest = *text;
	char word[AUTHRES_WORD_MAX];

	if (!take_keyword(&rest, word) || !str_eq(str_of(word), S("reason")) ||
		!take_char(&rest, '='))
		return true; /* there is none */
	*text = rest;
	return take_value(text, r->reason, sizeof r->reason) && skip_space(text);
}

/* method[/version] = result */
static bool take_method(str *text, struct authres_result *r)
{
	char version[AUTHRES_WORD_MAX];

	if (!take_keyword(text, r->method))
		return false;
	if (take_char(text, '/') && !take_keyword(text, version))
		return false;
	return take_char(text, '=') && take_keyword(text, r->result) && ends_value(*text) &&
	       skip_space(text);
}

static bool is_none(str text)
{
	char word[AUTHRES_WORD_MAX];

	return take_keyword(&text, word) && str_eq(str_of(word), S("none")) && skip_space(&text) &&
	       text.n == 0;
}

enum authres_step authres_next(struct authres *a, struct authres_result *r)
{
	struct authres_property beyond;

	r->reason[0] = '\0';
	r->count = 0;
	if (a->rest.n == 0)
		return AUTHRES_END;
	if (!take_char(&a->rest, ';'))
		return AUTHRES_BAD;
	if (a->rest.n == 0 || is_none(a->rest)) { /* a last semicolon is often seen */
		a->rest = (str){ 0 };
		return AUTHRES_END;
	}
	if (!take_method(&a->rest, r) || !take_reason(&a->rest, r))
		return AUTHRES_BAD;
	while (a->rest.n > 0 && a->rest.p[0] != ';') {
		bool room = r->count < LENGTH(r->properties);

		if (!take_property(&a->rest, room ? &r->properties[r->count] : &beyond))
			return AUTHRES_BAD;
		r->count += room;
	}
	return AUTHRES_RESULT;
}

/* One form for all ways to write the same name; what is no name stays as it is. */
static str plain_id(str id, char room[DNS_NAME_MAX + 1])
{
	if (str_ends(id, S(".")))
		id.n--;
	return dns_name_ascii(id, room) ? str_of(room) : id;
}

bool authres_claims(str body, str id)
{
	char theirs[DNS_NAME_MAX + 1], ours[DNS_NAME_MAX + 1];
	struct authres a;

	if (!authres_open(body, &a))
		return true;
	return str_eq_nocase(plain_id(str_trim(str_of(a.id)), theirs), plain_id(id, ours));
}

/* --- writing -----------------------------------------------------------------------------------
 */

static void put(struct authres_writer *w, str s)
{
	w->full |= !buf_add(w->out, s);
	w->column += s.n;
}

/* A space, or a new line where the next n bytes would not fit into this one. */
static void put_break(struct authres_writer *w, size_t n)
{
	if (w->column + 1 + n <= AUTHRES_LINE_MAX) {
		put(w, S(" "));
		return;
	}
	put(w, S("\r\n\t"));
	w->column = 8;
}

static bool is_dot_atom(str s)
{
	if (s.n == 0 || s.p[0] == '.' || s.p[s.n - 1] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_token(s.p[i]) || (s.p[i] == '.' && s.p[i - 1] == '.'))
			return false;
	return true;
}

/* A token, or an address whose parts are such: RFC 8601 section 2.2, pvalue. */
static bool needs_no_quotes(str s)
{
	str local;
	size_t at = str_find(s, '@');

	if (at == s.n)
		return is_dot_atom(s);
	local = str_first(s, at);
	return (local.n == 0 || is_dot_atom(local)) && is_dot_atom(str_skip(s, at + 1));
}

/* Returns the length; to has room for twice the value. */
static size_t quote(str value, bool bare, char to[2 * AUTHRES_VALUE_MAX + 2])
{
	size_t n = 0;

	if (bare) {
		memcpy(to, value.p, value.n);
		return value.n;
	}
	to[n++] = '"';
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\')
			to[n++] = '\\';
		to[n++] = value.p[i];
	}
	to[n++] = '"';
	return n;
}

static void put_value(struct authres_writer *w, str name, str value, bool may_be_address)
{
	char clean[AUTHRES_VALUE_MAX], text[2 * AUTHRES_VALUE_MAX + 2];
	size_t n;

	fail_clean(value, clean, sizeof clean);
	for (char *p = clean; *p && !w->utf8; p++)
		if (ascii_high(*p))
			*p = '?';
	value = str_of(clean);
	n = quote(value, may_be_address ? needs_no_quotes(value) : is_dot_atom(value), text);
	put_break(w, name.n + 1 + n);
	put(w, name);
	put(w, S("="));
	put(w, str_from(text, n));
}

void authres_begin(struct authres_writer *w, struct buf *out, str id, bool utf8)
{
	*w = (struct authres_writer){ .out = out, .utf8 = utf8 };
	put(w, S("Authentication-Results: "));
	put(w, id);
}

void authres_add(struct authres_writer *w, str method, str result)
{
	w->any = true;
	put(w, S(";\r\n\t"));
	w->column = 8;
	put(w, method);
	put(w, S("="));
	put(w, result);
}

void authres_reason(struct authres_writer *w, str text)
{
	put_value(w, S("reason"), text, false);
}

void authres_property(struct authres_writer *w, str type, str name, str value)
{
	char both[2 * AUTHRES_WORD_MAX];
	size_t n = 0;

	assert(type.n < AUTHRES_WORD_MAX && name.n < AUTHRES_WORD_MAX);
	memcpy(both, type.p, type.n);
	n += type.n;
	both[n++] = '.';
	memcpy(both + n, name.p, name.n);
	put_value(w, str_from(both, n + name.n), value, true);
}

bool authres_end(struct authres_writer *w)
{
	put(w, w->any ? S("\r\n") : S("; none\r\n"));
	return !w->full;
}
