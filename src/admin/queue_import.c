#include "admin/queue_import.h"

#include "admin/exit.h"
#include "admin/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "queue/parcel.h"
#include "world/clock.h"

struct queue_import {
	struct dispatch *dispatch;
	struct talk *talk; /* null: the client has gone, and a commit is on its way */
	bool json;
	struct parcel *parcel;
	struct spool_draft *draft;
	struct spool_commit commit;
	struct envelope envelope; /* the parcel's, with an id of ours */
	bool full;                /* the spool wants no more bytes now */
	bool committing;          /* nothing is read meanwhile */
	bool over;                /* the end has been read */
	size_t taken;
	struct buf lines; /* what was not taken, and why */
};

static void import_free(struct queue_import *i)
{
	if (i->draft)
		spool_draft_drop(i->draft);
	parcel_free(i->parcel);
	buf_free(&i->lines);
	mem_free(i);
}

static void finish(struct queue_import *i, int code)
{
	struct buf out = { 0 };
	str lines = buf_str(&i->lines);

	if (i->json) {
		json_t *o = lines.n > 0 ? json_why(lines) : json_object();

		json_put_int(o, "imported", (int64_t)i->taken);
		json_print(o, &out);
	} else {
		buf_put(&out, lines);
		buf_putf(&out, "%zu message%s imported\n", i->taken, i->taken == 1 ? "" : "s");
	}
	talk_say(i->talk, buf_str(&out));
	talk_end(i->talk, lines.n > 0 && code == EXIT_DONE ? EXIT_NO : code);
	buf_free(&out);
	import_free(i);
}

/* --- a message ---------------------------------------------------------------------------------
 */

static void writable(void *owner)
{
	struct queue_import *i = owner;

	i->full = false;
	if (i->talk)
		talk_listen(i->talk);
}

static void begin_message(struct queue_import *i)
{
	struct flow *f = dispatch_flow(i->dispatch);
	int64_t now_ms = clock_wall_ms();

	i->envelope = *parcel_envelope(i->parcel);
	i->envelope.id = id_next(f->ids, now_ms);
	if (i->envelope.received_ms > now_ms) /* another machine's clock */
		i->envelope.received_ms = now_ms;
	i->draft = spool_draft_new(f->spool, f->loop, writable, i);
}

static void log_imported(const struct queue_import *i)
{
	struct log_record r;

	log_open(&r, LOG_INFO, "imported");
	log_id(&r, "id", i->envelope.id);
	log_id(&r, "was", parcel_envelope(i->parcel)->id);
	log_str(&r, "from", i->envelope.sender);
	log_int(&r, "recipients", (int64_t)i->envelope.rcpt_count);
	log_int(&r, "size", (int64_t)i->envelope.octets);
	log_close(&r);
}

static void committed(struct spool_commit *commit)
{
	struct queue_import *i = AROUND(commit, struct queue_import, commit);

	i->committing = false;
	if (commit->ok) {
		const struct parcel_rcpt *were = parcel_rcpts(i->parcel);
		struct promise *m = promise_new(&i->envelope, commit->content);

		for (size_t n = 0; n < i->envelope.rcpt_count; n++) {
			m->rcpts[n].held = were[n].held;
			m->rcpts[n].attempts = were[n].attempts;
		}
		content_drop(commit->content);
		i->taken++;
		log_imported(i);
		dispatch_import(i->dispatch, m);
	} else {
		buf_putf(&i->lines, "%s\n", commit->why.text);
	}
	dispatch_over(i->dispatch);
	if (!i->talk)
		import_free(i);
	else if (!commit->ok)
		finish(i, EXIT_AGAIN);
	else
		talk_listen(i->talk);
}

static void commit_message(struct queue_import *i)
{
	struct flow *f = dispatch_flow(i->dispatch);

	i->committing = true;
	i->commit = (struct spool_commit){
		.draft = i->draft, .envelope = &i->envelope, .loop = f->loop, .done = committed
	};
	i->draft = NULL;
	dispatch_begin(i->dispatch);
	spool_commit(f->spool, &i->commit);
}

/* --- the talk ----------------------------------------------------------------------------------
 */

/* False: it is finished, and gone. */
static bool take_step(struct queue_import *i, str *input)
{
	struct fail why;
	str bytes;

	switch (parcel_next(i->parcel, input, &bytes, &why)) {
	case PARCEL_MORE:
		break;
	case PARCEL_ENVELOPE:
		begin_message(i);
		break;
	case PARCEL_OCTETS:
		i->full = spool_draft_write(i->draft, bytes) == SPOOL_WRITE_ENOUGH;
		break;
	case PARCEL_MESSAGE:
		commit_message(i);
		break;
	case PARCEL_UNREADABLE:
		spool_draft_drop(i->draft);
		i->draft = NULL;
		buf_put(&i->lines, S("a message was unreadable where it was exported\n"));
		break;
	case PARCEL_END:
		i->over = true;
		*input = (str){ 0 };
		break;
	case PARCEL_BAD:
		buf_putf(&i->lines, "%s\n", why.text);
		finish(i, EXIT_NO);
		return false;
	}
	return true;
}

static size_t heard(void *owner, str bytes)
{
	struct queue_import *i = owner;
	str rest = bytes;

	while (rest.n > 0 && !i->full && !i->committing)
		if (!take_step(i, &rest))
			return bytes.n;
	return bytes.n - rest.n;
}

static void heard_all(void *owner)
{
	struct queue_import *i = owner;

	if (!i->over)
		buf_put(&i->lines, S("the input ends in the middle\n"));
	finish(i, i->over ? EXIT_DONE : EXIT_NO);
}

static void gone(void *owner)
{
	struct queue_import *i = owner;

	i->talk = NULL;
	if (!i->committing)
		import_free(i);
}

static void drained(void *owner)
{
	(void)owner; /* nothing is said before the end */
}

static const struct talk_taker taker = {
	.drained = drained, .gone = gone, .heard = heard, .heard_all = heard_all
};

void queue_import_begin(struct dispatch *d, struct talk *t, bool json)
{
	struct queue_import *i = MEM_NEW(struct queue_import);

	i->dispatch = d;
	i->talk = t;
	i->json = json;
	i->parcel = parcel_new();
	talk_take(t, &taker, i);
}
