#include "flow/sign.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "mail/fields.h"
#include "sender/author.h"
#include "sender/dkim_header.h"
#include "world/clock.h"

/* What a thread of the pool has in hand: it may outlive the message. */
struct making {
	struct work_job job;
	struct sign *sign; /* null: nobody waits any more */
	struct router *router;
	struct keyring_match match;
	struct dkim_sign *machine;
	struct buf fields;
	struct fail why;
	bool made;
};

struct sign {
	struct flow *flow;
	uint64_t id;
	char rule[SIGN_RULE_MAX]; /* why it is ours */
	str sender;               /* by mem_copy */
	char room[ADDRESS_MAX + 1];
	str author;       /* the first one in From; "" while there is none */
	struct buf early; /* what was fed before the author was known */
	bool too_large, over, asked;
	struct making *making;
	void (*done)(void *owner, const struct fail *why);
	void *owner;
};

bool sign_ours(const struct router *r, const struct ip *client, str login, char rule[SIGN_RULE_MAX])
{
	const struct keyring *k = router_keyring(r);
	unsigned line = 0;

	rule[0] = '\0';
	if (!k)
		return false;
	if (login.n > 0) {
		snprintf(rule, SIGN_RULE_MAX, "login");
		return true;
	}
	if (!client || !keyring_host(k, client, S(""), &line))
		return false;
	if (line > 0)
		snprintf(rule, SIGN_RULE_MAX, "%.*s:%u",
			STR(router_conf(r)->sender.sign.hosts.path), line);
	else
		snprintf(rule, SIGN_RULE_MAX, "default");
	return true;
}

struct sign *sign_new(struct flow *f, struct router *r, uint64_t id, str sender, const char *rule)
{
	struct sign *s = MEM_NEW(struct sign);

	s->flow = f;
	s->id = id;
	s->sender = mem_copy(sender);
	str_to_c(str_of(rule), s->rule, sizeof s->rule);
	s->making = MEM_NEW(struct making);
	s->making->sign = s;
	s->making->router = router_keep(r);
	s->early.limit_octets = DKIM_HEADER_OCTETS_MAX;
	return s;
}

static void making_free(struct making *m)
{
	dkim_sign_free(m->machine);
	buf_free(&m->fields);
	router_drop(m->router);
	mem_free(m);
}

void sign_free(struct sign *s)
{
	if (!s)
		return;
	if (s->asked && s->done) /* it has not come back */
		s->making->sign = NULL;
	else
		making_free(s->making);
	buf_free(&s->early);
	mem_free((char *)s->sender.p);
	mem_free(s);
}

static void read_author(struct sign *s, const struct fields_piece *piece)
{
	str name, value;

	fields_split(piece->bytes, &name, &value);
	if (s->author.n == 0 && piece->begins && piece->ends && str_eq_nocase(name, S("From")) &&
		author_next(&value, s->room) == AUTHOR_ADDRESS)
		s->author = str_of(s->room);
}

/* In the header as it leaves. */
static void find_author(struct sign *s)
{
	str bytes = buf_str(&s->early);
	struct fields fields = { 0 };
	struct fields_piece piece;

	while (fields_next(&fields, &bytes, &piece))
		read_author(s, &piece);
	if (fields_end(&fields, &piece))
		read_author(s, &piece);
	fields_free(&fields);
}

static void begin(struct sign *s, const struct conf_sign *words)
{
	struct making *m = s->making;
	bool header = words->canonical >= CONF_RELAXED_SIMPLE;
	bool body =
		words->canonical == CONF_SIMPLE_RELAXED || words->canonical == CONF_RELAXED_RELAXED;
	struct dkim_sign_setup setup = { .header = header ? DKIM_CANON_RELAXED : DKIM_CANON_SIMPLE,
		.body = body ? DKIM_CANON_RELAXED : DKIM_CANON_SIMPLE,
		.keys = m->match.keys,
		.key_count = m->match.count,
		.now_s = clock_wall_ms() / 1000 };

	m->machine = dkim_sign_new(&setup);
	dkim_sign_feed(m->machine, buf_str(&s->early));
}

void sign_header_over(struct sign *s)
{
	struct making *m = s->making;
	const struct conf_sign *words = &router_conf(m->router)->sender.sign;

	s->over = true;
	find_author(s);
	keyring_find(router_keyring(m->router), s->author.n > 0 ? s->author : s->sender,
		words->signatures == CONF_SIGN_ALL, &m->match);
	if (m->match.count > 0 && !s->too_large)
		begin(s, words);
	buf_free(&s->early);
}

void sign_feed(struct sign *s, str bytes)
{
	if (!s->over)
		s->too_large |= !buf_add(&s->early, bytes);
	else if (s->making->machine)
		dkim_sign_feed(s->making->machine, bytes);
}

struct sign *sign_own(struct flow *f, struct router *r, uint64_t id, str author, str text)
{
	struct sign *s;

	if (!router_keyring(r))
		return NULL;
	s = sign_new(f, r, id, author, "our own");
	sign_header_over(s);
	sign_feed(s, text);
	return s;
}

/* --- the end ------------------------------------------------------------------------------------
 */

static void make(struct work_job *job)
{
	struct making *m = AROUND(job, struct making, job);

	m->made = dkim_sign_end(m->machine, &m->fields, &m->why);
}

static void log_signed(const struct sign *s)
{
	const struct making *m = s->making;
	const struct dkim_sign_key *key = &m->match.keys[0];
	char rule[KEYRING_ORIGIN_MAX];
	struct log_record r;

	log_open(&r, m->made ? LOG_INFO : LOG_ERROR, m->made ? "signed" : "not-signed");
	log_id(&r, "id", s->id);
	log_str(&r, "author", s->author.n > 0 ? s->author : s->sender);
	log_str(&r, "domain", key->domain);
	log_str(&r, "selector", key->selector);
	log_int(&r, "signatures", (int64_t)m->match.count);
	log_c(&r, "ours_by", s->rule);
	log_c(&r, "rule", keyring_origin(router_keyring(m->router), m->match.rows[0].line, rule));
	if (!m->made)
		log_fail(&r, &m->why);
	log_close(&r);
}

/* What cannot be signed for good (its header is too large) leaves unsigned; what only failed now
 * may come again. */
static void made(struct work_job *job)
{
	struct making *m = AROUND(job, struct making, job);
	struct sign *s = m->sign;
	void (*done)(void *owner, const struct fail *why);
	bool later;

	if (!s) {
		making_free(m);
		return;
	}
	if (job->cancelled)
		m->made = fail_with(&m->why, FAIL_TEMPORARY, "4.3.2", "We are about to stop");
	log_signed(s);
	later = !m->made && m->why.kind == FAIL_TEMPORARY;
	done = s->done;
	s->done = NULL;
	done(s->owner, later ? &m->why : NULL);
}

void sign_end(struct sign *s, void (*done)(void *owner, const struct fail *why), void *owner)
{
	struct making *m = s->making;
	struct fail why = { 0 };

	if (!m->machine) {
		done(owner, NULL);
		return;
	}
	s->done = done;
	s->owner = owner;
	m->job = (struct work_job){ .run = make, .done = made, .loop = s->flow->loop };
	s->asked = work_post(s->flow->signer, &m->job);
	if (s->asked)
		return;
	s->done = NULL;
	fail_with(&why, FAIL_TEMPORARY, "4.3.2", "Too many messages wait for their signature");
	done(owner, &why);
}

str sign_fields(const struct sign *s)
{
	return s->making->made ? buf_str(&s->making->fields) : S("");
}
