#include "admin/queue_filter.h"

#include "base/number.h"
#include "world/clock.h"

#define SHOWN_MAX 80 /* of a word that is not known */

static bool take_older(struct queue_filter *f, str value, struct buf *out)
{
	char shown[SHOWN_MAX];

	if (number_parse_time(value, &f->older_ms) && f->older_ms > 0)
		return true;
	buf_putf(out, "--older wants a time, as 2h or 3d, not %s\n",
		fail_clean(value, shown, sizeof shown));
	return false;
}

bool queue_filter_take(struct queue_filter *f, str option, str value, struct buf *out)
{
	const struct {
		str name;
		str *to;
	} texts[] = {
		{S("--to"),           &f->to         },
		{ S("--from"),        &f->from       },
		{ S("--transport"),   &f->transport  },
		{ S("--destination"), &f->destination},
	};
	char shown[SHOWN_MAX];

	f->any = true;
	if (value.n == 0) {
		buf_putf(out, "%s lacks its value\n", fail_clean(option, shown, sizeof shown));
		return false;
	}
	if (str_eq(option, S("--older")))
		return take_older(f, value, out);
	for (size_t i = 0; i < LENGTH(texts); i++) {
		if (!str_eq(option, texts[i].name))
			continue;
		if (texts[i].to->n > 0)
			buf_putf(out, "%.*s is given twice\n", STR(option));
		else
			*texts[i].to = value;
		return buf_str(out).n == 0;
	}
	buf_putf(out,
		"%s is no option; there are --to, --from, --older, --transport, --destination\n",
		fail_clean(option, shown, sizeof shown));
	return false;
}

/* "a@b" is an address, "@b" and "b" a domain, "<>" nobody. */
static bool same_party(str asked, str address)
{
	size_t at = str_find_last(address, '@');

	if (str_eq(asked, S("<>")))
		return address.n == 0;
	if (asked.n > 1 && asked.p[0] != '@' && str_has(asked, '@'))
		return str_eq_nocase(asked, address);
	if (asked.n > 0 && asked.p[0] == '@')
		asked = str_skip(asked, 1);
	return at < address.n && str_eq_nocase(asked, str_skip(address, at + 1));
}

static bool same_way(
	const struct queue_filter *f, struct dispatch *d, const struct promise *m, size_t rcpt)
{
	struct route_mail mail = promise_mail(m, rcpt);
	struct schedule *s = dispatch_schedule(d);
	struct route_way way;
	struct arena a;
	bool same;

	if (f->transport.n == 0 && f->destination.n == 0)
		return true;
	arena_init(&a, ARENA_UNLIMITED);
	same = route_find(schedule_router(s), &a, &mail, &way, NULL) &&
	       (f->transport.n == 0 || str_eq(way.transport->name, f->transport)) &&
	       (f->destination.n == 0 || schedule_way_is(s, &way, f->destination));
	arena_free(&a);
	return same;
}

bool queue_filter_may_match(const struct queue_filter *f, struct dispatch *d, uint64_t id)
{
	const struct schedule *s = dispatch_schedule(d);
	str from = str_eq(f->from, S("<>")) ? S("") : f->from;

	return schedule_mentions(s, id, str_starts(f->to, S("@")) ? str_skip(f->to, 1) : f->to) &&
	       schedule_mentions(s, id, str_starts(from, S("@")) ? str_skip(from, 1) : from);
}

bool queue_filter_match(
	const struct queue_filter *f, struct dispatch *d, const struct promise *m, bool *wanted)
{
	const struct envelope *e = &m->envelope;
	bool any = false;

	if (f->from.n > 0 && !same_party(f->from, e->sender))
		return false;
	if (f->older_ms > 0 && clock_wall_ms() - e->received_ms < f->older_ms)
		return false;
	for (size_t i = 0; i < e->rcpt_count; i++) {
		wanted[i] = m->rcpts[i].state == SPOOL_WAITING &&
			    (f->to.n == 0 || same_party(f->to, e->rcpts[i].address) ||
				    same_party(f->to, e->rcpts[i].original)) &&
			    same_way(f, d, m, i);
		any |= wanted[i];
	}
	return any;
}
