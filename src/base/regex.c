#include "base/regex.h"

#include <assert.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"

/* A match is tried with few steps first, and with eight times as many while that is too few: what
 * is charged is at most that much more than what was done. */
#define STEPS_FIRST 64
#define STEPS_GROW 8
/* A step may look at all of the text; so a long one is charged more for each. */
#define OCTETS_A_STEP 512
#define HEAP_KIBIBYTES_MAX 4096
#define NESTING_MAX 100

struct regex {
	pcre2_code *code;
	unsigned groups;
};

static void *take(PCRE2_SIZE n, void *nothing)
{
	(void)nothing;
	return mem_alloc(n);
}

static void give(void *p, void *nothing)
{
	(void)nothing;
	mem_free(p);
}

static uint32_t options_of(unsigned flags)
{
	uint32_t options = PCRE2_DOTALL | PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C;

	if (flags & REGEX_CASE)
		options &= ~(uint32_t)PCRE2_CASELESS;
	if (flags & REGEX_DOT_LINE)
		options &= ~(uint32_t)PCRE2_DOTALL;
	options |= flags & REGEX_LINES ? PCRE2_MULTILINE : 0;
	options |= flags & REGEX_EXTENDED ? PCRE2_EXTENDED : 0;
	options |= flags & REGEX_ANCHORED ? PCRE2_ANCHORED : 0;
	options |= flags & REGEX_DOLLAR_END ? PCRE2_DOLLAR_ENDONLY : 0;
	options |= flags & REGEX_LAZY ? PCRE2_UNGREEDY : 0;
	return options;
}

struct regex *regex_new(str pattern, unsigned flags, size_t *offset, struct fail *why)
{
	pcre2_general_context *memory = pcre2_general_context_create(take, give, NULL);
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	char text[120];
	struct regex *r = NULL;
	pcre2_code *code;
	uint32_t groups;
	int error;

	pcre2_set_max_pattern_length(context, REGEX_PATTERN_MAX);
	pcre2_set_parens_nest_limit(context, NESTING_MAX);
	code = pcre2_compile((PCRE2_SPTR)(pattern.n > 0 ? pattern.p : ""), pattern.n,
		options_of(flags), &error, offset, context);
	if (!code) {
		pcre2_get_error_message(error, (PCRE2_UCHAR *)text, sizeof text);
		fail_with(why, FAIL_PERMANENT, "5.3.5", "%s", text);
	} else {
		pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
		if (groups >= REGEX_GROUPS_MAX) {
			*offset = 0;
			fail_with(why, FAIL_PERMANENT, "5.3.5", "more than %d groups",
				REGEX_GROUPS_MAX - 1);
			pcre2_code_free(code);
		} else {
			r = MEM_NEW(struct regex);
			r->code = code;
			r->groups = groups;
		}
	}
	pcre2_compile_context_free(context);
	pcre2_general_context_free(memory);
	return r;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_code_free(r->code);
	mem_free(r);
}

unsigned regex_groups(const struct regex *r)
{
	return r->groups;
}

/* What a match needs, made once for many. */
struct data {
	pcre2_general_context *memory;
	pcre2_match_context *context;
	pcre2_match_data *match;
};

static struct data *data_of(struct regex_match *match)
{
	struct data *d = match->data;

	if (d)
		return d;
	d = match->data = MEM_NEW(struct data);
	d->memory = pcre2_general_context_create(take, give, NULL);
	d->context = pcre2_match_context_create(d->memory);
	d->match = pcre2_match_data_create(REGEX_GROUPS_MAX, d->memory);
	pcre2_set_heap_limit(d->context, HEAP_KIBIBYTES_MAX);
	return d;
}

void regex_match_free(struct regex_match *match)
{
	struct data *d = match->data;

	if (!d)
		return;
	pcre2_match_data_free(d->match);
	pcre2_match_context_free(d->context);
	pcre2_general_context_free(d->memory);
	mem_free(d);
	match->data = NULL;
}

static void read_groups(struct regex_match *match, const struct data *d, str text, int count)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(d->match);

	match->count = (unsigned)count;
	for (unsigned i = 0; i < match->count; i++) {
		bool set = at[2 * i] != PCRE2_UNSET && at[2 * i] <= at[2 * i + 1];

		match->groups[i] =
			set ? str_first(str_skip(text, at[2 * i]), at[2 * i + 1] - at[2 * i])
			    : S("");
	}
}

static bool too_few(int result)
{
	return result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_DEPTHLIMIT ||
	       result == PCRE2_ERROR_HEAPLIMIT;
}

enum regex_end regex_find(
	const struct regex *r, str text, struct regex_budget *budget, struct regex_match *match)
{
	struct data *d = data_of(match);
	uint64_t price = 1 + text.n / OCTETS_A_STEP, steps, affordable;
	int result = PCRE2_ERROR_MATCHLIMIT;

	match->count = 0;
	for (steps = STEPS_FIRST; too_few(result); steps *= STEPS_GROW) {
		affordable = budget->steps / price;
		if (steps > affordable)
			steps = affordable;
		if (steps > REGEX_STEPS_MAX / price)
			steps = REGEX_STEPS_MAX / price;
		if (steps == 0)
			return REGEX_COSTLY;
		budget->steps -= steps * price;
		pcre2_set_match_limit(d->context, (uint32_t)steps);
		result = pcre2_match(r->code, (PCRE2_SPTR)(text.n > 0 ? text.p : ""), text.n, 0, 0,
			d->match, d->context);
		if (steps == REGEX_STEPS_MAX / price && too_few(result))
			return REGEX_COSTLY;
	}
	if (result <= 0)
		return result == PCRE2_ERROR_NOMATCH ? REGEX_NONE : REGEX_COSTLY;
	read_groups(match, d, text, result);
	return REGEX_FOUND;
}
