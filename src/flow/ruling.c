#include "flow/ruling.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/map.h"
#include "flow/readdress.h"
#include "gate/body.h"
#include "gate/headers.h"
#include "mail/address.h"

struct ruling {
	const struct router *router;
	uint64_t session, id;
	struct asking asking; /* of the question that is open */
	struct access_facts facts;
	bool at_mail; /* which question that is */
	struct access_result result;
	struct access_decision failure; /* of another table than those of access */
	struct canonical_result rewritten;
	struct { /* who gets a copy, if the answer is yes; in the arena of the asking */
		str address;
		struct conf_origin at;
	} found[RULING_COPIES_MAX];
	size_t found_count;
	ruling_done *done;
	void *owner;
	bool excused, rcpt_excused;
	char holds[CONF_ORIGIN_TEXT_MAX], discards[CONF_ORIGIN_TEXT_MAX];
	char hold_words[FAIL_TEXT_MAX];
	unsigned notes; /* of header fields, in the log */
	char discards_rcpt[CONF_ORIGIN_TEXT_MAX];
	struct arena arena; /* of copies */
	struct ruling_copy *copies;
	struct map copied; /* by their keys */
	bool copies_lost;
	struct ruling_field *fields, **fields_end;
	unsigned field_count;
	char redirects[CONF_ORIGIN_TEXT_MAX];
	str redirect, filter; /* in the arena */
};

static bool uses_tables(const struct conf *c)
{
	const struct conf_access *a = &c->access;

	return a->client.count + a->helo.count + a->sender.count + a->recipient.count > 0 ||
	       c->rewrite.sender.count + c->rewrite.recipient.count > 0 ||
	       c->rewrite.masquerade.count > 0 || readdress_wanted(c) || body_rules_any(c) ||
	       c->copy.sender.count + c->copy.recipient.count > 0 || headers_any(c);
}

struct ruling *ruling_new(struct flow *f, const struct router *r, uint64_t session, uint64_t id)
{
	struct ruling *g;

	if (!uses_tables(router_conf(r)))
		return NULL;
	g = MEM_NEW(struct ruling);
	g->router = r;
	g->session = session;
	g->id = id;
	asking_init(&g->asking, f->loop);
	arena_init(&g->arena, RULING_OCTETS_MAX);
	g->fields_end = &g->fields;
	return g;
}

void ruling_free(struct ruling *g)
{
	if (!g)
		return;
	asking_free(&g->asking);
	map_free(&g->copied);
	arena_free(&g->arena);
	mem_free(g);
}

str ruling_holds(const struct ruling *g)
{
	return g ? str_of(g->holds) : S("");
}

str ruling_hold_words(const struct ruling *g)
{
	return str_of(g->hold_words);
}

str ruling_discards(const struct ruling *g)
{
	return g ? str_of(g->discards) : S("");
}

str ruling_discards_rcpt(const struct ruling *g)
{
	return g ? str_of(g->discards_rcpt) : S("");
}

bool ruling_excuses(const struct ruling *g)
{
	return g && (g->excused || g->rcpt_excused);
}

str ruling_address(const struct ruling *g, str said)
{
	return g && g->rewritten.changed ? g->rewritten.address : said;
}

const struct ruling_copy *ruling_copies(const struct ruling *g, bool *whole)
{
	*whole = !g || !g->copies_lost;
	return g ? g->copies : NULL;
}

const struct ruling_field *ruling_fields(const struct ruling *g)
{
	return g ? g->fields : NULL;
}

str ruling_redirects(const struct ruling *g, str *address)
{
	*address = g ? g->redirect : S("");
	return g ? str_of(g->redirects) : S("");
}

str ruling_filter(const struct ruling *g)
{
	return g ? g->filter : S("");
}

/* --- what was decided ---------------------------------------------------------------------------
 */

static void log_decision(const struct ruling *g, const struct access_decision *d)
{
	char place[CONF_ORIGIN_TEXT_MAX];
	struct log_record r;

	log_open(&r, d->failed ? LOG_WARNING : LOG_INFO, d->failed ? "table-failed" : "access");
	log_id(&r, "session", g->session);
	log_id(&r, "id", g->id);
	log_c(&r, "of", d->what);
	log_str(&r, "table", d->table->name);
	log_str(&r, "key", d->key);
	if (d->failed) {
		log_fail(&r, &d->why);
	} else {
		log_c(&r, "verdict", verdict_name(d->kind));
		log_str(&r, "text", d->text);
		log_c(&r, "rule", conf_origin_print(&d->at, place));
	}
	log_close(&r);
}

/* The line to thank for it: of a table that failed, the table's. */
static void note(const struct access_decision *d, char to[CONF_ORIGIN_TEXT_MAX])
{
	if (to[0] == '\0')
		conf_origin_print(&d->at, to);
}

/* The first rule that holds it. */
static void hold(struct ruling *g, const struct access_decision *d)
{
	if (g->holds[0] != '\0')
		return;
	note(d, g->holds);
	if (d->failed)
		snprintf(g->hold_words, sizeof g->hold_words, "The table %.*s gave no answer",
			STR(d->table->name));
	else
		str_to_c(d->text.n > 0 ? d->text : S("A rule holds it"), g->hold_words,
			sizeof g->hold_words);
}

/* Somebody gets a copy; who gets one already, by another rule, does not get two. */
static void copy_to(struct ruling *g, str address, const struct conf_origin *at)
{
	char to[ADDRESS_KEY_MAX];
	struct ruling_copy *copy;
	str key;

	if (!address_key(address, to, &key) || map_get(&g->copied, key))
		return;
	copy = ARENA_NEW(&g->arena, struct ruling_copy);
	if (!copy || !arena_keep(&g->arena, address, &copy->address)) {
		g->copies_lost = true;
		return;
	}
	conf_origin_print(at, copy->rule);
	copy->next = g->copies;
	g->copies = copy;
	map_set(&g->copied, key, copy);
}

/* The same by several rules, or for several recipients, is put there once. */
static void put_field(struct ruling *g, str text)
{
	struct ruling_field *field;

	for (field = g->fields; field; field = field->next)
		if (str_eq(field->text, text))
			return;
	field = ARENA_NEW(&g->arena, struct ruling_field);
	if (!field || g->field_count == RULING_FIELDS_MAX ||
		!arena_keep(&g->arena, text, &field->text)) {
		log_line(LOG_WARNING, "field-lost", "%.*s", STR(text));
		return;
	}
	*g->fields_end = field;
	g->fields_end = &field->next;
	g->field_count++;
}

/* What a rule wants to be done with the message, once it is taken. */
static void wish(struct ruling *g, const struct access_decision *d)
{
	switch ((int)d->kind) {
	case VERDICT_COPY:
		copy_to(g, d->text, &d->at);
		break;
	case VERDICT_PREPEND:
		put_field(g, d->text);
		break;
	case VERDICT_REDIRECT:
		if (!arena_keep(&g->arena, d->text, &g->redirect))
			g->copies_lost = true; /* the message is deferred for that, too */
		conf_origin_print(&d->at, g->redirects);
		break;
	case VERDICT_FILTER:
		if (!arena_keep(&g->arena, d->text, &g->filter))
			g->copies_lost = true;
		break;
	}
}

/* discards: where to note the line that throws it away. */
static void keep(struct ruling *g, const struct access_decision *d, char *discards)
{
	if (d->kind == VERDICT_HOLD || (d->failed && d->table->on_failure == CONF_FAILURE_HOLD))
		hold(g, d);
	if (d->kind == VERDICT_DISCARD)
		note(d, discards);
}

void ruling_note(void *ruling, const struct access_decision *d)
{
	struct ruling *g = ruling;

	if (g->notes++ < RULING_NOTES_MAX)
		log_decision(g, d);
	keep(g, d, g->discards);
	if (d->kind == VERDICT_COPY ||
		d->kind == VERDICT_REDIRECT) /* a field is put there already */
		wish(g, d);
}

static void log_rewritten(const struct ruling *g, const char *of, str field, str said,
	const struct canonical_result *result)
{
	char place[CONF_ORIGIN_TEXT_MAX];
	struct log_record r;

	log_open(&r, LOG_INFO, "rewritten");
	log_id(&r, "session", g->session);
	log_id(&r, "id", g->id);
	log_c(&r, "of", of);
	if (field.n > 0)
		log_str(&r, "field", field);
	log_str(&r, "said", said);
	log_str(&r, "becomes", result->address);
	log_c(&r, "rule", conf_origin_print(&result->at, place));
	log_close(&r);
}

void ruling_rewrote(struct ruling *g, str field, str said, const struct canonical_result *result)
{
	if (g->notes++ < RULING_NOTES_MAX)
		log_rewritten(g, "header", field, said, result);
}

/* What the question was about. */
static str said(const struct ruling *g)
{
	return g->at_mail ? g->facts.sender : g->facts.recipient;
}

static void take_wishes(struct ruling *g)
{
	for (size_t i = 0; i < g->result.count; i++)
		wish(g, &g->result.decisions[i]);
	for (size_t i = 0; i < g->found_count; i++)
		copy_to(g, g->found[i].address, &g->found[i].at);
}

void ruling_rcpt_taken(struct ruling *g)
{
	if (g)
		take_wishes(g);
}

static void take(struct ruling *g)
{
	const struct access_result *r = &g->result;
	char *discards = g->at_mail ? g->discards : g->discards_rcpt;

	for (size_t i = 0; i < r->count; i++) {
		log_decision(g, &r->decisions[i]);
		keep(g, &r->decisions[i], discards);
	}
	if (g->failure.failed) {
		log_decision(g, &g->failure);
		keep(g, &g->failure, discards);
	}
	if (g->rewritten.changed)
		log_rewritten(
			g, g->at_mail ? "sender" : "recipient", S(""), said(g), &g->rewritten);
	if (g->at_mail)
		take_wishes(g);
	*(g->at_mail ? &g->excused : &g->rcpt_excused) = r->excused;
}

/* --- the story ----------------------------------------------------------------------------------
 */

static void table_failed(struct ruling *g, const char *what, const struct canonical_row *row)
{
	(void)lookup_failure(row->table, &g->result.refusal); /* or it holds, which is kept */
	g->failure = (struct access_decision){ .what = what,
		.table = lookup_conf(row->table),
		.key = said(g),
		.at = row->at,
		.failed = true,
		.why = row->why };
}

/* The addresses of a row, with commas between them. */
static void find_copies_in(struct ruling *g, struct canonical_row *row)
{
	str rest = row->value, address;

	while (rest.n > 0) {
		(void)str_cut(&rest, ',', &address);
		address = str_trim(address);
		if (g->found_count == RULING_COPIES_MAX || !address_parse(address, true, NULL)) {
			fail_with(&row->why, FAIL_TEMPORARY, "4.3.5",
				"table %.*s: '%.*s' is no list of at most %d addresses",
				STR(lookup_conf(row->table)->name), STR(row->value),
				RULING_COPIES_MAX);
			table_failed(g, "copy", row);
			return;
		}
		g->found[g->found_count].address = address;
		g->found[g->found_count++].at = row->at;
	}
}

/* False: a table must answer first. */
static bool find_copies(struct ruling *g, const struct canonical *look)
{
	const struct conf_copy *copy = &router_conf(g->router)->copy;
	struct canonical_row row;

	switch (canonical_find(
		look, g->at_mail ? &copy->sender : &copy->recipient, g->rewritten.address, &row)) {
	case CANONICAL_WAIT:
		return false;
	case CANONICAL_FOUND:
		find_copies_in(g, &row);
		return true;
	case CANONICAL_FAILED:
		table_failed(g, "copy", &row);
		return true;
	case CANONICAL_NONE:
		break;
	}
	return true;
}

static bool rewrite(struct ruling *g, const struct canonical *look)
{
	enum canonical_class class = g->at_mail ? CANONICAL_SENDER : CANONICAL_RECIPIENT;

	switch (canonical_rewrite(look, class, CONF_ENVELOPE, said(g), &g->rewritten)) {
	case CANONICAL_WAIT:
		return false;
	case CANONICAL_FAILED:
		table_failed(g, "rewrite", &g->rewritten.row);
		return true;
	case CANONICAL_FOUND:
	case CANONICAL_NONE:
		break;
	}
	return true;
}

static bool story(struct ruling *g)
{
	struct canonical look = { .router = g->router, .asking = &g->asking };
	bool ruled = !g->at_mail && g->excused; /* a rule at MAIL has accepted it all */

	g->result = (struct access_result){ 0 };
	g->failure = (struct access_decision){ 0 };
	g->rewritten = (struct canonical_result){ .address = said(g) };
	g->found_count = 0;
	if (!ruled && !(g->at_mail ? access_mail : access_rcpt)(
			      g->router, &g->asking, &g->facts, &g->result))
		return false;
	return g->result.refusal.kind != FAIL_NONE ||
	       (rewrite(g, &look) &&
		       (g->result.refusal.kind != FAIL_NONE || find_copies(g, &look)));
}

static void tell(void *owner)
{
	struct ruling *g = owner;
	struct fail refusal;

	if (!story(g) && asking_wait(&g->asking, tell, g))
		return;
	refusal = g->result.refusal;
	take(g);
	g->done(g->owner, refusal.kind != FAIL_NONE ? &refusal : NULL);
}

static void begin(struct ruling *g, const struct access_facts *facts, bool at_mail,
	ruling_done *done, void *owner)
{
	asking_free(&g->asking); /* who asked before waits no more */
	g->facts = *facts;
	g->at_mail = at_mail;
	g->done = done;
	g->owner = owner;
	g->rcpt_excused = false;
	g->discards_rcpt[0] = '\0';
}

void ruling_mail(struct ruling *g, const struct access_facts *facts, ruling_done *done, void *owner)
{
	if (!g) {
		done(owner, NULL);
		return;
	}
	begin(g, facts, true, done, owner);
	tell(g);
}

void ruling_rcpt(struct ruling *g, const struct access_facts *facts, ruling_done *done, void *owner)
{
	if (!g) {
		done(owner, NULL);
		return;
	}
	begin(g, facts, false, done, owner);
	if (!arena_keep(&g->asking.arena, facts->recipient, &g->facts.recipient))
		g->facts.recipient = S(""); /* an empty arena has room for a recipient */
	tell(g);
}
