/* queue/schedule: peers that ask for less, and destinations that the administrator has paused. */
#include "base/ascii.h"
#include "base/mem.h"
#include "queue/schedule_inside.h"

/* What any peer may say; more words are a provider's (throttle). */
static const str everybody_says[] = {
	STR_INIT("421"), /* RFC 5321: closing, not available */
	STR_INIT("too many connections"),
	STR_INIT("too many concurrent"),
	STR_INIT("too many simultaneous"),
	STR_INIT("too many sessions"),
	STR_INIT("too many messages"),
	STR_INIT("too much mail"),
	STR_INIT("connection limit"),
	STR_INIT("rate limit"),
	STR_INIT("slow down"),
	STR_INIT("throttl"),
};

static bool has_nocase(str text, str part)
{
	for (size_t i = 0; i + part.n <= text.n; i++)
		if (str_eq_nocase(str_first(str_skip(text, i), part.n), part))
			return true;
	return false;
}

/* "421" is a code, "4.7.28" a status, anything else is words of the text. */
static bool says(const struct fail *reply, str words)
{
	bool code = words.n == 3, status = words.n > 3;

	for (size_t i = 0; i < words.n; i++) {
		code &= ascii_digit(words.p[i]);
		status &= ascii_digit(words.p[i]) || words.p[i] == '.';
	}
	if (code)
		return fail_code(reply) ==
		       (words.p[0] - '0') * 100 + (words.p[1] - '0') * 10 + words.p[2] - '0';
	if (status)
		return str_eq(words, str_of(reply->status));
	return has_nocase(str_of(reply->text), words);
}

static const struct conf_provider *configured(
	const struct schedule *s, const struct schedule_provider *p)
{
	const struct conf *c = router_conf(s->router);

	for (size_t i = 0; p->configured && i < c->provider_count; i++)
		if (str_eq(c->providers[i].name, p->name))
			return &c->providers[i];
	return NULL;
}

bool schedule_throttles(const struct schedule *s, const struct schedule_destination *d,
	const struct fail *reply, struct conf_origin *rule)
{
	const struct conf_provider *c = d->provider ? configured(s, d->provider) : NULL;

	*rule = (struct conf_origin){ 0 };
	if (reply->kind != FAIL_TEMPORARY || !d->provider)
		return false;
	for (size_t i = 0; c && i < c->throttle.count; i++) {
		if (!says(reply, c->throttle.items[i].text))
			continue;
		*rule = c->throttle.items[i].origin;
		return true;
	}
	for (size_t i = 0; i < LENGTH(everybody_says); i++)
		if (says(reply, everybody_says[i]))
			return true;
	return false;
}

/* Several connections may hear the same word at the same moment: it counts once. */
bool schedule_throttled(
	struct schedule *s, struct schedule_slot *slot, const struct fail *reply, int64_t now_ms)
{
	struct schedule_provider *p = slot->destination->provider;
	int64_t pause_ms;

	slot->throttled = true;
	p->calm = 0;
	p->trouble = *reply;
	if (now_ms < p->throttled_ms)
		return false;
	if (p->throttle < SCHEDULE_THROTTLE_MAX)
		p->throttle++;
	p->slots_max = p->slots_max > 1 ? p->slots_max / 2 : 1;
	p->successes = 0;
	pause_ms = (int64_t)SCHEDULE_THROTTLE_MS << (p->throttle - 1);
	p->throttled_ms = now_ms + pause_ms +
			  prng_between(&s->prng, 0, pause_ms * RETRY_JITTER_PER_CENT / 100);
	s->changed = true;
	return true; /* schedule_done settles it */
}

/* Between mails, while it is throttled: a second, then two, four ... */
int64_t schedule_throttle_delay_ms(const struct schedule_provider *p)
{
	return p->throttle > 0 ? 1000LL << (p->throttle - 1) : 0;
}

/* A mail went through: after enough of them one step back. */
void schedule_throttle_success(struct schedule *s, struct schedule_provider *p)
{
	if (p->throttle == 0 || ++p->calm < SCHEDULE_CALM)
		return;
	p->calm = 0;
	p->throttle--;
	s->changed = true;
}

/* --- paused by hand ----------------------------------------------------------------------------
 */

static str lower(struct arena *a, str name)
{
	char *p = arena_alloc(a, name.n + 1);

	for (size_t i = 0; i < name.n; i++)
		p[i] = ascii_lower(name.p[i]);
	return (str){ p, name.n };
}

static bool has(struct schedule *s, str name)
{
	return name.n > 0 && map_get(&s->paused, lower(&s->scratch, name));
}

/* The scratch is not reset: who groups a message uses it, too. */
bool schedule_is_paused(struct schedule *s, const struct schedule_destination *d)
{
	return s->paused.count > 0 && (has(s, d->key) || has(s, d->nexthop) || has(s, d->domain) ||
					      (d->transport && has(s, d->transport->host)) ||
					      (d->provider && has(s, d->provider->name)));
}

bool schedule_pause(struct schedule *s, str name)
{
	bool there = has(s, name);

	if (!there)
		map_set(&s->paused, lower(&s->scratch, name), s); /* any value: it is a set */
	arena_reset(&s->scratch);
	schedule_settle_all(s);
	s->changed |= !there;
	return !there;
}

bool schedule_resume(struct schedule *s, str name)
{
	bool there = map_remove(&s->paused, lower(&s->scratch, name));

	arena_reset(&s->scratch);
	schedule_settle_all(s);
	s->changed |= there;
	return there;
}

const struct map *schedule_paused(const struct schedule *s)
{
	return &s->paused;
}
