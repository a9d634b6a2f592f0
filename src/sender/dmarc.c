#include "sender/dmarc.h"

#include <stdio.h>

#include "base/mem.h"
#include "dns/name.h"

#define PREFIX "_dmarc."

enum stage {
	STAGE_AUTHOR, /* the walk from the author's domain is asked for */
	STAGE_ALIGN,  /* those from the identifiers are, one after the other */
	STAGE_EXISTS, /* the author's domain itself is */
	STAGE_DONE,
};

/* What one name has; shared by all walks that come by. */
struct node {
	char name[sizeof PREFIX + DNS_NAME_MAX]; /* as it is asked for */
	enum dns_type type;
	bool asked, answered;
	enum dmarc_answer answer; /* FOUND: exactly one DMARC record */
	char text[DMARC_RECORD_MAX];
	size_t text_n;
	struct dmarc_record record;
};

struct identifier {
	struct dmarc_identifier said;
	char domain[DNS_NAME_MAX + 1]; /* "": it has none that counts */
};

struct dmarc {
	struct dmarc_verdict verdict;
	struct identifier identifiers[DMARC_IDENTIFIERS_MAX];
	size_t identifier_count, at; /* at: the one that is being walked from */
	bool uncertain;              /* somebody who is not known to be aligned might be */
	enum stage stage;
	int64_t deadline_ms;
	struct node *nodes[DMARC_QUESTIONS_MAX]; /* index + 1 is the ticket */
	size_t node_count;
};

/* --- walks -------------------------------------------------------------------------------------
 */

static size_t labels(str name)
{
	size_t n = name.n > 0;

	for (size_t i = 0; i < name.n; i++)
		n += name.p[i] == '.';
	return n;
}

/* The name above, or "". */
static str above(str name)
{
	str label;

	return str_cut(&name, '.', &label) ? name : S("");
}

/* Section 4.10: below a name of many labels most are skipped. */
static str step(str name)
{
	name = above(name);
	while (labels(name) >= DMARC_WALK_MAX)
		name = above(name);
	return name;
}

static struct node *find(const struct dmarc *d, str name, enum dns_type type)
{
	for (size_t i = 0; i < d->node_count; i++)
		if (d->nodes[i]->type == type && str_eq(str_of(d->nodes[i]->name), name))
			return d->nodes[i];
	return NULL;
}

static void want(struct dmarc *d, str name, enum dns_type type)
{
	struct node *n;

	if (find(d, name, type) || d->node_count == DMARC_QUESTIONS_MAX)
		return;
	n = MEM_NEW(struct node);
	n->type = type;
	str_to_c(name, n->name, sizeof n->name);
	if (name.n > DNS_NAME_MAX) { /* nobody can have put a record there */
		n->asked = n->answered = true;
		n->answer = DMARC_NO_NAME;
	}
	d->nodes[d->node_count++] = n;
}

static str prefixed(str name, char room[sizeof PREFIX + DNS_NAME_MAX])
{
	snprintf(room, sizeof PREFIX + DNS_NAME_MAX, PREFIX "%.*s", STR(name));
	return str_of(room);
}

static void want_walk(struct dmarc *d, str name)
{
	char room[sizeof PREFIX + DNS_NAME_MAX];

	for (; name.n > 0; name = step(name))
		want(d, prefixed(name, room), DNS_TXT);
}

static const struct node *node_of(const struct dmarc *d, str name)
{
	char room[sizeof PREFIX + DNS_NAME_MAX];

	return find(d, prefixed(name, room), DNS_TXT);
}

/* What a walk that was asked for finds. */
struct walk {
	str organization;       /* "" where no record is */
	const struct node *top; /* of a public suffix that ended it (psd=y) */
	str top_name;
	bool certain; /* no look-up of those that decide it failed */
};

static str one_below(str from, str top)
{
	while (labels(from) > labels(top) + 1)
		from = above(from);
	return from;
}

/* Section 4.10.2, from the longest name to the shortest. */
static struct walk walk_from(const struct dmarc *d, str start)
{
	struct walk w = { .certain = true };

	for (str name = start; name.n > 0; name = step(name)) {
		const struct node *n = node_of(d, name);

		if (!n || n->answer == DMARC_TROUBLE)
			w.certain = false;
		if (!n || n->answer != DMARC_FOUND)
			continue;
		if (n->record.psd == DMARC_PSD_YES && name.n < start.n) {
			w.top = n;
			w.top_name = name;
			w.organization = one_below(start, name);
			return w;
		}
		w.organization = name;
		if (n->record.psd == DMARC_PSD_NO)
			return w;
	}
	return w;
}

/* --- the policy --------------------------------------------------------------------------------
 */

static void end(struct dmarc *d, enum dmarc_result result)
{
	d->verdict.result = result;
	d->stage = STAGE_DONE;
}

static void end_trouble(struct dmarc *d, const char *what)
{
	fail_with(&d->verdict.why, FAIL_TEMPORARY, "4.7.0", "%s", what);
	end(d, DMARC_TEMPERROR);
}

/* The record that applies, section 4.10.1; null: none, and *troubled says whether one might be. */
static const struct node *find_policy(
	const struct dmarc *d, const struct walk *w, str author, str *name, bool *troubled)
{
	const struct node *own = node_of(d, author), *n;

	*name = author;
	*troubled = own && own->answer == DMARC_TROUBLE;
	if (*troubled || (own && own->answer == DMARC_FOUND))
		return *troubled ? NULL : own;
	*troubled = !w->certain;
	*name = w->organization;
	n = w->organization.n > 0 ? node_of(d, w->organization) : NULL;
	if (n && n->answer == DMARC_FOUND)
		return n;
	*name = w->top_name;
	return w->top;
}

static void take_policy(struct dmarc *d, const struct node *n, str name)
{
	struct dmarc_verdict *v = &d->verdict;
	bool own = str_eq(name, str_of(v->domain));

	v->policy_domain = n->name + sizeof PREFIX - 1;
	v->text = str_from(n->text, n->text_n);
	v->record = n->record;
	v->asked = own ? n->record.p : n->record.sp;
}

static bool is_author(const struct dmarc *d, const struct identifier *i)
{
	return str_eq(str_of(i->domain), str_of(d->verdict.domain));
}

/* Is it of the author's organization, as far as names tell, where that is enough? */
static bool near(const struct dmarc *d, const struct identifier *i)
{
	const struct dmarc_record *r = &d->verdict.record;
	bool strict = i->said.dkim ? r->strict_dkim : r->strict_spf;

	return i->domain[0] && !strict &&
	       dns_name_below(str_of(i->domain), str_of(d->verdict.organization));
}

/* A walk from it can make a difference. */
static bool must_walk(const struct dmarc *d, const struct identifier *i)
{
	return i->said.passed && !is_author(d, i) && near(d, i);
}

static void next_identifier(struct dmarc *d)
{
	while (d->at < d->identifier_count && !must_walk(d, &d->identifiers[d->at]))
		d->at++;
	if (d->at < d->identifier_count)
		want_walk(d, str_of(d->identifiers[d->at].domain));
}

static void author_walked(struct dmarc *d)
{
	struct dmarc_verdict *v = &d->verdict;
	str author = str_of(v->domain), name;
	struct walk w = walk_from(d, author);
	bool troubled;
	const struct node *n = find_policy(d, &w, author, &name, &troubled);

	str_to_c(w.organization.n > 0 ? w.organization : author, v->organization,
		sizeof v->organization);
	if (troubled) {
		end_trouble(d, "the policy of the author's domain could not be looked up");
		return;
	}
	if (!n || !n->record.usable) {
		end(d, DMARC_NONE);
		return;
	}
	take_policy(d, n, name);
	d->stage = STAGE_ALIGN;
	next_identifier(d);
}

/* --- alignment ---------------------------------------------------------------------------------
 */

static void align(struct dmarc *d, size_t index, const struct walk *author)
{
	const struct identifier *i = &d->identifiers[index];
	struct dmarc_verdict *v = &d->verdict;
	struct walk w;

	d->uncertain |= i->said.unknown && (is_author(d, i) || near(d, i));
	v->aligned[index] = i->said.passed && is_author(d, i);
	if (must_walk(d, i)) {
		w = walk_from(d, str_of(i->domain));
		d->uncertain |= !w.certain || !author->certain;
		v->aligned[index] = w.certain && author->certain &&
				    str_eq(w.organization, str_of(v->organization));
	}
	v->spf_aligned |= v->aligned[index] && !i->said.dkim;
	v->dkim_aligned |= v->aligned[index] && i->said.dkim;
}

static void judge(struct dmarc *d)
{
	struct dmarc_verdict *v = &d->verdict;
	struct walk author = walk_from(d, str_of(v->domain));

	for (size_t i = 0; i < d->identifier_count; i++)
		align(d, i, &author);
	if (v->spf_aligned || v->dkim_aligned) {
		end(d, DMARC_PASS);
	} else if (d->uncertain) {
		end_trouble(d, "who sent this could not be judged now");
	} else if (!str_eq(str_of(v->policy_domain), str_of(v->domain)) &&
		   v->record.np != v->record.sp) {
		want(d, str_of(v->domain), DNS_A);
		d->stage = STAGE_EXISTS;
	} else {
		end(d, DMARC_FAIL);
	}
}

/* RFC 8020: a name that does not exist has nothing below it either. */
static void judge_existence(struct dmarc *d)
{
	struct dmarc_verdict *v = &d->verdict;
	const struct node *n = find(d, str_of(v->domain), DNS_A);

	if (!n || n->answer == DMARC_TROUBLE) {
		end_trouble(d, "whether the author's domain exists could not be looked up");
		return;
	}
	v->inexistent = n->answer == DMARC_NO_NAME;
	if (v->inexistent)
		v->asked = v->record.np;
	end(d, DMARC_FAIL);
}

/* What the owner of a policy that is only tried expects, section 4.7. */
static void settle(struct dmarc_verdict *v)
{
	v->policy = v->asked;
	if (v->record.testing && v->asked == DMARC_POLICY_REJECT)
		v->policy = DMARC_POLICY_QUARANTINE;
	else if (v->record.testing)
		v->policy = DMARC_POLICY_NONE;
	if (v->result == DMARC_FAIL)
		fail_with(&v->why, FAIL_PERMANENT, "5.7.1",
			"nothing that %s sent or signed passed (the policy of %s is %s%s)",
			v->domain, v->policy_domain, dmarc_record_policy_name(v->asked),
			v->record.testing ? ", on trial" : "");
}

static void go_on(struct dmarc *d)
{
	switch (d->stage) {
	case STAGE_AUTHOR:
		author_walked(d);
		break;
	case STAGE_ALIGN:
		if (d->at < d->identifier_count) {
			d->at++;
			next_identifier(d);
		}
		if (d->at == d->identifier_count)
			judge(d);
		break;
	case STAGE_EXISTS:
		judge_existence(d);
		break;
	case STAGE_DONE:
		break;
	}
	if (d->stage == STAGE_DONE)
		settle(&d->verdict);
}

/* --- the machine -------------------------------------------------------------------------------
 */

struct dmarc_act dmarc_next(struct dmarc *d)
{
	while (d->stage != STAGE_DONE) {
		bool open = false;

		for (size_t i = 0; i < d->node_count; i++) {
			struct node *n = d->nodes[i];

			if (!n->asked) {
				n->asked = true;
				d->verdict.questions++;
				return (struct dmarc_act){ .kind = DMARC_ASK,
					.name = str_of(n->name),
					.type = n->type,
					.ticket = (uint32_t)i + 1 };
			}
			open |= !n->answered;
		}
		if (open)
			return (struct dmarc_act){ .kind = DMARC_WAIT };
		go_on(d);
	}
	return (struct dmarc_act){ .kind = DMARC_DONE };
}

/* Of several policy records none counts. */
static void take_records(struct node *n, const struct dns_records *records)
{
	size_t count = 0;

	for (size_t i = 0; i < records->count; i++) {
		str text = records->records[i].text;

		if (records->records[i].type != DNS_TXT || text.n > sizeof n->text ||
			!dmarc_record_is(text))
			continue;
		count++;
		memcpy(n->text, text.p, text.n);
		n->text_n = text.n;
	}
	if (count == 1)
		dmarc_record_read(str_from(n->text, n->text_n), &n->record);
	else
		n->answer = DMARC_NO_DATA;
}

void dmarc_answer(struct dmarc *d, uint32_t ticket, enum dmarc_answer answer,
	const struct dns_records *records)
{
	struct node *n;

	if (ticket == 0 || ticket > d->node_count)
		return;
	n = d->nodes[ticket - 1];
	if (!n->asked || n->answered)
		return;
	n->answered = true;
	n->answer = answer;
	if (answer == DMARC_FOUND && n->type == DNS_TXT)
		take_records(n, records);
}

void dmarc_tick(struct dmarc *d, int64_t now_ms)
{
	if (now_ms < dmarc_deadline_ms(d))
		return;
	end_trouble(d, "the look-ups took too long");
	settle(&d->verdict);
}

int64_t dmarc_deadline_ms(const struct dmarc *d)
{
	return d->stage == STAGE_DONE ? INT64_MAX : d->deadline_ms;
}

const struct dmarc_verdict *dmarc_verdict(const struct dmarc *d)
{
	return &d->verdict;
}

const char *dmarc_result_name(enum dmarc_result result)
{
	static const char *const names[] = { [DMARC_NONE] = "none",
		[DMARC_PASS] = "pass",
		[DMARC_FAIL] = "fail",
		[DMARC_TEMPERROR] = "temperror",
		[DMARC_PERMERROR] = "permerror" };

	return names[result];
}

/* --- opening and closing -----------------------------------------------------------------------
 */

/* Exactly one domain is the author's. */
static bool take_author(struct dmarc *d, const struct dmarc_request *request)
{
	char other[DNS_NAME_MAX + 1], *domain = d->verdict.domain;

	if (request->fault)
		return fail_with(&d->verdict.why, FAIL_PERMANENT, "5.7.1", "%s", request->fault);
	for (size_t i = 0; i < request->from_count; i++) {
		if (!dns_name_ascii(request->from[i], other))
			return fail_with(&d->verdict.why, FAIL_PERMANENT, "5.7.1",
				"the address in From has no domain");
		if (i > 0 && strcmp(domain, other) != 0)
			return fail_with(&d->verdict.why, FAIL_PERMANENT, "5.7.1",
				"there is more than one domain in From");
		memcpy(domain, other, sizeof other);
	}
	return request->from_count > 0 ||
	       fail_with(&d->verdict.why, FAIL_PERMANENT, "5.7.1", "there is no author in From");
}

static void take_identifiers(struct dmarc *d, const struct dmarc_request *request)
{
	for (size_t n = 0; n < request->identifier_count && n < DMARC_IDENTIFIERS_MAX; n++) {
		struct identifier *i = &d->identifiers[d->identifier_count++];

		i->said = request->identifiers[n];
		if (!dns_name_ascii(i->said.domain, i->domain))
			i->domain[0] = '\0';
		i->said.domain = S("");
	}
}

struct dmarc *dmarc_new(const struct dmarc_request *request)
{
	struct dmarc *d = MEM_NEW(struct dmarc);

	d->verdict.policy_domain = "";
	d->deadline_ms = request->now_ms + DMARC_MS_MAX;
	take_identifiers(d, request);
	if (!take_author(d, request)) {
		d->verdict.domain[0] = '\0';
		end(d, DMARC_PERMERROR);
		return d;
	}
	want_walk(d, str_of(d->verdict.domain));
	return d;
}

void dmarc_free(struct dmarc *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->node_count; i++)
		mem_free(d->nodes[i]);
	mem_free(d);
}
