#include "mail/received.h"

/* What a word ends at; brackets belong to the word, so that [192.0.2.1] is one. */
static bool ends_word(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '(' || c == ')' ||
	       c == ';' || c == ',';
}

/* The next word, and how deep in parentheses it stands; false: there is none, or a semicolon. */
static bool next_word(str *rest, unsigned *depth, str *word)
{
	size_t i = 0, start;

	for (; i < rest->n && ends_word(rest->p[i]); i++) {
		if (rest->p[i] == ';' && *depth == 0)
			return false;
		if (rest->p[i] == '(')
			++*depth;
		else if (rest->p[i] == ')' && *depth > 0)
			--*depth;
	}
	start = i;
	while (i < rest->n && !ends_word(rest->p[i]))
		i++;
	*word = str_first(str_skip(*rest, start), i - start);
	*rest = str_skip(*rest, i);
	return word->n > 0;
}

/* "192.0.2.1", "[192.0.2.1]", "[IPv6:2001:db8::1]", "[2001:db8::1]", each perhaps with ":port" or a
 * name in front of the bracket. */
static bool read_address(str word, struct ip *ip)
{
	size_t open = str_find(word, '[');
	str inside = word;

	if (open < word.n) {
		inside = str_skip(word, open + 1);
		inside = str_first(inside, str_find(inside, ']'));
	}
	if (str_starts_nocase(inside, S("IPv6:")))
		inside = str_skip(inside, 5);
	return ip_parse(inside, ip);
}

/* How much an address is worth: a client may call itself "[192.0.2.1]", and what his name server
 * says may look like an address, too; what stands in brackets in a comment is the server's word. */
enum worth { NOTHING, OUTSIDE, BARE, BRACKETED };

static void take_address(str word, unsigned depth, enum worth *best, struct received *r)
{
	bool bracketed = str_has(word, '[');
	enum worth worth = depth == 0 ? OUTSIDE : bracketed ? BRACKETED : BARE;
	struct ip ip;

	if (worth <= *best || (depth == 0 && !bracketed) || !read_address(word, &ip))
		return;
	*best = worth;
	r->client = ip;
}

bool received_read(str value, struct received *r)
{
	enum worth best = NOTHING;
	unsigned depth = 0;
	bool helo_follows = false, named = false;
	str word;

	*r = (struct received){ 0 };
	if (!next_word(&value, &depth, &word) || depth > 0 || !str_eq_nocase(word, S("from")))
		return false;
	while (next_word(&value, &depth, &word)) {
		if (depth == 0 && str_eq_nocase(word, S("by")))
			return true;
		if (helo_follows || (depth == 0 && !named))
			r->helo = word;
		named |= depth == 0;
		if (depth > 0 && str_starts_nocase(word, S("helo=")))
			r->helo = str_skip(word, 5);
		else if (!helo_follows)
			take_address(word, depth, &best, r);
		helo_follows = depth > 0 && (str_eq(word, S("HELO")) || str_eq(word, S("EHLO")));
	}
	return true;
}
