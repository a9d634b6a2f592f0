#include "flow/identities.h"

#include <assert.h>

#include "base/log.h"
#include "base/mem.h"
#include "mail/date.h"
#include "world/clock.h"
#include "world/file.h"
#include "world/tls_client.h"
#include "world/tls_pair.h"

#define DAY_MS 86400000

/* Before the end of a certificate there are two warnings, and behind it an error. */
static const struct {
	int64_t left_ms;
	enum log_level level;
} warnings[] = {
	{21 * (int64_t)DAY_MS, LOG_WARNING},
	{ 7 * (int64_t)DAY_MS, LOG_WARNING},
	{ 0,		   LOG_ERROR  },
};

enum { CERTIFICATE, KEY, TRUST, FILES };

/* What tells one context from another. */
struct need {
	str file[FILES]; /* "": none */
	bool client;
	enum conf_tls_minimum minimum; /* of servers */
};

/* Some files, and what was made of them.  The stamps are the main loop's. */
struct identity {
	struct need need;
	struct tls_context *context; /* null: they could never be used */
	struct file_stamp read[FILES], seen[FILES];
	int64_t refused_ms; /* when they were refused last; 0: they were not */
	size_t warned;      /* of the warnings */
};

struct shown {
	str listener;
	struct tls_server *server;
	int64_t ends_ms; /* of its own certificate */
};

struct identities {
	int references; /* atomic */
	struct arena arena;
	struct identity *items;
	size_t count, size;
	struct shown *listeners;
	size_t listener_count;
};

/* --- one of them -------------------------------------------------------------------------------
 */

static struct need need_of_server(const struct conf *c, const struct conf_pair *pair)
{
	return (struct need){
		.file = {pair->certificate.path, pair->key.path},
                  .minimum = c->tls.minimum
	};
}

static struct need need_of_client(const struct conf_tls_peer *peer)
{
	return (struct need){
		.file = {peer->pair.certificate.path, peer->pair.key.path, peer->trust.path},
		.client = true
	};
}

static struct identity *find(const struct identities *i, const struct need *need)
{
	for (size_t k = 0; i && k < i->count; k++) {
		const struct need *has = &i->items[k].need;
		bool same = has->client == need->client && has->minimum == need->minimum;

		for (size_t f = 0; f < FILES; f++)
			same = same && str_eq(has->file[f], need->file[f]);
		if (same)
			return &i->items[k];
	}
	return NULL;
}

static void log_pair(
	enum log_level level, const char *event, const struct identity *p, const struct fail *why)
{
	static const char *const keys[] = {
		[CERTIFICATE] = "certificate", [KEY] = "key", [TRUST] = "trust"
	};
	struct log_record r;
	char date[DATE_TEXT_MAX];

	log_open(&r, level, event);
	for (size_t f = 0; f < FILES; f++)
		if (p->need.file[f].n > 0 && f != KEY)
			log_str(&r, keys[f], p->need.file[f]);
	if (p->context && p->need.file[CERTIFICATE].n > 0) {
		date_print_iso(tls_pair_ends_ms(p->context), date);
		log_str(&r, "ends", str_first(str_of(date), 10));
	}
	if (why) {
		log_fail(&r, why);
		log_c(&r, "effect",
			p->context ? "the former one stays" : "there is no TLS without it");
	}
	log_close(&r);
}

static void warn(struct identity *p)
{
	int64_t left_ms;

	if (!p->context || p->need.file[CERTIFICATE].n == 0 || p->warned == LENGTH(warnings))
		return;
	left_ms = tls_pair_ends_ms(p->context) - clock_wall_ms();
	if (left_ms > warnings[p->warned].left_ms)
		return;
	while (p->warned + 1 < LENGTH(warnings) && left_ms <= warnings[p->warned + 1].left_ms)
		p->warned++;
	log_pair(warnings[p->warned].level,
		left_ms > 0 ? "certificate-expires" : "certificate-expired", p, NULL);
	p->warned++;
}

static void stamp(const struct need *need, struct file_stamp to[FILES])
{
	for (size_t f = 0; f < FILES; f++)
		to[f] = need->file[f].n > 0 ? file_stamp(need->file[f]) : (struct file_stamp){ 0 };
}

static bool same(const struct file_stamp *a, const struct file_stamp *b)
{
	for (size_t f = 0; f < FILES; f++)
		if (!file_stamp_eq(&a[f], &b[f]))
			return false;
	return true;
}

static const char *path_of(const struct need *need, size_t f)
{
	return need->file[f].n > 0 ? need->file[f].p : NULL;
}

static struct tls_context *make(const struct need *need, bool even_expired, struct fail *why)
{
	struct tls_pair pair = { .certificate = path_of(need, CERTIFICATE),
		.key = path_of(need, KEY),
		.minimum = need->minimum == CONF_TLS_1_3 ? TLS_MINIMUM_1_3 : TLS_MINIMUM_1_2,
		.even_expired = even_expired };
	struct tls_client client = {
		.certificate = pair.certificate, .key = pair.key, .trust = path_of(need, TRUST)
	};

	return need->client ? tls_client_new(&client, why) : tls_pair_new(&pair, why);
}

/* Read it, or take what was read before.  False: there is nothing to show, *why. */
static bool load(
	struct identity *p, const struct identity *before, bool even_expired, struct fail *why)
{
	stamp(&p->need, p->read);
	memcpy(p->seen, p->read, sizeof p->seen);
	p->context = make(&p->need, even_expired, why);
	if (p->context) {
		if (before)
			log_pair(LOG_INFO, "certificate-renewed", p, NULL);
		warn(p);
		return true;
	}
	p->refused_ms = clock_steady_ms();
	if (before && before->context) {
		p->context = tls_context_keep(before->context);
		p->warned = before->warned;
	}
	if (!before || before->refused_ms == 0 || !same(before->read, p->read))
		log_pair(LOG_ERROR, "certificate-refused", p, why);
	return p->context != NULL;
}

/* What the files hold has not changed, and it is shown as before. */
static bool is_as_before(const struct identity *before)
{
	struct file_stamp now[FILES];

	if (!before || !before->context || before->refused_ms != 0)
		return false;
	stamp(&before->need, now);
	return same(now, before->read);
}

static struct identity *new_one(struct identities *i, const struct need *need)
{
	struct identity *p = &i->items[i->count++];

	assert(i->count <= i->size);
	p->need = *need;
	for (size_t f = 0; f < FILES; f++)
		p->need.file[f] = arena_copy(&i->arena, need->file[f]);
	return p;
}

static bool add(
	struct identities *i, struct need need, const struct identities *before, struct fail *why)
{
	const struct identity *was = find(before, &need);
	struct identity *p;
	struct fail refused;

	if ((!need.client && need.file[CERTIFICATE].n == 0) || find(i, &need))
		return true;
	p = new_one(i, &need);
	if (is_as_before(was)) {
		struct need own = p->need;

		*p = *was;
		p->need = own;
		tls_context_keep(p->context);
		return true;
	}
	/* expired is better than none, but not than what is there */
	if (load(p, was, !why && !(was && was->context), &refused) || !why)
		return true;
	*why = refused;
	return false;
}

/* --- all of them -------------------------------------------------------------------------------
 */

static void ask_clients(const struct identities *i, const struct conf *c, struct tls_server *s)
{
	const struct conf_tls_peer *known = &c->relay_for_certificate;
	struct need need = need_of_client(known);
	const struct identity *trusted = known->trust.path.n > 0 ? find(i, &need) : NULL;

	if (known->digest_count > 0 || known->trust.path.n > 0)
		tls_server_ask(s, trusted ? trusted->context : NULL);
}

static void show(struct identities *i, const struct conf *c, const struct conf_listener *l)
{
	struct need need =
		need_of_server(c, l->pair.certificate.path.n > 0 ? &l->pair : &c->tls.pair);
	const struct identity *own = find(i, &need);
	struct shown *to = &i->listeners[i->listener_count++];
	struct tls_server *s;

	*to = (struct shown){ .listener = arena_copy(&i->arena, l->name) };
	if (!own || !own->context)
		return;
	to->server = s = tls_server_new(own->context);
	to->ends_ms = tls_pair_ends_ms(own->context);
	ask_clients(i, c, s);
	for (size_t k = 0; k < c->tls.name_count; k++) {
		need = need_of_server(c, &c->tls.names[k].pair);
		own = find(i, &need);
		if (own->context)
			tls_server_add(s, c->tls.names[k].name, own->context);
	}
}

static void serve_all(struct identities *i, const struct conf *c)
{
	i->listeners = arena_alloc(&i->arena, (c->listener_count + 1) * sizeof *i->listeners);
	for (size_t k = 0; k < c->listener_count; k++) {
		const struct conf_listener *l = &c->listeners[k];

		if (l->tls != CONF_LISTENER_OFF)
			show(i, c, l);
	}
}

/* Who has TLS at all. */
static bool add_all(struct identities *i, const struct conf *c, const struct identities *before,
	struct fail *why)
{
	static const struct conf_tls_peer nothing_said;
	bool ok = add(i, need_of_server(c, &c->tls.pair), before, why) &&
		  add(i, need_of_client(&nothing_said), before, why) &&
		  (c->relay_for_certificate.trust.path.n == 0 ||
			  add(i, need_of_client(&c->relay_for_certificate), before, why));
	const struct conf_transport *t;

	for (size_t k = 0; ok && k < c->tls.name_count; k++)
		ok = add(i, need_of_server(c, &c->tls.names[k].pair), before, why);
	for (size_t k = 0; ok && k < c->listener_count; k++)
		ok = add(i, need_of_server(c, &c->listeners[k].pair), before, why);
	for (size_t k = 0; ok && (t = conf_tls_transport(c, k)); k++)
		if (t->tls != CONF_TLS_NONE)
			ok = add(i, need_of_client(&t->peer), before, why);
	return ok;
}

struct identities *identities_load(
	const struct conf *c, const struct identities *before, struct fail *why)
{
	struct identities *i = MEM_NEW(struct identities);

	i->references = 1;
	arena_init(&i->arena, ARENA_UNLIMITED);
	i->size = 3 + c->tls.name_count + c->listener_count + c->transport_count + c->route_count +
		  c->mailbox_count + c->sender_route_count + c->domain_count;
	i->items = arena_alloc(&i->arena, i->size * sizeof *i->items);
	if (add_all(i, c, before, why)) {
		serve_all(i, c);
		return i;
	}
	identities_drop(i);
	return NULL;
}

/* Has it changed since it was read, and is its writer done, as far as one can tell? */
static bool due(struct identity *p)
{
	struct file_stamp now[FILES];
	bool quiet;

	stamp(&p->need, now);
	quiet = same(now, p->seen);
	memcpy(p->seen, now, sizeof p->seen);
	if (quiet && !same(now, p->read))
		return true;
	return p->refused_ms != 0 && clock_steady_ms() - p->refused_ms >= IDENTITIES_RETRY_MS;
}

struct identities *identities_look(struct identities *i, const struct conf *c)
{
	bool any = false;

	for (size_t k = 0; k < i->count; k++) {
		any |= due(&i->items[k]);
		warn(&i->items[k]);
	}
	return any ? identities_load(c, i, NULL) : NULL;
}

static const struct shown *shown_by(const struct identities *i, str listener)
{
	for (size_t k = 0; i && k < i->listener_count; k++)
		if (str_eq(i->listeners[k].listener, listener))
			return &i->listeners[k];
	return NULL;
}

struct tls_server *identities_of(const struct identities *i, str listener)
{
	const struct shown *s = shown_by(i, listener);

	return s ? s->server : NULL;
}

int64_t identities_ends_ms(const struct identities *i, str listener)
{
	const struct shown *s = shown_by(i, listener);

	return s && s->server ? s->ends_ms : 0;
}

struct tls_context *identities_towards(const struct identities *i, const struct conf_transport *t)
{
	struct need need = need_of_client(&t->peer);
	const struct identity *own = t->tls != CONF_TLS_NONE ? find(i, &need) : NULL;

	return own && own->context ? tls_context_keep(own->context) : NULL;
}

struct identities *identities_keep(struct identities *i)
{
	__atomic_add_fetch(&i->references, 1, __ATOMIC_RELAXED);
	return i;
}

void identities_drop(struct identities *i)
{
	if (!i || __atomic_sub_fetch(&i->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t k = 0; k < i->count; k++)
		tls_context_free(i->items[k].context);
	for (size_t k = 0; k < i->listener_count; k++)
		tls_server_drop(i->listeners[k].server);
	arena_free(&i->arena);
	mem_free(i);
}
