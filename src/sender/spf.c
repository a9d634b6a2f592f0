#include "sender/spf.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "dns/name.h"
#include "mail/address.h"
#include "sender/spf_inside.h"

static const char *const result_names[] = {
	[SPF_NONE] = "none",
	[SPF_NEUTRAL] = "neutral",
	[SPF_PASS] = "pass",
	[SPF_FAIL] = "fail",
	[SPF_SOFTFAIL] = "softfail",
	[SPF_TEMPERROR] = "temperror",
	[SPF_PERMERROR] = "permerror",
};

const char *spf_result_name(enum spf_result result)
{
	return result_names[result];
}

const struct spf_verdict *spf_verdict(const struct spf *s)
{
	return &s->verdict;
}

/* --- ends --------------------------------------------------------------------------------------
 */

void spf_end(struct spf *s, enum spf_result result)
{
	const struct spf_frame *f = &s->frames[0];

	s->verdict.result = result;
	s->verdict.domain = f->domain;
	s->verdict.record = f->text;
	s->verdict.mechanism = f->term.text;
	s->stage = STAGE_DONE;
}

/* An error inside an include is one of the whole. */
void spf_end_error(struct spf *s, enum spf_result result)
{
	spf_end(s, result);
	if (s->depth > 0) {
		s->verdict.inner = spf_frame_top(s)->term.text;
		s->verdict.inner_domain = spf_frame_top(s)->domain;
	}
}

void spf_temperror(struct spf *s, str name)
{
	fail_with(
		&s->verdict.why, FAIL_TEMPORARY, "4.7.24", "the look-up of %.*s failed", STR(name));
	spf_end_error(s, SPF_TEMPERROR);
}

/* What has failed stays so, only without its explanation. */
static void give_up(struct spf *s, enum spf_result result, const char *text)
{
	bool temporary = result == SPF_TEMPERROR;

	spf_round_begin(&s->round, 0);
	if (s->verdict.result == SPF_FAIL) {
		s->stage = STAGE_DONE;
		return;
	}
	fail_with(&s->verdict.why, temporary ? FAIL_TEMPORARY : FAIL_PERMANENT,
		temporary ? "4.7.24" : "5.7.24", "%s", text);
	spf_end_error(s, result);
}

int64_t spf_deadline_ms(const struct spf *s)
{
	return s->stage == STAGE_DONE ? INT64_MAX : s->deadline_ms;
}

void spf_tick(struct spf *s, int64_t now_ms)
{
	if (now_ms >= spf_deadline_ms(s))
		give_up(s, SPF_TEMPERROR, "the look-ups took too long");
}

/* --- help for the stages -----------------------------------------------------------------------
 */

str spf_keep(struct spf *s, str text)
{
	str copy = { 0 };

	s->full |= !arena_keep(&s->arena, text, &copy);
	return copy;
}

void spf_ask(struct spf *s, str name, enum dns_type type)
{
	if (spf_round_ask(&s->arena, &s->round, name, type))
		s->verdict.questions++;
	else
		s->full = true;
}

enum dns_type spf_address_type(const struct spf *s)
{
	return s->values.client.family == 6 ? DNS_AAAA : DNS_A;
}

bool spf_ready(struct spf *s, str text, enum spf_stage here)
{
	if (!s->client_known && spf_macro_uses(text, S("p"))) {
		spf_client_ask(s, here);
		return false;
	}
	s->values.domain = spf_frame_top(s)->domain;
	s->values.client_name = spf_client_name(s, s->values.domain);
	return true;
}

/* A local part that is not ASCII matches nothing (RFC 8616 section 4). */
bool spf_expand(struct spf *s, str spec, char room[DNS_NAME_MAX + 1], str *name)
{
	if (!utf8_ascii(s->values.local) && spf_macro_uses(spec, S("sl")))
		return false;
	return spf_macro_name(spec, &s->values, room, name);
}

/* --- the machine -------------------------------------------------------------------------------
 */

static void (*const stages[])(struct spf *s) = {
	[STAGE_RECORD] = spf_frame_read,
	[STAGE_NEXT] = spf_frame_next,
	[STAGE_RUN] = spf_term_run,
	[STAGE_MX] = spf_term_mx,
	[STAGE_JUDGE] = spf_term_judge,
	[STAGE_PTR] = spf_client_ptr,
	[STAGE_VALIDATE] = spf_client_validate,
	[STAGE_REDIRECT] = spf_frame_redirect,
	[STAGE_EXPLAIN] = spf_explanation_ask,
	[STAGE_TEXT] = spf_explanation_read,
	[STAGE_TELL] = spf_explanation_tell,
};

struct spf_act spf_next(struct spf *s)
{
	struct spf_act act = { .kind = SPF_WAIT };

	for (;;) {
		if (s->full && s->stage != STAGE_DONE) {
			s->full = false;
			give_up(s, SPF_PERMERROR, "the records take too much memory");
		}
		if (s->stage == STAGE_DONE)
			return (struct spf_act){ .kind = SPF_DONE };
		if (spf_round_next(&s->round, &act) || s->round.open > 0)
			return act;
		stages[s->stage](s);
	}
}

void spf_answer(
	struct spf *s, uint32_t ticket, enum spf_answer answer, const struct dns_records *records)
{
	s->full |= !spf_round_answer(&s->arena, &s->round, ticket, answer, records);
}

/* --- opening and closing -----------------------------------------------------------------------
 */

/* Section 4.3: what is no name of several labels has no record.  A name of IDN is looked up in its
 * ASCII form (RFC 8616 section 4). */
static bool first_name(str domain, char room[DNS_NAME_MAX + 1], str *name)
{
	if (str_ends(domain, S(".")))
		domain.n--;
	if (!str_has(domain, '.') || str_starts(domain, S("[")))
		return false;
	*name = domain;
	if (utf8_ascii(domain))
		return dns_name_askable(domain);
	if (!dns_name_ascii(domain, room))
		return false;
	*name = str_of(room);
	return true;
}

static void take_request(struct spf *s, const struct spf_request *request)
{
	struct spf_macro_values *v = &s->values;
	str sender = str_first(request->sender, SPF_VALUE_MAX);

	v->client = s->round.client = request->client;
	v->wall_s = request->wall_s;
	v->helo = spf_keep(s, str_first(request->helo, SPF_VALUE_MAX));
	v->receiver = spf_keep(s, str_first(request->receiver, SPF_VALUE_MAX));
	v->local = spf_keep(s, address_local(sender));
	v->sender_domain = sender.n > 0 ? spf_keep(s, address_domain(sender)) : v->helo;
	if (v->receiver.n == 0)
		v->receiver = S("unknown");
	if (v->local.n == 0)
		v->local = S("postmaster");
}

struct spf *spf_new(const struct spf_request *request)
{
	struct spf *s = MEM_NEW(struct spf);
	char room[DNS_NAME_MAX + 1];
	str name;

	arena_init(&s->arena, SPF_OCTETS_MAX);
	s->round.ticket = 1;
	s->deadline_ms = request->now_ms + SPF_MS_MAX;
	take_request(s, request);
	if (request->sender.n <= SPF_VALUE_MAX &&
		first_name(s->values.sender_domain, room, &name)) {
		s->values.sender_domain = spf_keep(s, name);
		spf_frame_open(s, SPF_FIRST, name);
	} else {
		s->frames[0].domain = s->values.sender_domain;
		spf_end(s, SPF_NONE);
	}
	return s;
}

void spf_free(struct spf *s)
{
	if (!s)
		return;
	arena_free(&s->arena);
	mem_free(s);
}
