#include "admin/queue.h"

#include "admin/exit.h"
#include "admin/queue_import.h"
#include "admin/queue_walk.h"
#include "conf/nearest.h"

#define SHOWN_MAX 80 /* of a word that is not known */

static const struct queue_verb verbs[] = {
	{.name = STR_INIT("list"),        .kind = QUEUE_PRINT},
	{ .name = STR_INIT("show"),
         .kind = QUEUE_PRINT,
         .wants_ids = true,
         .one_id = true,
         .whole = true },
	{ .name = STR_INIT("retry"),
         .kind = QUEUE_ORDER,
         .wants_ids = true,
         .order = dispatch_order_retry,
         .done = "retried" },
	{ .name = STR_INIT("hold"),
         .kind = QUEUE_ORDER,
         .wants_ids = true,
         .order = dispatch_order_hold,
         .done = "held" },
	{ .name = STR_INIT("release"),
         .kind = QUEUE_ORDER,
         .wants_ids = true,
         .order = dispatch_order_release,
         .done = "released" },
	{ .name = STR_INIT("bounce"),
         .kind = QUEUE_ORDER,
         .wants_ids = true,
         .order = dispatch_order_bounce,
         .done = "returned" },
	{ .name = STR_INIT("delete"),
         .kind = QUEUE_ORDER,
         .wants_ids = true,
         .order = dispatch_order_delete,
         .done = "deleted" },
	{ .name = STR_INIT("export"),    .kind = QUEUE_EXPORT,                                  .wants_ids = true },
	{ .name = STR_INIT("import"), .kind = QUEUE_IMPORT                                  },
};

/* Null: *out says what is wrong. */
static const struct queue_verb *find_verb(const str *words, size_t count, struct buf *out)
{
	struct conf_nearest nearest = { .word = count > 0 ? words[0] : S("") };
	char shown[SHOWN_MAX];

	for (size_t i = 0; count > 0 && i < LENGTH(verbs); i++) {
		conf_nearest_offer(&nearest, verbs[i].name);
		if (str_eq(verbs[i].name, words[0]))
			return &verbs[i];
	}
	if (count > 0)
		buf_putf(out, "there is no command queue %s; the nearest is queue %.*s\n",
			fail_clean(words[0], shown, sizeof shown), STR(nearest.best));
	else
		buf_put(out, S("queue wants one of list, show, retry, hold, release, bounce, "
			       "delete, export and import\n"));
	return NULL;
}

static const char *wish(const struct queue_verb *verb)
{
	if (verb->kind == QUEUE_IMPORT)
		return "no more words: what it takes comes from standard input";
	if (verb->one_id)
		return "one ID, or a filter";
	return verb->wants_ids ? "one ID or more, or all, or a filter"
			       : "no ID; it may have a filter";
}

/* Ids or a filter, as the verb wants it. */
static bool fits(const struct queue_request *q, const struct queue_verb *verb)
{
	if (verb->kind == QUEUE_IMPORT || !verb->wants_ids)
		return q->id_count == 0 && !(verb->kind == QUEUE_IMPORT && q->filter.any);
	if (q->filter.any)
		return q->id_count == 0;
	return q->id_count > 0 && (!verb->one_id || (q->id_count == 1 && !q->all));
}

bool queue_request_read(
	struct queue_request *q, const str *words, size_t count, bool json, struct buf *out)
{
	*q = (struct queue_request){ .verb = find_verb(words, count, out) };
	if (!q->verb)
		return false;
	for (size_t i = 1; i < count; i++) {
		if (str_starts(words[i], S("-"))) {
			str value = i + 1 < count ? words[i + 1] : S("");

			if (!queue_filter_take(&q->filter, words[i++], value, out))
				return false;
			continue;
		}
		if (q->id_count > 0 && &words[i] != q->ids + q->id_count) {
			buf_put(out, S("options stand before or behind all IDs\n"));
			return false;
		}
		if (q->id_count++ == 0)
			q->ids = &words[i];
	}
	q->all = q->id_count == 1 && str_eq(q->ids[0], S("all"));
	if (!fits(q, q->verb)) {
		buf_putf(out, "queue %.*s wants %s\n", STR(q->verb->name), wish(q->verb));
		return false;
	}
	if (json && q->verb->kind == QUEUE_EXPORT) {
		buf_put(out, S("queue export has a form of its own, and no --json\n"));
		return false;
	}
	return true;
}

bool queue_request_has_input(const struct queue_request *q)
{
	return q->verb->kind == QUEUE_IMPORT;
}

void queue_talk(struct dispatch *d, struct talk *t, const str *words, size_t count, bool json)
{
	struct queue_request q;
	struct buf out = { 0 };

	if (!queue_request_read(&q, words, count, json, &out)) {
		talk_say(t, buf_str(&out));
		talk_end(t, EXIT_USAGE);
	} else if (q.verb->kind == QUEUE_IMPORT) {
		queue_import_begin(d, t, json);
	} else {
		queue_walk_begin(d, t, &q, json);
	}
	buf_free(&out);
}
