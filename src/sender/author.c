#include "sender/author.h"

#include "base/buf.h"
#include "base/fail.h"

/* An address list on its way. */
struct reader {
	str rest;
	struct buf text; /* the tokens since the last separator, without white space */
	bool gap;        /* two words stood side by side among them: it is a phrase, no address */
	bool word;       /* the last token was a word */
};

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One comment, with those in it.  False: it does not end. */
static bool skip_comment(str *rest)
{
	unsigned depth = 0;

	for (size_t i = 0; i < rest->n; i++) {
		char c = rest->p[i];

		if (c == '\\')
			i++;
		else if (c == '(' && ++depth > AUTHOR_DEPTH_MAX)
			return false;
		else if (c == ')' && --depth == 0) {
			*rest = str_skip(*rest, i + 1);
			return true;
		}
	}
	return false;
}

static bool skip_space(str *rest)
{
	while (rest->n > 0 && (is_white(rest->p[0]) || rest->p[0] == '(')) {
		if (rest->p[0] != '(')
			*rest = str_skip(*rest, 1);
		else if (!skip_comment(rest))
			return false;
	}
	return true;
}

/* Where what begins here, in quotes or brackets, ends; 0: it does not. */
static size_t enclosed(str text, char end)
{
	for (size_t i = 1; i < text.n; i++) {
		if (text.p[i] == '\\')
			i++;
		else if (text.p[i] == end)
			return i + 1;
	}
	return 0;
}

static bool is_special(char c)
{
	return is_white(c) || str_has(S("()<>[]:;@\\,.\""), c);
}

/* A word, a dot, an at, or a literal, as it stands there.  "" where the text is none of these. */
static str take_token(str *rest)
{
	size_t n = 0;
	str token;

	if (rest->p[0] == '"')
		n = enclosed(*rest, '"');
	else if (rest->p[0] == '[')
		n = enclosed(*rest, ']');
	else if (rest->p[0] == '.' || rest->p[0] == '@')
		n = 1;
	else
		while (n < rest->n && !is_special(rest->p[n]))
			n++;
	token = str_first(*rest, n);
	*rest = str_skip(*rest, n);
	return token;
}

/* Tokens up to one of the separators ",;:<>" or the end; *at is that one, or NUL.  False: neither
 * an address nor a phrase. */
static bool take_tokens(struct reader *r, char *at)
{
	str token;

	buf_clear(&r->text);
	r->gap = r->word = false;
	for (;;) {
		if (!skip_space(&r->rest))
			return false;
		*at = r->rest.n > 0 ? r->rest.p[0] : '\0';
		if (r->rest.n == 0 || str_has(S(",;:<>"), *at))
			return true;
		token = take_token(&r->rest);
		if (token.n == 0 || !buf_add(&r->text, token))
			return false;
		bool word = token.p[0] != '.' && token.p[0] != '@';

		r->gap |= word && r->word;
		r->word = word;
	}
}

static enum author_step give(struct reader *r, char address[ADDRESS_MAX + 1])
{
	str text = buf_str(&r->text);
	struct fail why;

	if (r->gap || text.n > ADDRESS_MAX || !address_parse(text, true, &why) ||
		address_domain(text).n == 0)
		return AUTHOR_BAD;
	str_to_c(text, address, ADDRESS_MAX + 1);
	return AUTHOR_ADDRESS;
}

/* "<" was found: an address, before it perhaps a route, which nobody has used for decades. */
static enum author_step take_angle(struct reader *r, char address[ADDRESS_MAX + 1])
{
	char at;

	r->rest = str_skip(r->rest, 1);
	if (!take_tokens(r, &at))
		return AUTHOR_BAD;
	while ((at == ',' || at == ':') &&
		(buf_str(&r->text).n == 0 || str_starts(buf_str(&r->text), S("@")))) {
		r->rest = str_skip(r->rest, 1);
		if (!take_tokens(r, &at))
			return AUTHOR_BAD;
	}
	if (at != '>' || give(r, address) != AUTHOR_ADDRESS)
		return AUTHOR_BAD;
	r->rest = str_skip(r->rest, 1);
	if (!take_tokens(r, &at) || buf_str(&r->text).n > 0 || (at != ',' && at != ';' && at))
		return AUTHOR_BAD;
	return AUTHOR_ADDRESS;
}

static enum author_step take_mailbox(struct reader *r, char address[ADDRESS_MAX + 1])
{
	for (;;) {
		char at;

		if (!take_tokens(r, &at) || at == '>')
			return AUTHOR_BAD;
		if (at == '<')
			return take_angle(r, address);
		if (at != ':' && buf_str(&r->text).n > 0)
			return give(r, address);
		if (!at)
			return AUTHOR_END;
		r->rest = str_skip(r->rest, 1); /* an empty element, or the name of a group */
	}
}

enum author_step author_next(str *list, char address[ADDRESS_MAX + 1])
{
	struct reader r = { .rest = *list, .text = { .limit_octets = DKIM_HEADER_OCTETS_MAX } };
	enum author_step step = take_mailbox(&r, address);

	*list = r.rest;
	buf_free(&r.text);
	return step;
}

static void take_field(str body, struct author *a)
{
	char more[ADDRESS_MAX + 1];

	for (;;) {
		bool full = a->count == AUTHOR_ADDRESSES_MAX;

		switch (author_next(&body, full ? more : a->addresses[a->count])) {
		case AUTHOR_ADDRESS:
			if (full) {
				a->fault = "there are too many addresses in From";
				return;
			}
			a->count++;
			break;
		case AUTHOR_END:
			return;
		case AUTHOR_BAD:
			a->fault = "From cannot be read";
			return;
		}
	}
}

void author_gather(const struct dkim_header *h, struct author *a)
{
	size_t fields = dkim_header_count(h, S("From"));

	*a = (struct author){ 0 };
	for (size_t i = 0; i < h->count && !a->fault; i++) {
		str body = h->fields[i].text, name;

		if (!str_eq_nocase(h->fields[i].name, S("From")))
			continue;
		str_cut(&body, ':', &name);
		take_field(body, a);
	}
	if (h->too_large)
		a->fault = "the header is too large";
	else if (fields > 1)
		a->fault = "there is more than one From field";
	else if (!a->fault && a->count == 0)
		a->fault = fields == 0 ? "there is no From field" : "there is no address in From";
}
