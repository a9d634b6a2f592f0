#include "flow/identities.h"

#include "base/log.h"
#include "base/mem.h"
#include "mail/date.h"
#include "world/clock.h"
#include "world/file.h"
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

enum { CERTIFICATE, KEY, FILES };

/* A pair of files, and what was made of them.  The stamps are the main loop's. */
struct identity {
	str file[FILES];
	struct tls_context *pair; /* null: it could never be used */
	struct file_stamp read[FILES], seen[FILES];
	int64_t refused_ms; /* when it was refused last; 0: it was not */
	size_t warned;      /* of the warnings */
	enum conf_tls_minimum minimum;
};

struct shown {
	str listener;
	struct tls_server *server;
};

struct identities {
	int references; /* atomic */
	struct arena arena;
	struct identity *pairs;
	size_t pair_count;
	struct shown *listeners;
	size_t listener_count;
};

/* --- one pair ----------------------------------------------------------------------------------
 */

static struct identity *find(const struct identities *i, const struct conf_pair *pair)
{
	for (size_t k = 0; i && k < i->pair_count; k++)
		if (str_eq(i->pairs[k].file[CERTIFICATE], pair->certificate.path) &&
			str_eq(i->pairs[k].file[KEY], pair->key.path))
			return &i->pairs[k];
	return NULL;
}

static void log_pair(
	enum log_level level, const char *event, const struct identity *p, const struct fail *why)
{
	struct log_record r;
	char date[DATE_TEXT_MAX];

	log_open(&r, level, event);
	log_str(&r, "certificate", p->file[CERTIFICATE]);
	if (p->pair) {
		date_print_iso(tls_pair_ends_ms(p->pair), date);
		log_str(&r, "ends", str_first(str_of(date), 10));
	}
	if (why) {
		log_fail(&r, why);
		log_c(&r, "effect",
			p->pair ? "the former one stays" : "there is no TLS without it");
	}
	log_close(&r);
}

static void warn(struct identity *p)
{
	int64_t left_ms;

	if (!p->pair || p->warned == LENGTH(warnings))
		return;
	left_ms = tls_pair_ends_ms(p->pair) - clock_wall_ms();
	if (left_ms > warnings[p->warned].left_ms)
		return;
	while (p->warned + 1 < LENGTH(warnings) && left_ms <= warnings[p->warned + 1].left_ms)
		p->warned++;
	log_pair(warnings[p->warned].level,
		left_ms > 0 ? "certificate-expires" : "certificate-expired", p, NULL);
	p->warned++;
}

static void stamp(const struct identity *p, struct file_stamp to[FILES])
{
	for (size_t k = 0; k < FILES; k++)
		to[k] = file_stamp(p->file[k]);
}

static bool same(const struct file_stamp *a, const struct file_stamp *b)
{
	return file_stamp_eq(&a[CERTIFICATE], &b[CERTIFICATE]) && file_stamp_eq(&a[KEY], &b[KEY]);
}

static struct tls_context *read_pair(
	const struct identity *p, const struct conf_tls *words, bool even_expired, struct fail *why)
{
	struct tls_pair pair = { .certificate = p->file[CERTIFICATE].p,
		.key = p->file[KEY].p,
		.minimum = words->minimum == CONF_TLS_1_3 ? TLS_MINIMUM_1_3 : TLS_MINIMUM_1_2,
		.even_expired = even_expired };

	return tls_pair_new(&pair, why);
}

/* Read it, or take what was read before.  False: there is nothing to show, *why. */
static bool load_pair(struct identity *p, const struct identity *before,
	const struct conf_tls *words, bool even_expired, struct fail *why)
{
	stamp(p, p->read);
	memcpy(p->seen, p->read, sizeof p->seen);
	p->pair = read_pair(p, words, even_expired, why);
	if (p->pair) {
		if (before)
			log_pair(LOG_INFO, "certificate-renewed", p, NULL);
		warn(p);
		return true;
	}
	p->refused_ms = clock_steady_ms();
	if (before && before->pair) {
		p->pair = tls_context_keep(before->pair);
		p->warned = before->warned;
	}
	if (!before || before->refused_ms == 0 || !same(before->read, p->read))
		log_pair(LOG_ERROR, "certificate-refused", p, why);
	return p->pair != NULL;
}

/* What the two files hold has not changed, and it is shown as before. */
static bool is_as_before(const struct identity *before, const struct conf_tls *words)
{
	struct file_stamp now[FILES];

	if (!before || !before->pair || before->refused_ms != 0 ||
		before->minimum != words->minimum)
		return false;
	stamp(before, now);
	return same(now, before->read);
}

static bool add_pair(struct identities *i, const struct conf_tls *words,
	const struct conf_pair *pair, const struct identities *before, struct fail *why)
{
	const struct identity *was = find(before, pair);
	struct identity *p;
	struct fail refused;

	if (pair->certificate.path.n == 0 || find(i, pair))
		return true;
	p = &i->pairs[i->pair_count++];
	if (is_as_before(was, words)) {
		*p = *was;
		tls_context_keep(p->pair);
	}
	p->file[CERTIFICATE] = arena_copy(&i->arena, pair->certificate.path);
	p->file[KEY] = arena_copy(&i->arena, pair->key.path);
	p->minimum = words->minimum;
	if (p->pair || load_pair(p, was, words, !why, &refused) || !why)
		return true;
	*why = refused;
	return false;
}

/* --- all of them -------------------------------------------------------------------------------
 */

static struct tls_server *serve(
	const struct identities *i, const struct conf *c, const struct conf_listener *l)
{
	const struct identity *own = find(i, l->pair.certificate.path.n ? &l->pair : &c->tls.pair);
	struct tls_server *s;

	if (!own || !own->pair)
		return NULL;
	s = tls_server_new(own->pair);
	for (size_t k = 0; k < c->tls.name_count; k++) {
		const struct identity *named = find(i, &c->tls.names[k].pair);

		if (named->pair)
			tls_server_add(s, c->tls.names[k].name, named->pair);
	}
	return s;
}

static void serve_all(struct identities *i, const struct conf *c)
{
	i->listeners = arena_alloc(&i->arena, (c->listener_count + 1) * sizeof *i->listeners);
	for (size_t k = 0; k < c->listener_count; k++) {
		const struct conf_listener *l = &c->listeners[k];

		if (l->tls != CONF_LISTENER_OFF)
			i->listeners[i->listener_count++] =
				(struct shown){ arena_copy(&i->arena, l->name), serve(i, c, l) };
	}
}

struct identities *identities_load(
	const struct conf *c, const struct identities *before, struct fail *why)
{
	struct identities *i = MEM_NEW(struct identities);
	bool ok;

	i->references = 1;
	arena_init(&i->arena, ARENA_UNLIMITED);
	i->pairs = arena_alloc(
		&i->arena, (1 + c->tls.name_count + c->listener_count) * sizeof *i->pairs);
	ok = add_pair(i, &c->tls, &c->tls.pair, before, why);
	for (size_t k = 0; ok && k < c->tls.name_count; k++)
		ok = add_pair(i, &c->tls, &c->tls.names[k].pair, before, why);
	for (size_t k = 0; ok && k < c->listener_count; k++)
		ok = add_pair(i, &c->tls, &c->listeners[k].pair, before, why);
	if (ok) {
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

	stamp(p, now);
	quiet = same(now, p->seen);
	memcpy(p->seen, now, sizeof p->seen);
	if (quiet && !same(now, p->read))
		return true;
	return p->refused_ms != 0 && clock_steady_ms() - p->refused_ms >= IDENTITIES_RETRY_MS;
}

struct identities *identities_look(struct identities *i, const struct conf *c)
{
	bool any = false;

	for (size_t k = 0; k < i->pair_count; k++) {
		any |= due(&i->pairs[k]);
		warn(&i->pairs[k]);
	}
	return any ? identities_load(c, i, NULL) : NULL;
}

struct tls_server *identities_of(const struct identities *i, str listener)
{
	for (size_t k = 0; i && k < i->listener_count; k++)
		if (str_eq(i->listeners[k].listener, listener))
			return i->listeners[k].server;
	return NULL;
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
	for (size_t k = 0; k < i->pair_count; k++)
		tls_context_free(i->pairs[k].pair);
	for (size_t k = 0; k < i->listener_count; k++)
		tls_server_drop(i->listeners[k].server);
	arena_free(&i->arena);
	mem_free(i);
}
