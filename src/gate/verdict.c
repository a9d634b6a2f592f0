#include "gate/verdict.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/number.h"
#include "mail/address.h"

#define ALL (VERDICT_OF_ACCESS | VERDICT_OF_HEADER | VERDICT_OF_BODY)

/* clang-format off */
static const struct word {
	str word;
	enum verdict_kind kind;
	unsigned places;
	int code; /* of REFUSE, where none is said */
} words[] = {
	{ STR_INIT("accept"),  VERDICT_ACCEPT,  ALL, 0 },
	{ STR_INIT("ok"),      VERDICT_ACCEPT,  VERDICT_OF_ACCESS, 0 },
	{ STR_INIT("permit"),  VERDICT_ACCEPT,  VERDICT_OF_ACCESS, 0 },
	{ STR_INIT("refuse"),  VERDICT_REFUSE,  ALL, 550 },
	{ STR_INIT("reject"),  VERDICT_REFUSE,  ALL, 550 },
	{ STR_INIT("defer"),   VERDICT_REFUSE,  ALL, 450 },
	{ STR_INIT("hold"),    VERDICT_HOLD,    ALL, 0 },
	{ STR_INIT("discard"), VERDICT_DISCARD, ALL, 0 },
	{ STR_INIT("copy"),    VERDICT_COPY,    ALL, 0 },
	{ STR_INIT("bcc"),     VERDICT_COPY,    ALL, 0 },
	{ STR_INIT("redirect"), VERDICT_REDIRECT, ALL, 0 },
	{ STR_INIT("filter"),  VERDICT_FILTER,  VERDICT_OF_ACCESS, 0 },
	{ STR_INIT("warn"),    VERDICT_WARN,    ALL, 0 },
	{ STR_INIT("info"),    VERDICT_WARN,    ALL, 0 },
	{ STR_INIT("dunno"),   VERDICT_NONE,    ALL, 0 },
	{ STR_INIT("remove"),  VERDICT_REMOVE,  VERDICT_OF_HEADER, 0 },
	{ STR_INIT("ignore"),  VERDICT_REMOVE,  VERDICT_OF_HEADER, 0 },
	{ STR_INIT("strip"),   VERDICT_REMOVE,  VERDICT_OF_HEADER, 0 },
	{ STR_INIT("replace"), VERDICT_REPLACE, VERDICT_OF_HEADER, 0 },
	{ STR_INIT("prepend"), VERDICT_PREPEND, VERDICT_OF_HEADER | VERDICT_OF_ACCESS, 0 },
};
/* clang-format on */

const char *verdict_name(enum verdict_kind kind)
{
	static const char *const names[] = { [VERDICT_NONE] = "dunno",
		[VERDICT_ACCEPT] = "accept",
		[VERDICT_REFUSE] = "refuse",
		[VERDICT_HOLD] = "hold",
		[VERDICT_DISCARD] = "discard",
		[VERDICT_WARN] = "warn",
		[VERDICT_COPY] = "copy",
		[VERDICT_REDIRECT] = "redirect",
		[VERDICT_FILTER] = "filter",
		[VERDICT_REMOVE] = "remove",
		[VERDICT_REPLACE] = "replace",
		[VERDICT_PREPEND] = "prepend" };

	return names[kind];
}

/* A reply code of refusal. */
static bool take_code(str *text, int *code)
{
	str rest = *text, word;
	uint64_t n;

	if (!str_word(&rest, &word) || word.n != 3 || !number_parse(word, 599, &n) || n < 400)
		return false;
	*code = (int)n;
	*text = str_trim(rest);
	return true;
}

/* class.subject.detail, RFC 3463 section 2 */
static bool take_status(str *text, char status[12])
{
	str rest = *text, word, whole, class, subject;
	uint64_t n;

	if (!str_word(&rest, &word))
		return false;
	whole = word;
	if (!str_cut(&word, '.', &class) || !str_cut(&word, '.', &subject) || class.n != 1 ||
		!number_parse(class, 5, &n) || n < 4 || subject.n > 3 || word.n > 3 ||
		!number_parse(subject, 999, &n) || !number_parse(word, 999, &n))
		return false;
	str_to_c(whole, status, 12);
	*text = str_trim(rest);
	return true;
}

static bool read_refusal(struct verdict *v, str rest, int code, struct fail *why)
{
	bool said;

	v->kind = VERDICT_REFUSE;
	v->code = code;
	(void)take_code(&rest, &v->code);
	said = take_status(&rest, v->status);
	if (said && v->status[0] != '0' + v->code / 100)
		return fail_with(why, FAIL_PERMANENT, "5.3.5",
			"a reply %d has no status %s: both begin with the same digit", v->code,
			v->status);
	if (!said)
		snprintf(v->status, sizeof v->status, "%c.7.1", v->code < 500 ? '4' : '5');
	v->text = rest.n > 0 ? rest : S("Refused by a rule of this server");
	return true;
}

/* "Name: ..." */
static bool is_field(str text)
{
	size_t n = str_find(text, ':');

	for (size_t i = 0; i < n; i++)
		if (text.p[i] <= ' ' || ascii_control(text.p[i]) || ascii_high(text.p[i]))
			return false;
	return n > 0 && n < text.n;
}

static bool all_digits(str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!ascii_digit(word.p[i]))
			return false;
	return word.n > 0;
}

static const struct word *find_word(str word, enum verdict_place place)
{
	for (size_t i = 0; i < LENGTH(words); i++)
		if (words[i].places & place && str_eq_nocase(words[i].word, word))
			return &words[i];
	return NULL;
}

static const char *more_words(enum verdict_place place)
{
	switch (place) {
	case VERDICT_OF_ACCESS:
		return ", prepend, filter";
	case VERDICT_OF_HEADER:
		return ", remove, replace, prepend";
	case VERDICT_OF_BODY:
		break;
	}
	return "";
}

bool verdict_parse(str value, enum verdict_place place, struct verdict *v, struct fail *why)
{
	str rest = str_trim(value), word = S("");
	const struct word *known;
	int code;

	*v = (struct verdict){ 0 };
	if (take_code(&rest, &code))
		return read_refusal(v, rest, code, why);
	(void)!str_word(&rest, &word);
	if (place == VERDICT_OF_ACCESS && all_digits(word)) { /* what mail readers write */
		v->kind = VERDICT_ACCEPT;
		return true;
	}
	known = find_word(word, place);
	if (!known)
		return fail_with(why, FAIL_PERMANENT, "5.3.5",
			"'%.*s' is no verdict: accept, refuse, defer, hold, discard, copy, "
			"redirect, warn%s or dunno",
			STR(word), more_words(place));
	rest = str_trim(rest);
	if (known->kind == VERDICT_REFUSE)
		return read_refusal(v, rest, known->code, why);
	v->kind = known->kind;
	v->text = rest;
	if ((v->kind == VERDICT_REPLACE || v->kind == VERDICT_PREPEND) && !is_field(rest))
		return fail_with(why, FAIL_PERMANENT, "5.3.5",
			"'%.*s' is followed by a field, \"Name: value\"", STR(word));
	if ((v->kind == VERDICT_COPY || v->kind == VERDICT_REDIRECT) &&
		!address_parse(rest, true, NULL))
		return fail_with(why, FAIL_PERMANENT, "5.3.5",
			"'%.*s' is followed by an address, such as archive@example.org", STR(word));
	if (v->kind == VERDICT_FILTER && !str_has(rest, ':'))
		return fail_with(why, FAIL_PERMANENT, "5.3.5",
			"'%.*s' is followed by TRANSPORT:NEXTHOP", STR(word));
	return true;
}
