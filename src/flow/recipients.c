#include "flow/recipients.h"

#include <stdio.h>
#include <string.h>

#include "mail/address.h"

#define RECIPIENT_KEY_MAX (2 * ADDRESS_KEY_MAX + ALIAS_INTO_MAX + 2)

void recipients_init(struct recipients *r, struct arena *a, struct envelope *e)
{
	*r = (struct recipients){ .arena = a, .envelope = e };
}

void recipients_free(struct recipients *r)
{
	map_free(&r->seen);
}

struct recipients_mark recipients_mark(const struct recipients *r)
{
	return (struct recipients_mark){ r->envelope->rcpt_count, r->discarded };
}

bool recipients_too_many(struct fail *why)
{
	return fail_reply(why, 452, "4.5.3", "Too many recipients for one message");
}

static bool grow(struct recipients *r)
{
	size_t size = r->size ? r->size * 2 : 2;
	struct envelope_rcpt *rcpts;

	if (r->envelope->rcpt_count < r->size)
		return true;
	if (size > ENVELOPE_RECIPIENTS_MAX)
		return false;
	rcpts = arena_alloc(r->arena, size * sizeof *rcpts);
	if (!rcpts)
		return false;
	if (r->envelope->rcpt_count > 0)
		memcpy(rcpts, r->envelope->rcpts, r->envelope->rcpt_count * sizeof *rcpts);
	r->envelope->rcpts = rcpts;
	r->size = size;
	return true;
}

/* What tells recipients apart: address and sender.  Who is named himself, and by a list with an
 * owner, gets two mails, as with Postfix: they are two envelopes (RFC 5321 section 3.9.2), and what
 * goes wrong with each is told to another. */
static str recipient_key(const struct route_target *target, char to[RECIPIENT_KEY_MAX])
{
	char key[ADDRESS_KEY_MAX];
	str folded;
	int n;

	if (!address_key(target->address, key, &folded))
		folded = target->address;
	n = snprintf(to, RECIPIENT_KEY_MAX, "%.*s %.*s %.*s", STR(folded), STR(target->sender),
		STR(target->into));
	return str_from(to, (size_t)n < RECIPIENT_KEY_MAX ? (size_t)n : RECIPIENT_KEY_MAX - 1);
}

/* What its sender wishes to hear of one of the addresses behind a recipient.  His wishes end at a
 * list with an owner (RFC 3461 section 5.2.7.1), but for that of success, which is to have reached
 * the list; so they do where one address became several (section 5.2.7.3). */
static unsigned notify_of(const struct smtp_rcpt *rcpt, bool is_list, bool several)
{
	unsigned notify = rcpt->notify;

	if (notify & SMTP_NOTIFY_SUCCESS && (is_list || several))
		notify = (notify & ~SMTP_NOTIFY_SUCCESS) | ENVELOPE_EXPANDED;
	if (is_list)
		return notify & ENVELOPE_EXPANDED;
	return notify == ENVELOPE_EXPANDED ? notify | SMTP_NOTIFY_NEVER : notify;
}

bool recipients_discard(struct recipients *r, str rule, struct fail *why)
{
	return r->discarded++ > 0 || arena_keep(r->arena, rule, &r->discard_rule) ||
	       recipients_too_many(why);
}

static bool add_target(struct recipients *r, const struct smtp_rcpt *rcpt, str original,
	const struct route_target *target, bool several, struct fail *why)
{
	struct envelope_rcpt *to;
	char origin[CONF_ORIGIN_TEXT_MAX], key[RECIPIENT_KEY_MAX];

	if (target->end == ROUTE_DISCARD)
		return recipients_discard(
			r, str_of(conf_origin_print(&target->origin, origin)), why);
	if (map_get(&r->seen, recipient_key(target, key)))
		return true;
	if (!grow(r))
		return recipients_too_many(why);
	to = &r->envelope->rcpts[r->envelope->rcpt_count];
	*to = (struct envelope_rcpt){ .original = original, .has_sender = target->has_sender };
	to->notify = notify_of(rcpt, target->has_sender, several);
	if (!arena_keep(r->arena, target->address, &to->address) ||
		(target->into.n > 0 && !arena_keep(r->arena, target->into, &to->into)) ||
		!arena_keep(r->arena, target->sender, &to->sender) ||
		!arena_keep(r->arena, rcpt->orcpt, &to->orcpt))
		return recipients_too_many(why);
	r->envelope->rcpt_count++;
	map_set(&r->seen, recipient_key(target, key), (void *)r->envelope->rcpt_count);
	return true;
}

void recipients_take_back(
	struct recipients *r, const struct route_targets *targets, struct recipients_mark to)
{
	char key[RECIPIENT_KEY_MAX];

	for (size_t i = 0; i < targets->count; i++) {
		str k = recipient_key(&targets->items[i], key);

		if ((size_t)map_get(&r->seen, k) > to.count)
			map_remove(&r->seen, k);
	}
	r->envelope->rcpt_count = to.count;
	r->discarded = to.discarded;
}

bool recipients_add(struct recipients *r, const struct smtp_rcpt *rcpt, str original,
	const struct route_targets *targets, struct fail *why)
{
	struct recipients_mark before = recipients_mark(r);

	for (size_t i = 0; i < targets->count; i++) {
		if (add_target(r, rcpt, original, &targets->items[i], targets->count > 1, why))
			continue;
		recipients_take_back(r, targets, before);
		return false;
	}
	return true;
}

void recipients_clear(struct recipients *r)
{
	map_free(&r->seen);
	r->envelope->rcpt_count = 0;
}

bool recipients_filter(struct recipients *r, str way, struct fail *why)
{
	char into[1 + ALIAS_INTO_MAX];
	int n = snprintf(into, sizeof into, "%.*s%.*s", STR(ROUTE_ROW), STR(way));
	str kept;

	if (!arena_keep(r->arena,
		    str_from(into, (size_t)n < sizeof into ? (size_t)n : sizeof into - 1), &kept))
		return recipients_too_many(why);
	for (size_t i = 0; i < r->envelope->rcpt_count; i++)
		r->envelope->rcpts[i].into = kept;
	return true;
}

void recipients_discard_all(struct recipients *r, str rule)
{
	r->envelope->rcpt_count = r->discarded = 0;
	if (!recipients_discard(r, rule, NULL))
		r->discard_rule = S(""); /* it is thrown away without the words */
}
