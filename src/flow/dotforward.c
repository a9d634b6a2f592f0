#include "flow/dotforward.h"

#include "base/log.h"
#include "base/mem.h"
#include "flow/addressing.h"
#include "flow/body.h"
#include "flow/forwarding.h"
#include "mail/address.h"
#include "mail/delivered.h"
#include "route/forward.h"
#include "world/clock.h"

struct dotforward {
	struct flow *flow;
	const struct delivery *d;
	const struct envelope_rcpt *rcpt; /* the old one */
	const struct dotforward_handler *handler;
	void *owner;
	struct arena arena;
	struct asking asking;         /* who its targets are */
	str text;                     /* of the file */
	struct forwarding *rewriting; /* of the sender, where it leaves our domains */
	struct body *body;
	bool begun; /* the header has been looked at */
	struct spool_draft *draft;
	struct envelope envelope;
	struct spool_commit commit;
};

static void dotforward_free(struct dotforward *f)
{
	asking_free(&f->asking);
	forwarding_forget(f->rewriting);
	body_free(f->body);
	if (f->draft)
		spool_draft_drop(f->draft);
	arena_free(&f->arena);
	mem_free(f);
}

static void stay(struct dotforward *f)
{
	const struct dotforward_handler *handler = f->handler;
	void *owner = f->owner;

	dotforward_free(f);
	handler->stays(owner);
}

static void end(struct dotforward *f, const struct fail *why)
{
	const struct dotforward_handler *handler = f->handler;
	void *owner = f->owner;

	dotforward_free(f);
	handler->done(owner, why);
}

static void log_ignored(const struct dotforward *f, str why)
{
	struct log_record r;

	log_open(&r, LOG_WARNING, "forward-ignored");
	log_id(&r, "id", f->d->job->message->envelope.id);
	log_str(&r, "to", f->rcpt->address);
	log_str(&r, "reason", why);
	log_close(&r);
}

static void log_forwarded(const struct dotforward *f)
{
	struct log_record r;

	log_open(&r, LOG_INFO, "forwarded");
	log_id(&r, "id", f->d->job->message->envelope.id);
	log_id(&r, "as", f->envelope.id);
	log_str(&r, "to", f->rcpt->address);
	log_int(&r, "recipients", (int64_t)f->envelope.rcpt_count);
	log_close(&r);
}

/* --- the new message ---------------------------------------------------------------------------
 */

static void committed(struct spool_commit *commit)
{
	struct dotforward *f = AROUND(commit, struct dotforward, commit);
	struct fail why = commit->why;

	if (commit->ok) {
		log_forwarded(f);
		f->flow->accepted(f->flow->owner, promise_new(&f->envelope, commit->content));
		content_drop(commit->content);
		fail_with(&why, FAIL_NONE, "2.0.0", "sent on as the user's .forward says");
	}
	end(f, &why);
}

static bool runs_in_a_circle(struct dotforward *f, str bytes)
{
	bool first = !f->begun;

	f->begun = true;
	return first && delivered_before(bytes, f->rcpt->address);
}

static void circle(struct dotforward *f)
{
	struct fail why;

	fail_with(&why, FAIL_PERMANENT, "5.4.6",
		"Mail forwarding loop: this has been delivered to <%.*s> before",
		STR(f->rcpt->address));
	end(f, &why);
}

/* As much of the message as the draft takes now; behind its end, the commit. */
static void give(struct dotforward *f)
{
	enum spool_write wrote = SPOOL_WRITE_ON;
	struct fail why;
	str bytes;

	while (wrote == SPOOL_WRITE_ON) {
		switch (body_next(f->body, &bytes, &why)) {
		case BODY_LATER:
			return; /* it calls */
		case BODY_FAILED:
			end(f, &why);
			return;
		case BODY_READY:
			break;
		}
		if (runs_in_a_circle(f, bytes)) {
			circle(f);
			return;
		}
		if (bytes.n == 0) {
			f->commit.draft = f->draft;
			f->draft = NULL;
			spool_commit(f->flow->spool, &f->commit);
			return;
		}
		f->envelope.octets += bytes.n;
		wrote = spool_draft_write(f->draft, bytes);
	}
}

static void give_more(void *owner)
{
	give(owner);
}

/* The sender's wishes go with it.  Where one became several he is told that it was expanded, as
 * behind an alias, once.  The old recipient says nothing of its own: dsn_passed. */
static unsigned notify_of(const struct dotforward *f, bool several)
{
	unsigned notify = f->rcpt->notify & ~(unsigned)ENVELOPE_EXPANDED;

	if (several && notify & SMTP_NOTIFY_SUCCESS)
		notify = (notify & ~(unsigned)SMTP_NOTIFY_SUCCESS) | ENVELOPE_EXPANDED;
	return notify == ENVELOPE_EXPANDED ? notify | SMTP_NOTIFY_NEVER : notify;
}

static void address(struct dotforward *f, const struct route_targets *targets)
{
	struct envelope *e = &f->envelope;

	e->rcpts = arena_alloc(&f->arena, targets->count * sizeof *e->rcpts);
	for (size_t i = 0; i < targets->count; i++) {
		const struct route_target *target = &targets->items[i];

		e->rcpts[e->rcpt_count++] = (struct envelope_rcpt){ .address = target->address,
			.into = target->into,
			.original = f->rcpt->original,
			.orcpt = f->rcpt->orcpt,
			.has_sender = target->has_sender || f->rcpt->has_sender,
			.sender = target->has_sender ? target->sender : f->rcpt->sender,
			.notify = target->has_sender ? 0 : notify_of(f, targets->count > 1) };
	}
}

static void begin_draft(struct dotforward *f)
{
	str field = arena_printf(&f->arena, "Delivered-To: %.*s\r\n", STR(f->rcpt->address));

	f->envelope.octets = field.n;
	f->commit = (struct spool_commit){
		.envelope = &f->envelope, .loop = f->flow->loop, .done = committed
	};
	f->draft = spool_draft_new(f->flow->spool, f->flow->loop, give_more, f);
	f->body = body_new(f->flow, f->d->job->message->content, give_more, f);
	if (spool_draft_write(f->draft, field) == SPOOL_WRITE_ON)
		give(f);
}

/* As behind an alias: what leaves our domains has a sender of ours. */
static void rewritten(void *owner, str address, const struct fail *why)
{
	struct dotforward *f = owner;

	f->rewriting = NULL;
	if (why && why->kind == FAIL_TEMPORARY) {
		end(f, why);
		return;
	}
	for (size_t i = 0; why && i < f->envelope.rcpt_count; i++)
		f->envelope.rcpts[i].forwarded = false;
	if (!why) {
		f->envelope.forwarder = arena_copy(&f->arena, address);
		f->envelope.flags |= ENVELOPE_FORWARDED;
	}
	begin_draft(f);
}

static void send_on(struct dotforward *f, const struct route_targets *targets)
{
	const struct envelope *was = &f->d->job->message->envelope;
	struct envelope *e = &f->envelope;
	struct fail why;

	if (!spool_accepts(f->flow->spool, &why)) {
		end(f, &why);
		return;
	}
	*e = *was;
	e->rcpts = NULL;
	e->rcpt_count = 0;
	e->received_ms = clock_wall_ms();
	e->id = id_next(f->flow->ids, e->received_ms);
	e->flags &= ~(unsigned)(ENVELOPE_HELD | ENVELOPE_QUARANTINED | ENVELOPE_FORWARDED);
	e->hold = e->hold_origin = e->forwarder = S("");
	address(f, targets);
	if (!forwarding_leaves(f->d->router, e)) {
		begin_draft(f);
		return;
	}
	f->rewriting = forwarding_rewrite(f->flow, f->d->router, e->sender, rewritten, f, &why);
	if (!f->rewriting)
		end(f, &why);
}

/* All of it was to go to /dev/null, and nowhere else. */
static void vanish(struct dotforward *f)
{
	struct log_record r;
	struct fail why;

	log_open(&r, LOG_INFO, "forwarded");
	log_id(&r, "id", f->d->job->message->envelope.id);
	log_str(&r, "to", f->rcpt->address);
	log_int(&r, "recipients", 0);
	log_close(&r);
	fail_with(&why, FAIL_NONE, "2.0.0", "discarded, as the user's .forward says");
	end(f, &why);
}

/* --- the file ----------------------------------------------------------------------------------
 */

/* He alone: that is what happens without the file. */
static bool is_mailbox_alone(const struct dotforward *f, const struct route_targets *targets)
{
	return targets->count == 1 && str_eq(targets->items[0].into, ROUTE_MAILBOX) &&
	       str_eq(targets->items[0].address, f->rcpt->address);
}

/* A file that cannot be followed is as none; but a table that gave no answer is no fault of his. */
static void cannot_follow(struct dotforward *f, const struct route_ask *ask, const struct fail *why)
{
	if (ask->failed)
		addressing_log_failed(f->d->job->message->envelope.id, ask);
	if (ask->failed && why->kind == FAIL_TEMPORARY) {
		end(f, why);
		return;
	}
	log_ignored(f, str_of(why->text));
	stay(f);
}

static void follow(void *owner)
{
	struct dotforward *f = owner;
	struct route_ask ask = { .asking = &f->asking };
	struct route_targets targets;
	struct fail why;
	bool says;

	if (!forward_read(f->d->router, &ask, &f->arena, f->rcpt->address, f->d->transport, f->text,
		    &targets, &says, &why)) {
		if (!ask.waits || !asking_wait(&f->asking, follow, f))
			cannot_follow(f, &ask, &why);
	} else if (!says || is_mailbox_alone(f, &targets)) {
		stay(f);
	} else if (targets.count == 0) {
		vanish(f);
	} else {
		send_on(f, &targets);
	}
}

static void looked(void *owner, enum courier_found found, str text)
{
	struct dotforward *f = owner;

	switch (found) {
	case COURIER_NONE:
		stay(f);
		return;
	case COURIER_UNFIT:
		log_ignored(f, text);
		stay(f);
		return;
	case COURIER_FILE:
		f->text = arena_copy(&f->arena, text);
		follow(f);
		return;
	}
}

static void not_looked(void *owner, const struct fail *why)
{
	end(owner, why);
}

static const struct courier_handler handler = { .looked = looked, .done = not_looked };

/* What stands behind the recipient's name. */
static str extension(struct dotforward *f)
{
	char to[ADDRESS_KEY_MAX];
	str key, local;

	if (!address_key(f->rcpt->address, to, &key))
		return S("");
	local = address_local(key);
	return arena_copy(&f->arena, str_skip(local, route_local(f->d->router, key).n + 1));
}

void dotforward_begin(struct flow *flow, const struct delivery *d, size_t at, str user,
	const struct dotforward_handler *told, void *owner)
{
	struct dotforward *f = MEM_NEW(struct dotforward);

	f->flow = flow;
	f->d = d;
	f->rcpt = &d->job->message->envelope.rcpts[d->job->rcpts[at]];
	f->handler = told;
	f->owner = owner;
	arena_init(&f->arena, ARENA_UNLIMITED);
	asking_init(&f->asking, flow->loop);
	(void)!courier_look(flow->courier, flow->loop,
		&(struct courier_whom){ .user = user, .address = f->rcpt->address }, extension(f),
		&handler, f);
}
