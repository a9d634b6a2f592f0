#include "sender/spf_inside.h"

struct spf_frame *spf_frame_top(struct spf *s)
{
	return &s->frames[s->depth];
}

/* --- finding the record ------------------------------------------------------------------------
 */

void spf_frame_open(struct spf *s, enum spf_role role, str domain)
{
	if (role == SPF_INCLUDED)
		s->depth++;
	*spf_frame_top(s) = (struct spf_frame){ .role = role, .domain = spf_keep(s, domain) };
	spf_round_begin(&s->round, 0);
	s->round.records_only = true;
	spf_ask(s, domain, DNS_TXT);
	s->stage = STAGE_RECORD;
}

/* Sections 4.5, 5.2 and 6.1. */
static void no_record(struct spf *s)
{
	if (spf_frame_top(s)->role == SPF_FIRST)
		spf_end(s, SPF_NONE);
	else
		SPF_PERMERROR_WITH(s, "%.*s has no SPF record", STR(spf_frame_top(s)->domain));
}

void spf_frame_read(struct spf *s)
{
	const struct spf_question *q = &s->round.questions[0];
	struct spf_frame *f = spf_frame_top(s);

	if (q->answer == SPF_TROUBLE) {
		spf_temperror(s, q->name);
		return;
	}
	if (s->round.text_count == 0) {
		no_record(s);
		return;
	}
	if (s->round.text_count > 1) {
		SPF_PERMERROR_WITH(s, "%.*s has more than one SPF record", STR(f->domain));
		return;
	}
	f->text = s->round.text;
	if (spf_record_read(f->text, &f->record, &s->verdict.why)) {
		s->stage = STAGE_NEXT;
		return;
	}
	fail_while(&s->verdict.why, " (%.*s)", STR(f->domain));
	spf_end_error(s, SPF_PERMERROR);
}

/* --- term by term ------------------------------------------------------------------------------
 */

static bool count_lookup(struct spf *s)
{
	if (++s->verdict.lookups <= SPF_LOOKUPS_MAX)
		return true;
	SPF_PERMERROR_WITH(s, "more than %d terms look something up", SPF_LOOKUPS_MAX);
	return false;
}

static bool looks_up(const struct spf_term *t)
{
	switch (t->mechanism) {
	case SPF_ALL:
	case SPF_IP4:
	case SPF_IP6:
		return false;
	case SPF_INCLUDE:
	case SPF_A:
	case SPF_MX:
	case SPF_PTR:
	case SPF_EXISTS:
		break;
	}
	return true;
}

void spf_frame_next(struct spf *s)
{
	struct spf_frame *f = spf_frame_top(s);

	if (spf_record_next(&f->record.terms, &f->term)) {
		if (!looks_up(&f->term) || count_lookup(s))
			s->stage = STAGE_RUN;
		return;
	}
	f->term = (struct spf_term){ 0 };
	if (f->record.redirect.n > 0) {
		if (count_lookup(s))
			s->stage = STAGE_REDIRECT;
	} else if (s->depth > 0) {
		s->depth--; /* neutral, so the include does not match */
	} else {
		spf_end(s, SPF_NEUTRAL);
	}
}

void spf_frame_redirect(struct spf *s)
{
	str spec = spf_frame_top(s)->record.redirect, name;
	char room[DNS_NAME_MAX + 1];

	if (!spf_ready(s, spec, STAGE_REDIRECT))
		return;
	if (spf_expand(s, spec, room, &name))
		spf_frame_open(s, SPF_REDIRECTED, name);
	else
		SPF_PERMERROR_WITH(
			s, "redirect=%.*s names no domain", STR(str_first(spec, DNS_NAME_MAX)));
}

/* --- a match -----------------------------------------------------------------------------------
 */

static enum spf_result by_qualifier(char qualifier)
{
	switch (qualifier) {
	case '-':
		return SPF_FAIL;
	case '~':
		return SPF_SOFTFAIL;
	case '?':
		return SPF_NEUTRAL;
	default:
		return SPF_PASS;
	}
}

/* Inside an include only a pass counts, and is a match of the include (section 5.2). */
void spf_frame_match(struct spf *s)
{
	enum spf_result result = by_qualifier(spf_frame_top(s)->term.qualifier);

	if (s->depth > 0 && result == SPF_PASS) {
		s->verdict.inner = spf_frame_top(s)->term.text;
		s->verdict.inner_domain = spf_frame_top(s)->domain;
	}
	while (s->depth > 0 && result == SPF_PASS) {
		s->depth--;
		result = by_qualifier(spf_frame_top(s)->term.qualifier);
	}
	if (s->depth > 0) {
		s->depth--;
		s->verdict.inner = s->verdict.inner_domain = (str){ 0 };
		s->stage = STAGE_NEXT;
		return;
	}
	spf_end(s, result);
	if (result == SPF_FAIL && spf_frame_top(s)->record.exp.n > 0)
		s->stage = STAGE_EXPLAIN;
}
