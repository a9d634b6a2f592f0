#include "route/lookup_rules.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/ip.h"
#include "base/mem.h"
#include "base/number.h"

struct rule {
	enum { IS_RULE, IS_IF, IS_ENDIF } kind;
	bool negated;
	struct regex *regex; /* of pcre */
	struct ip_net net;   /* of cidr */
	str value;
	size_t end; /* of an "if": the number of its "endif" */
	struct conf_origin at;
};

struct lookup_rules {
	enum conf_table_kind kind;
	struct rule *items;
	size_t count, size;
	size_t open[LOOKUP_RULES_DEPTH_MAX]; /* the "if"s that are not closed */
	unsigned depth;
};

struct lookup_rules *lookup_rules_new(enum conf_table_kind kind)
{
	struct lookup_rules *r = MEM_NEW(struct lookup_rules);

	r->kind = kind;
	return r;
}

void lookup_rules_free(struct lookup_rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		regex_free(r->items[i].regex);
	mem_free(r->items);
	mem_free(r);
}

/* --- reading ------------------------------------------------------------------------------------
 */

struct reading {
	const struct lookup_line *line;
	str rest; /* of the line */
	struct fail *why;
};

static size_t column(const struct reading *in)
{
	return in->line->text.n - in->rest.n + 1;
}

static void skip_blanks(struct reading *in)
{
	while (in->rest.n > 0 && (in->rest.p[0] == ' ' || in->rest.p[0] == '\t'))
		in->rest = str_skip(in->rest, 1);
}

/* "word" and a blank, or the end. */
static bool take_word(struct reading *in, str word)
{
	str behind = str_skip(in->rest, word.n);

	if (!str_starts_nocase(in->rest, word) ||
		(behind.n > 0 && behind.p[0] != ' ' && behind.p[0] != '\t'))
		return false;
	in->rest = behind;
	skip_blanks(in);
	return true;
}

static bool toggle(char flag, unsigned *flags)
{
	static const struct {
		char letter;
		unsigned flag;
	} letters[] = {
		{'i',  REGEX_CASE      },
                { 'm', REGEX_LINES     },
                { 's', REGEX_DOT_LINE  },
		{ 'x', REGEX_EXTENDED  },
                { 'A', REGEX_ANCHORED  },
                { 'E', REGEX_DOLLAR_END},
		{ 'U', REGEX_LAZY      },
                { 'X', 0               }, /* pcre2 is strict always */
	};

	for (size_t i = 0; i < LENGTH(letters); i++)
		if (letters[i].letter == flag) {
			*flags ^= letters[i].flag;
			return true;
		}
	return false;
}

/* The expression between two of the same sign. */
static bool take_expression(struct reading *in, str *expression)
{
	char mark = in->rest.n > 0 ? in->rest.p[0] : ' ';
	size_t i;

	if (mark == ' ' || mark == '\t' || mark == '\\' || ascii_letter(mark) || ascii_digit(mark))
		return lookup_text_wrong(in->line, column(in), in->why,
			"an expression between two signs is expected here: /EXPRESSION/");
	for (i = 1; i < in->rest.n && in->rest.p[i] != mark; i++)
		i += in->rest.p[i] == '\\';
	if (i >= in->rest.n)
		return lookup_text_wrong(in->line, column(in), in->why,
			"the second '%c' is missing behind the expression", mark);
	*expression = str_skip(str_first(in->rest, i), 1);
	return true;
}

static bool take_regex(struct reading *in, struct rule *rule)
{
	size_t start = column(in), offset = 0;
	unsigned flags = 0;
	struct fail cause;
	str expression;

	if (!take_expression(in, &expression))
		return false;
	in->rest = str_skip(in->rest, expression.n + 2);
	for (; in->rest.n > 0 && in->rest.p[0] != ' ' && in->rest.p[0] != '\t';
		in->rest = str_skip(in->rest, 1))
		if (!toggle(in->rest.p[0], &flags))
			return lookup_text_wrong(in->line, column(in), in->why,
				"the flags of an expression are i, m, s, x, A, E, U and X");
	rule->regex = regex_new(expression, flags, &offset, &cause);
	if (!rule->regex)
		return lookup_text_wrong(in->line, start + 1 + offset, in->why, "%s", cause.text);
	return true;
}

static bool take_network(struct reading *in, struct rule *rule)
{
	str word = S(""), rest = in->rest;

	if (!str_word(&rest, &word) || !ip_net_parse(word, &rule->net))
		return lookup_text_wrong(in->line, column(in), in->why,
			"an address or a network such as 192.0.2.0/24 is expected here (with no "
			"bit "
			"behind the prefix)");
	in->rest = rest;
	return true;
}

static bool take_pattern(const struct lookup_rules *r, struct reading *in, struct rule *rule)
{
	if (str_starts(in->rest, S("!"))) {
		rule->negated = true;
		in->rest = str_skip(in->rest, 1);
		skip_blanks(in);
	}
	if (!(r->kind == CONF_TABLE_PCRE ? take_regex : take_network)(in, rule))
		return false;
	skip_blanks(in);
	return true;
}

/* $1, ${1} or $(1) at the start of s: its number, and how long it is; 0: it is none. */
static size_t group_at(str s, unsigned *number)
{
	char close = s.n > 1 && s.p[1] == '{' ? '}' : s.n > 1 && s.p[1] == '(' ? ')' : '\0';
	str digits = str_skip(s, close ? 2 : 1);
	uint64_t n;
	size_t i = 0;

	while (i < digits.n && ascii_digit(digits.p[i]))
		i++;
	if (!number_parse(str_first(digits, i), REGEX_GROUPS_MAX, &n))
		return 0;
	if (close && (i == digits.n || digits.p[i] != close))
		return 0;
	*number = (unsigned)n;
	return i + (close ? 3 : 1);
}

static bool check_groups(const struct reading *in, const struct rule *rule)
{
	unsigned groups = regex_groups(rule->regex), number;

	for (size_t i = 0; i < rule->value.n; i++) {
		str rest = str_skip(rule->value, i);
		size_t n;

		if (rest.p[0] != '$')
			continue;
		if (str_starts(rest, S("$$"))) {
			i++;
			continue;
		}
		n = group_at(rest, &number);
		if (n == 0 || number > groups || rule->negated)
			return lookup_text_wrong(in->line, column(in) + i, in->why,
				n == 0          ? "'$' is followed by the number of a group, or "
						  "another '$'"
				: rule->negated ? "an expression that does not match has no groups"
						: "the expression has fewer groups");
		i += n - 1;
	}
	return true;
}

static bool keep(struct lookup_rules *r, const struct rule *rule)
{
	if (r->count == r->size) {
		r->size = r->size ? r->size * 2 : 8;
		r->items = mem_grow(r->items, r->size * sizeof *r->items);
	}
	r->items[r->count++] = *rule;
	return true;
}

static bool add_if(struct lookup_rules *r, struct reading *in, struct rule *rule)
{
	rule->kind = IS_IF;
	if (r->depth == LOOKUP_RULES_DEPTH_MAX)
		return lookup_text_wrong(in->line, 1, in->why, "more than %d 'if' in each other",
			LOOKUP_RULES_DEPTH_MAX);
	if (!take_pattern(r, in, rule))
		return false;
	if (in->rest.n > 0)
		return lookup_text_wrong(
			in->line, column(in), in->why, "nothing follows the pattern of an 'if'");
	r->open[r->depth++] = r->count;
	return keep(r, rule);
}

static bool add_endif(struct lookup_rules *r, struct reading *in, struct rule *rule)
{
	rule->kind = IS_ENDIF;
	if (in->rest.n > 0)
		return lookup_text_wrong(
			in->line, column(in), in->why, "nothing follows an 'endif'");
	if (r->depth == 0)
		return lookup_text_wrong(in->line, 1, in->why, "this 'endif' has no 'if'");
	r->items[r->open[--r->depth]].end = r->count;
	return keep(r, rule);
}

static bool add_rule(struct lookup_rules *r, struct reading *in, struct rule *rule)
{
	if (!take_pattern(r, in, rule))
		return false;
	rule->value = str_trim_right(in->rest);
	if (rule->value.n == 0)
		return lookup_text_wrong(
			in->line, column(in), in->why, "a value is expected behind the pattern");
	return (r->kind != CONF_TABLE_PCRE || check_groups(in, rule)) && keep(r, rule);
}

bool lookup_rules_add(struct lookup_rules *r, const struct lookup_line *line, struct fail *why)
{
	struct reading in = { .line = line, .rest = line->text, .why = why };
	struct rule rule = {
		.at = {line->file, line->line, 1}
	};
	bool ok;

	if (r->count == LOOKUP_RULES_MAX)
		return lookup_text_wrong(
			line, 1, why, "a table has at most %d rules", LOOKUP_RULES_MAX);
	if (line->text.n > 0 && (line->text.p[0] == ' ' || line->text.p[0] == '\t'))
		return lookup_text_wrong(
			line, 1, why, "a line that begins with a blank continues nothing");
	if (take_word(&in, S("if")))
		ok = add_if(r, &in, &rule);
	else if (take_word(&in, S("endif")))
		ok = add_endif(r, &in, &rule);
	else
		ok = add_rule(r, &in, &rule);
	if (!ok)
		regex_free(rule.regex);
	return ok;
}

bool lookup_rules_end(struct lookup_rules *r, struct fail *why)
{
	const struct conf_origin *at;

	if (r->depth == 0)
		return true;
	at = &r->items[r->open[r->depth - 1]].at;
	return fail_with(why, FAIL_PERMANENT, "5.3.5", "%.*s:%u:1: this 'if' has no 'endif'",
		STR(at->file), at->line);
}

/* --- looking up ---------------------------------------------------------------------------------
 */

/* False: it did not fit, and was cut. */
static bool add_cut(struct buf *to, str part)
{
	size_t room = LOOKUP_VALUE_OCTETS_MAX - buf_str(to).n;

	buf_put(to, str_first(part, room));
	return part.n <= room;
}

/* What is longer than a value may be is cut: it came from a key that is longer still. */
static str expand(struct arena *a, str value, const struct regex_match *match)
{
	struct buf to = { 0 };
	str copy = S("");
	unsigned number;
	bool fits = true;

	if (!str_has(value, '$'))
		return value;
	while (fits && value.n > 0) {
		size_t n = str_find(value, '$');

		fits = add_cut(&to, str_first(value, n));
		value = str_skip(value, n);
		if (value.n == 0)
			break;
		n = group_at(value, &number);
		if (n == 0)
			fits = fits && add_cut(&to, S("$"));
		else if (number < match->count)
			fits = fits && add_cut(&to, match->groups[number]);
		value = str_skip(value, n > 0 ? n : 2);
	}
	if (!arena_keep(a, buf_str(&to), &copy))
		copy = S("");
	buf_free(&to);
	return copy;
}

static enum regex_end matches(const struct rule *rule, str key, const struct ip *ip,
	struct regex_budget *budget, struct regex_match *match)
{
	enum regex_end end;

	if (rule->regex)
		end = regex_find(rule->regex, key, budget, match);
	else
		end = ip_net_has(&rule->net, ip) ? REGEX_FOUND : REGEX_NONE;
	if (!rule->negated || end == REGEX_COSTLY)
		return end;
	return end == REGEX_FOUND ? REGEX_NONE : REGEX_FOUND;
}

enum regex_end lookup_rules_find(const struct lookup_rules *r, struct arena *a, str key,
	struct regex_budget *budget, str *value, struct conf_origin *at)
{
	struct regex_match match = { 0 };
	enum regex_end end = REGEX_NONE;
	struct ip ip;

	if (r->kind == CONF_TABLE_CIDR && !ip_parse(key, &ip))
		return REGEX_NONE;
	for (size_t i = 0; i < r->count; i++) {
		const struct rule *rule = &r->items[i];

		if (rule->kind == IS_ENDIF)
			continue;
		end = matches(rule, key, &ip, budget, &match);
		*at = rule->at;
		if (end == REGEX_COSTLY)
			break;
		if (rule->kind == IS_IF && end == REGEX_NONE)
			i = rule->end;
		if (rule->kind == IS_RULE && end == REGEX_FOUND) {
			*value = rule->regex ? expand(a, rule->value, &match) : rule->value;
			break;
		}
		end = REGEX_NONE;
	}
	regex_match_free(&match);
	return end;
}

bool lookup_rules_row(
	const struct lookup_rules *r, size_t index, str *value, struct conf_origin *at)
{
	if (index >= r->count)
		return false;
	*value = r->items[index].value;
	*at = r->items[index].at;
	return true;
}
