#include "admin/destination.h"

#include "admin/exit.h"
#include "admin/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "conf/nearest.h"
#include "world/clock.h"

#define SHOWN_MAX 80 /* of a word that is not known */

static const str verbs[] = { STR_INIT("list"), STR_INIT("pause"), STR_INIT("resume") };

bool destination_words_right(const str *words, size_t count, struct buf *out)
{
	struct conf_nearest nearest = { .word = count > 0 ? words[0] : S("") };
	char shown[SHOWN_MAX];

	for (size_t i = 0; count > 0 && i < LENGTH(verbs); i++) {
		conf_nearest_offer(&nearest, verbs[i]);
		if (!str_eq(words[0], verbs[i]))
			continue;
		if (i == 0 ? count == 1 : count > 1)
			return true;
		buf_putf(out, "destination %.*s wants %s\n", STR(verbs[i]),
			i == 0 ? "no more words" : "the name of a provider or a next hop");
		return false;
	}
	if (count > 0)
		buf_putf(out,
			"there is no command destination %s; the nearest is destination %.*s\n",
			fail_clean(words[0], shown, sizeof shown), STR(nearest.best));
	else
		buf_put(out, S("destination wants one of list, pause and resume\n"));
	return false;
}

/* --- list --------------------------------------------------------------------------------------
 */

static void put_text(const struct schedule_destination *d, int64_t now_ms, struct buf *out)
{
	const struct schedule_provider *p = d->provider;
	int64_t not_before_ms = schedule_destination_not_before_ms(d);
	char wait[NUMBER_TEXT_MAX];

	buf_putf(out, "%-36.*s %6zu waiting", STR(d->key), d->waiting);
	if (p)
		buf_putf(out, ", %u of %u connections", d->slots, p->slots_max);
	if (p && !str_eq(p->name, d->nexthop))
		buf_putf(out, ", provider %.*s", STR(p->name));
	if (d->paused)
		buf_put(out, S(", PAUSED"));
	if (p && p->throttle > 0)
		buf_putf(out, ", throttled %u", p->throttle);
	if (not_before_ms > now_ms)
		buf_putf(out, ", again in %s", number_show_time(not_before_ms - now_ms, wait));
	if (schedule_destination_trouble(d)->kind != FAIL_NONE)
		buf_putf(out, ": %s", schedule_destination_trouble(d)->text);
	buf_put(out, S("\n"));
}

static json_t *object(const struct schedule_destination *d, int64_t now_ms)
{
	const struct schedule_provider *p = d->provider;
	json_t *o = json_object();

	json_put_str(o, "destination", d->key);
	json_put_int(o, "waiting", (int64_t)d->waiting);
	json_put_int(o, "connections", d->slots);
	json_put_bool(o, "paused", d->paused);
	if (p) {
		json_put_str(o, "provider", p->name);
		json_put_int(o, "connections_max", p->slots_max);
		json_put_int(o, "throttle", p->throttle);
	}
	json_put_int(o, "failures", schedule_destination_failures(d));
	if (schedule_destination_not_before_ms(d) > now_ms)
		json_put_time(o, "not_before", schedule_destination_not_before_ms(d));
	if (schedule_destination_trouble(d)->kind != FAIL_NONE)
		json_put_fail(o, "trouble", schedule_destination_trouble(d));
	return o;
}

static void put_row(json_t *o, size_t *count, struct buf *out)
{
	buf_put(out, (*count)++ > 0 ? S(",\n") : S("[\n"));
	json_print_line(o, out);
}

static void list(struct dispatch *d, bool json, struct buf *out)
{
	struct schedule *s = dispatch_schedule(d);
	const struct map *all = schedule_destinations(s), *paused = schedule_paused(s);
	int64_t now_ms = clock_wall_ms();
	size_t count = 0;

	for (struct map_entry *e = map_next(all, NULL); e; e = map_next(all, e)) {
		if (json)
			put_row(object(e->value, now_ms), &count, out);
		else
			put_text(e->value, now_ms, out);
	}
	/* the names that were paused: there may be no mail for them now */
	for (struct map_entry *e = map_next(paused, NULL); e; e = map_next(paused, e)) {
		json_t *o;

		if (!json) {
			buf_putf(out, "paused by hand: %.*s\n", STR(e->key));
			continue;
		}
		o = json_object();
		json_put_str(o, "paused_name", e->key);
		put_row(o, &count, out);
	}
	if (json)
		buf_put(out, count > 0 ? S("\n]\n") : S("[]\n"));
	else if (all->count == 0 && paused->count == 0)
		buf_put(out, S("no mail waits, and nothing is paused\n"));
}

/* --- pause and resume --------------------------------------------------------------------------
 */

struct order {
	struct talk *talk; /* null: the client has gone */
	struct dispatch *dispatch;
	struct buf out;
	int code;
};

static void log_order(str name, const char *event)
{
	struct log_record r;

	log_open(&r, LOG_INFO, event);
	log_str(&r, "destination", name);
	log_c(&r, "rule", "by order");
	log_close(&r);
}

static void written(void *owner, const struct fail *why)
{
	struct order *o = owner;

	if (why) {
		buf_putf(&o->out, "it could not be written down: %s\n", why->text);
		o->code = EXIT_AGAIN;
	}
	if (o->talk) {
		talk_say(o->talk, buf_str(&o->out));
		talk_end(o->talk, o->code);
	}
	buf_free(&o->out);
	mem_free(o);
}

static void gone(void *owner)
{
	struct order *o = owner;

	o->talk = NULL;
}

static void drained(void *owner)
{
	(void)owner;
}

static const struct talk_taker taker = { .drained = drained, .gone = gone };

static bool is_called(const struct schedule_destination *d, str name)
{
	return str_eq_nocase(d->key, name) || str_eq_nocase(d->nexthop, name) ||
	       str_eq_nocase(d->domain, name) ||
	       (d->provider && str_eq_nocase(d->provider->name, name));
}

/* A name may be paused before there is mail for it; but it may have been mistyped, too. */
static void warn_of_nothing(struct dispatch *d, str name, struct buf *out)
{
	const struct map *all = schedule_destinations(dispatch_schedule(d));
	char shown[SHOWN_MAX];

	for (struct map_entry *e = map_next(all, NULL); e; e = map_next(all, e))
		if (is_called(e->value, name))
			return;
	buf_putf(out, "no mail waits for %s now\n", fail_clean(name, shown, sizeof shown));
}

static void give(struct dispatch *d, struct talk *t, const str *words, size_t count, bool json)
{
	struct order *o = MEM_NEW(struct order);
	bool pause = str_eq(words[0], S("pause"));
	struct buf not = { 0 };
	size_t done = 0;

	o->talk = t;
	o->dispatch = d;
	for (size_t i = 1; i < count; i++) {
		if (dispatch_pause(d, words[i], pause)) {
			log_order(words[i], pause ? "destination-paused" : "destination-resumed");
			if (pause && !json)
				warn_of_nothing(d, words[i], &o->out);
			done++;
		} else {
			buf_putf(&not, "%.*s was %s\n", STR(words[i]),
				pause ? "paused already" : "not paused");
		}
	}
	o->code = buf_str(&not ).n > 0 ? EXIT_NO : EXIT_DONE;
	if (json) {
		json_t *answer = o->code ? json_why(buf_str(&not )) : json_object();

		json_put_int(answer, pause ? "paused" : "resumed", (int64_t)done);
		json_print(answer, &o->out);
	} else {
		buf_put(&o->out, buf_str(&not ));
		buf_putf(&o->out, "%zu destination%s %s\n", done, done == 1 ? "" : "s",
			pause ? "paused" : "resumed");
	}
	buf_free(&not );
	talk_take(t, &taker, o);
	dispatch_remember(d, written, o);
}

void destination_talk(struct dispatch *d, struct talk *t, const str *words, size_t count, bool json)
{
	struct buf out = { 0 };

	if (!destination_words_right(words, count, &out)) {
		talk_say(t, buf_str(&out));
		talk_end(t, EXIT_USAGE);
	} else if (str_eq(words[0], S("list"))) {
		list(d, json, &out);
		talk_say(t, buf_str(&out));
		talk_end(t, EXIT_DONE);
	} else {
		give(d, t, words, count, json);
	}
	buf_free(&out);
}
