#include "sender/spf_inside.h"

/* The result stands.  Whatever goes wrong from here on, there is just no explanation. */
void spf_explanation_ask(struct spf *s)
{
	str spec = spf_frame_top(s)->record.exp, name;
	char room[DNS_NAME_MAX + 1];

	if (!spf_ready(s, spec, STAGE_EXPLAIN))
		return;
	s->stage = STAGE_DONE;
	if (!spf_expand(s, spec, room, &name))
		return;
	spf_round_begin(&s->round, 0);
	spf_ask(s, name, DNS_TXT);
	s->stage = STAGE_TEXT;
}

/* The text takes the place of the name that led to it, which has no use any more. */
void spf_explanation_read(struct spf *s)
{
	const struct spf_round *r = &s->round;

	s->stage = STAGE_DONE;
	if (r->text_count != 1 || r->text.n > SPF_RECORD_MAX ||
		!spf_macro_check(r->text, SPF_IN_EXPLANATION))
		return;
	spf_frame_top(s)->record.exp = r->text;
	s->stage = STAGE_TELL;
}

void spf_explanation_tell(struct spf *s)
{
	str text = spf_frame_top(s)->record.exp;

	if (!spf_ready(s, text, STAGE_TELL))
		return;
	spf_macro_text(text, &s->values, s->verdict.explanation);
	s->stage = STAGE_DONE;
}
