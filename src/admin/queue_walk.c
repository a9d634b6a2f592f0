#include "admin/queue_walk.h"

#include "admin/exit.h"
#include "admin/json.h"
#include "admin/queue_export.h"
#include "admin/queue_print.h"
#include "base/log.h"
#include "base/mem.h"
#include "queue/schedule_ids.h"

#define SHOWN_MAX 80

struct queue_walk {
	struct dispatch *dispatch;
	struct talk *talk;
	struct queue_request request; /* its words are the talk's */
	struct arena words;
	bool json;
	struct schedule_ids ids;
	bool gathering; /* the ids */
	size_t done;    /* messages */
	struct buf missing, out;
	struct loop_timer timer;
	struct queue_export *export; /* a message that is being read */
};

static void walk_free(struct queue_walk *w)
{
	loop_timer_cancel(dispatch_loop(w->dispatch), &w->timer);
	queue_export_free(w->export);
	arena_free(&w->words);
	buf_free(&w->missing);
	buf_free(&w->out);
	schedule_ids_free(&w->ids);
	mem_free(w);
}

static void gone(void *owner)
{
	walk_free(owner);
}

static void soon(void *owner)
{
	struct queue_walk *w = owner;
	struct loop *l = dispatch_loop(w->dispatch);

	loop_timer_set(l, &w->timer, loop_now_ms(l));
}

/* --- the end -----------------------------------------------------------------------------------
 */

static void put_sum(struct queue_walk *w, const char *what)
{
	buf_put(&w->out, buf_str(&w->missing));
	buf_putf(&w->out, "%zu message%s %s\n", w->done, w->done == 1 ? "" : "s", what);
}

/* What came of an order: how many, and those that are not there, a line each. */
static void put_order(struct queue_walk *w)
{
	str missing = buf_str(&w->missing);
	json_t *o;

	if (!w->json) {
		put_sum(w, w->request.verb->done);
		return;
	}
	o = missing.n > 0 ? json_why(missing) : json_object();
	json_put_int(o, w->request.verb->done, (int64_t)w->done);
	json_print(o, &w->out);
}

static void put_printed(struct queue_walk *w)
{
	bool whole = w->request.verb->whole;
	str missing = buf_str(&w->missing);

	if (whole && w->request.id_count > 0) {
		if (w->json && missing.n > 0)
			json_print_why(missing, &w->out);
		else
			buf_put(&w->out, missing);
	} else if (w->json) {
		buf_put(&w->out, w->done > 0 ? S("\n]\n") : S("[]\n"));
	} else {
		put_sum(w, "in the queue");
	}
}

static void end(struct queue_walk *w)
{
	bool nobody = w->request.id_count > 0 && !w->request.all && buf_str(&w->missing).n > 0;

	switch (w->request.verb->kind) {
	case QUEUE_PRINT:
		put_printed(w);
		break;
	case QUEUE_ORDER:
		put_order(w);
		break;
	case QUEUE_EXPORT:
		queue_export_end(w->done, &w->out);
		break;
	case QUEUE_IMPORT:
		break;
	}
	talk_say(w->talk, buf_str(&w->out));
	talk_end(w->talk, nobody ? EXIT_NO : EXIT_DONE);
	walk_free(w);
}

/* --- a message ---------------------------------------------------------------------------------
 */

static void print_one(struct queue_walk *w, const struct promise *m, const bool *wanted)
{
	bool array = w->json && !(w->request.verb->whole && w->request.id_count > 0);

	if (array) /* one object a line, so that it can be read as it comes */
		buf_put(&w->out, w->done > 0 ? S(",\n") : S("[\n"));
	queue_print(w->dispatch, m, wanted, w->request.verb->whole, w->json, &w->out);
	if (w->json && !array)
		buf_put(&w->out, S("\n"));
	w->done++;
}

static void order_one(struct queue_walk *w, uint64_t id, const bool *wanted)
{
	struct promise *m = schedule_find(dispatch_schedule(w->dispatch), id);
	char text[LOG_ID_TEXT_MAX];

	if (w->request.verb->order(w->dispatch, m, w->request.filter.any ? wanted : NULL) > 0)
		w->done++;
	else if (w->request.id_count > 0 && !w->request.all)
		buf_putf(&w->missing, "%s is held, or being delivered at this moment\n",
			log_id_print(id, text));
}

/* It may have ended since the walk began. */
static void visit(struct queue_walk *w, uint64_t id)
{
	struct promise *m = NULL;
	bool few[8], *wanted = few;

	if (queue_filter_may_match(&w->request.filter, w->dispatch, id))
		m = schedule_look(dispatch_schedule(w->dispatch), id);
	if (!m)
		return;
	if (m->envelope.rcpt_count > LENGTH(few))
		wanted = mem_alloc(m->envelope.rcpt_count * sizeof *wanted);
	memset(wanted, 0, m->envelope.rcpt_count * sizeof *wanted);
	if (queue_filter_match(&w->request.filter, w->dispatch, m, wanted) ||
		(w->request.verb->whole && w->request.id_count > 0)) {
		switch (w->request.verb->kind) {
		case QUEUE_PRINT:
			print_one(w, m, wanted);
			break;
		case QUEUE_ORDER:
			order_one(w, id, wanted);
			break;
		case QUEUE_EXPORT:
			w->export = queue_export_new(w->dispatch, m, wanted, soon, w);
			break;
		case QUEUE_IMPORT:
			break;
		}
	}
	if (wanted != few)
		mem_free(wanted);
	promise_drop(m);
}

/* --- the walk ----------------------------------------------------------------------------------
 */

/* False: not now. */
static bool may_go_on(const struct queue_walk *w)
{
	return !talk_full(w->talk) &&
	       (w->request.verb->kind != QUEUE_ORDER ||
		       dispatch_on_their_way(w->dispatch) < QUEUE_ON_THEIR_WAY);
}

/* The message that is being exported: false when the rest of it will come later. */
static bool go_on_exporting(struct queue_walk *w)
{
	struct fail why;

	switch (queue_export_next(w->export, &w->out, &why)) {
	case QUEUE_EXPORT_MORE:
		return true;
	case QUEUE_EXPORT_LATER:
		return false;
	case QUEUE_EXPORT_DONE:
		w->done++;
		break;
	case QUEUE_EXPORT_FAILED: /* what was said of it is refused where it is imported */
		buf_putf(&w->missing, "%s\n", why.text);
		break;
	}
	queue_export_free(w->export);
	w->export = NULL;
	return true;
}

/* False: that was all. */
static bool visit_next(struct queue_walk *w)
{
	uint64_t id;

	if (!schedule_ids_next(&w->ids, &id))
		return false;
	visit(w, id);
	return true;
}

static void step(struct loop_timer *timer)
{
	struct queue_walk *w = AROUND(timer, struct queue_walk, timer);
	bool later = false, all = false;

	if (w->gathering) {
		w->gathering = schedule_ids_gather(&w->ids, dispatch_schedule(w->dispatch));
		soon(w);
		return;
	}
	for (size_t n = 0; n < QUEUE_SLICE && !later && may_go_on(w); n++) {
		if (buf_str(&w->out).n > TALK_BACKLOG_OCTETS)
			break;
		if (w->export)
			later = !go_on_exporting(w);
		else if (!visit_next(w)) {
			all = true;
			break;
		}
	}
	if (all) {
		end(w);
		return;
	}
	talk_say(w->talk, buf_str(&w->out));
	buf_clear(&w->out);
	if (!talk_full(w->talk) && !later) /* else we are told when to go on */
		loop_timer_set(dispatch_loop(w->dispatch), timer,
			loop_now_ms(dispatch_loop(w->dispatch)) + !may_go_on(w));
}

static const struct talk_taker taker = { .drained = soon, .gone = gone };

/* One that is named twice is visited once: the order was carried out then.  False: it is there. */
static bool put_id(uint64_t *ids, size_t count, uint64_t id)
{
	for (size_t i = 0; i < count; i++) /* of a request: not many */
		if (ids[i] == id)
			return false;
	ids[count] = id;
	return true;
}

/* Those that were named, each noted that is not there. */
static void take_named(struct queue_walk *w, const struct queue_request *q)
{
	char shown[SHOWN_MAX];
	uint64_t *ids;
	size_t count = 0;

	ids = mem_alloc(q->id_count * sizeof *ids);
	for (size_t i = 0; i < q->id_count; i++) {
		uint64_t id;

		if (log_id_parse(q->ids[i], &id) &&
			schedule_has(dispatch_schedule(w->dispatch), id))
			count += put_id(ids, count, id);
		else
			buf_putf(&w->missing, "no message %s in the queue\n",
				fail_clean(q->ids[i], shown, sizeof shown));
	}
	schedule_ids_named(&w->ids, ids, count);
	mem_free(ids);
}

static void keep_filter(struct queue_walk *w)
{
	struct queue_filter *f = &w->request.filter;
	str *texts[] = { &f->to, &f->from, &f->transport, &f->destination };

	for (size_t i = 0; i < LENGTH(texts); i++)
		*texts[i] = arena_copy(&w->words, *texts[i]);
}

void queue_walk_begin(struct dispatch *d, struct talk *t, const struct queue_request *q, bool json)
{
	struct queue_walk *w = MEM_NEW(struct queue_walk);

	w->dispatch = d;
	w->talk = t;
	w->request = *q;
	w->json = json;
	w->timer.run = step;
	arena_init(&w->words, ARENA_UNLIMITED);
	keep_filter(w);
	if (q->id_count > 0 && !q->all)
		take_named(w, q);
	else
		w->gathering = true;
	if (q->verb->kind == QUEUE_EXPORT)
		queue_export_begin(&w->out);
	w->request.ids = NULL; /* words of the request: noted above */
	talk_take(t, &taker, w);
	soon(w);
}
