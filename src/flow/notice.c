#include "flow/notice.h"

#include <assert.h>

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "flow/addressing.h"
#include "flow/body.h"
#include "flow/sign.h"
#include "mail/header.h"
#include "world/clock.h"

struct notice {
	struct flow *flow;
	struct dispatch *dispatch;
	struct promise *about; /* a reference */
	enum dsn_action action;
	enum spool_rcpt_state end; /* FAILED: of the recipients, once it is durable */
	struct notice_rcpt *rcpts;
	uint32_t *indexes; /* of the same recipients */
	size_t count;
	struct arena arena;
	str to;
	struct addressing addressing; /* of that */
	bool to_postmaster;           /* it is he, in the place of the sender */
	struct body *body;
	struct buf original; /* its beginning: all of it, or its header at least */
	struct buf text;     /* what it says */
	struct sign *sign;   /* null: nothing signs it */
	struct envelope envelope;
	struct spool_commit commit;
};

static void notice_free(struct notice *n)
{
	struct dispatch *d = n->dispatch;

	addressing_end(&n->addressing);
	body_free(n->body);
	buf_free(&n->original);
	buf_free(&n->text);
	sign_free(n->sign);
	n->about->users--;
	promise_drop(n->about);
	arena_free(&n->arena);
	mem_free(n);
	dispatch_over(d);
}

static void log_notice(const struct notice *n, enum log_level level, const char *event, str to)
{
	struct log_record r;

	log_open(&r, level, event);
	log_id(&r, "id", n->about->envelope.id);
	if (n->envelope.id)
		log_id(&r, "notice", n->envelope.id);
	log_str(&r, "sender", to);
	log_str(&r, "to", n->about->envelope.rcpts[n->indexes[0]].address);
	log_int(&r, "recipients", (int64_t)n->count);
	log_fail(&r, &n->rcpts[0].reply);
	log_close(&r);
}

/* Nobody is told: the recipients end by a rule with a name. */
static void end_untold(struct notice *n, enum log_level level, const char *rule)
{
	if (n->action == DSN_FAILED) {
		log_notice(n, level, rule, n->to);
		dispatch_end(n->dispatch, n->about, n->indexes, n->count, SPOOL_GIVEN_UP);
	}
	notice_free(n);
}

/* It cannot be told now; what it is about waits for it. */
static void try_again(struct notice *n)
{
	int64_t again_ms = clock_wall_ms() + NOTICE_AGAIN_MS;

	if (n->action == DSN_FAILED) {
		for (size_t i = 0; i < n->count; i++)
			n->about->rcpts[n->indexes[i]].next_ms = again_ms;
		dispatch_put_down(n->dispatch, n->about, n->indexes, n->count);
	}
	notice_free(n);
}

static void committed(struct spool_commit *commit)
{
	struct notice *n = AROUND(commit, struct notice, commit);

	if (!commit->ok) {
		log_line(LOG_ERROR, "notice-not-durable", "%s", commit->why.text);
		try_again(n);
		return;
	}
	if (n->action == DSN_FAILED)
		FLOW_COUNT(n->flow, bounced);
	log_notice(n, LOG_INFO, n->action == DSN_FAILED ? "bounced" : "told", n->to);
	dispatch_own(n->dispatch, promise_new(&n->envelope, commit->content));
	content_drop(commit->content);
	if (n->action == DSN_FAILED)
		dispatch_end(n->dispatch, n->about, n->indexes, n->count, n->end);
	notice_free(n);
}

/* Is a list's owner told?  The wishes of who wrote to the list are not his. */
static bool to_owner(const struct notice *n)
{
	return n->about->envelope.rcpts[n->indexes[0]].has_sender && !n->rcpts[0].of_original;
}

static void fill_dsn(struct notice *n, struct dsn *dsn, struct dsn_recipient *recipients)
{
	const struct envelope *about = &n->about->envelope;
	const struct conf *conf = router_conf(schedule_router(dispatch_schedule(n->dispatch)));
	bool ends = n->action == DSN_DELAYED && conf->soft_bounce == CONF_OFF;
	char id[LOG_ID_TEXT_MAX];

	for (size_t i = 0; i < n->count; i++) {
		const struct envelope_rcpt *rcpt = &about->rcpts[n->indexes[i]];

		bool of_original = n->rcpts[i].of_original;

		recipients[i] = (struct dsn_recipient){ .final = of_original ? rcpt->original
									     : rcpt->address,
			.original = rcpt->original,
			.orcpt = rcpt->has_sender && !of_original ? S("") : rcpt->orcpt,
			.action = n->action,
			.remote_mta = n->rcpts[i].ours ? S("") : n->rcpts[i].remote,
			.reply = &n->rcpts[i].reply,
			.reply_is_ours = n->rcpts[i].ours,
			.will_retry_until_ms =
				ends ? about->received_ms + conf->queue.lifetime_ms : 0 };
	}
	*dsn = (struct dsn){ .reporting_mta = conf->hostname.text,
		.from = arena_printf(&n->arena, "MAILER-DAEMON@%.*s", STR(conf->hostname.text)),
		.to = n->to,
		.message_id = arena_printf(&n->arena, "%s@%.*s", log_id_print(n->envelope.id, id),
			STR(conf->hostname.text)),
		.queue_id = about->id,
		.envid = to_owner(n) ? S("") : about->envid,
		.now_ms = n->envelope.received_ms,
		.arrival_ms = about->received_ms,
		.zone_minutes = clock_zone_minutes(n->envelope.received_ms),
		.smtputf8 = about->flags & ENVELOPE_SMTPUTF8,
		.recipients = recipients,
		.recipient_count = n->count,
		.languages = conf->bounce_languages.items,
		.language_count = conf->bounce_languages.count };
}

/* What a next hop must be able to take. */
static unsigned facts_of(str text)
{
	struct header_scan scan;
	size_t header_octets;

	header_scan_init(&scan);
	header_octets = header_scan_feed(&scan, text);
	return (utf8_ascii(str_first(text, header_octets)) ? 0 : ENVELOPE_HEADER_UTF8) |
	       (utf8_ascii(str_skip(text, header_octets)) ? 0 : ENVELOPE_EIGHTBIT);
}

/* A notice that cannot be signed now leaves as it is: the recipients that it is about wait for it.
 * Nor does ENVELOPE_SIGNED keep it from a server that takes 7-bit mail only: to arrive matters
 * more. */
static void signed_now(void *owner, const struct fail *why)
{
	struct notice *n = owner;
	struct buf text = { 0 };

	if (!why && n->sign)
		buf_put(&text, sign_fields(n->sign));
	buf_put(&text, buf_str(&n->text));
	n->envelope.octets = buf_str(&text).n;
	n->envelope.flags |= facts_of(buf_str(&text));
	n->commit = (struct spool_commit){ .draft = spool_draft_of(
						   n->flow->spool, n->flow->loop, buf_str(&text)),
		.envelope = &n->envelope,
		.loop = n->flow->loop,
		.done = committed };
	buf_free(&text);
	spool_commit(n->flow->spool, &n->commit);
}

static void build_and_commit(struct notice *n)
{
	const struct promise *m = n->about;
	str original = buf_str(&n->original);
	struct dsn dsn;
	struct router *router = schedule_router(dispatch_schedule(n->dispatch));
	struct header_scan header;
	bool whole = m->content->octets == original.n && original.n <= NOTICE_ORIGINAL_MAX &&
		     (m->envelope.ret != SMTP_RET_HDRS || to_owner(n)) && n->action == DSN_FAILED;
	bool built;

	fill_dsn(n, &dsn, arena_alloc(&n->arena, n->count * sizeof(struct dsn_recipient)));
	header_scan_init(&header);
	dsn.original_whole = whole;
	dsn.original = whole ? original : str_first(original, header_scan_feed(&header, original));
	built = dsn_build(&dsn, &n->text);
	assert(built); /* text has no limit */
	n->sign = sign_own(n->flow, router, n->envelope.id, dsn.from, buf_str(&n->text));
	if (n->sign)
		sign_end(n->sign, signed_now, n);
	else
		signed_now(n, NULL);
}

/* What is on top of a large message may be a block of its own, and the header goes on behind it.
 * False: that is enough. */
static bool wants_more(struct notice *n, str bytes)
{
	struct header_scan header;

	if (bytes.n == 0)
		return false;
	buf_put(&n->original, bytes);
	header_scan_init(&header);
	return header_scan_feed(&header, buf_str(&n->original)) < NOTICE_ORIGINAL_MAX &&
	       !header.over;
}

static void original_ready(void *owner)
{
	struct notice *n = owner;
	struct fail why;
	str bytes;

	do {
		switch (body_next(n->body, &bytes, &why)) {
		case BODY_LATER:
			return;
		case BODY_FAILED: /* tell without it */
			log_line(LOG_ERROR, "content-unreadable", "%s", why.text);
			bytes = S("");
			break;
		case BODY_READY:
			break;
		}
	} while (wants_more(n, bytes));
	build_and_commit(n);
}

static struct notice *notice_new(
	struct flow *f, struct dispatch *d, struct promise *m, enum dsn_action action)
{
	struct notice *n = MEM_NEW(struct notice);

	n->flow = f;
	n->dispatch = d;
	n->about = promise_keep(m);
	n->about->users++;
	dispatch_begin(d);
	n->action = action;
	n->end = SPOOL_BOUNCED;
	arena_init(&n->arena, ARENA_UNLIMITED);
	n->envelope.received_ms = clock_wall_ms();
	n->envelope.id = id_next(f->ids, n->envelope.received_ms);
	n->envelope.session_id = m->envelope.session_id;
	n->envelope.flags = ENVELOPE_BOUNCE | (m->envelope.flags & ENVELOPE_SMTPUTF8);
	return n;
}

/* NOTIFY of RFC 3461 section 4.1: does he want to hear this? */
static bool wanted(const struct envelope *e, const struct notice_rcpt *rcpt, enum dsn_action action)
{
	unsigned notify = e->rcpts[rcpt->rcpt].notify, wish = notify & ~ENVELOPE_EXPANDED;

	switch (action) {
	case DSN_FAILED:
		return wish == 0 || wish & SMTP_NOTIFY_FAILURE;
	case DSN_DELAYED:
		return wish == 0 || wish & SMTP_NOTIFY_DELAY;
	case DSN_DELIVERED:
	case DSN_RELAYED:
	case DSN_EXPANDED:
		return rcpt->of_original ? notify & ENVELOPE_EXPANDED : wish & SMTP_NOTIFY_SUCCESS;
	}
	return false;
}

/* Keep the recipients who want it (or who do not), and say how many. */
static size_t keep_rcpts(struct notice *n, const struct notice_rcpt *rcpts, size_t count, bool want)
{
	n->rcpts = arena_alloc(&n->arena, count * sizeof *n->rcpts);
	n->indexes = arena_alloc(&n->arena, count * sizeof *n->indexes);
	for (size_t i = 0; i < count; i++) {
		if (wanted(&n->about->envelope, &rcpts[i], n->action) != want)
			continue;
		n->rcpts[n->count] = rcpts[i];
		n->rcpts[n->count].remote = arena_copy(&n->arena, rcpts[i].remote);
		n->indexes[n->count++] = rcpts[i].rcpt;
	}
	return n->count;
}

/* Who the notice goes to, as recipients of its envelope. */
static void take_targets(struct notice *n)
{
	const struct route_targets *targets = &n->addressing.targets;
	struct envelope *e = &n->envelope;

	e->rcpts = arena_alloc(&n->arena, targets->count * sizeof *e->rcpts);
	for (size_t i = 0; i < targets->count; i++) {
		if (targets->items[i].end == ROUTE_DISCARD)
			continue;
		e->rcpts[e->rcpt_count++] = (struct envelope_rcpt){
			.address = arena_copy(&n->arena, targets->items[i].address),
			.into = arena_copy(&n->arena, targets->items[i].into),
			.original = n->to,
		};
	}
	if (e->rcpt_count == 0) { /* the address is one that vanishes */
		end_untold(n, LOG_WARNING, "given-up");
		return;
	}
	n->body = body_new(n->flow, n->about->content, original_ready, n);
	original_ready(n);
}

static void addressed(struct addressing *a);

static void address(struct notice *n, str to)
{
	struct router *router = schedule_router(dispatch_schedule(n->dispatch));

	n->to = arena_copy(&n->arena, to);
	if (addressing_begin(
		    &n->addressing, n->flow->loop, router, n->envelope.id, n->to, addressed))
		addressed(&n->addressing);
}

/* A failure of a notice, or of a sender who does not exist: postmaster is told instead. */
static void address_to_postmaster(struct notice *n)
{
	struct router *router = schedule_router(dispatch_schedule(n->dispatch));

	if (n->to_postmaster || n->action != DSN_FAILED ||
		n->about->envelope.flags & ENVELOPE_LOCAL) {
		end_untold(n, LOG_WARNING, "given-up");
		return;
	}
	n->to_postmaster = true;
	n->end = SPOOL_GIVEN_UP;
	n->envelope.flags |= ENVELOPE_LOCAL;
	address(n, router_conf(router)->postmaster.text);
}

/* It is known who that is; or nobody, or a table that could say it does not answer. */
static void addressed(struct addressing *a)
{
	struct notice *n = AROUND(a, struct notice, addressing);

	if (a->ok)
		take_targets(n);
	else if (a->table_failed && a->why.kind == FAIL_TEMPORARY)
		try_again(n);
	else
		address_to_postmaster(n);
}

static void address_and_send(struct notice *n)
{
	const struct envelope *about = &n->about->envelope;
	const struct envelope_rcpt *first = &about->rcpts[n->indexes[0]];
	str sender = to_owner(n) ? first->sender : about->sender;
	bool forged = about->flags & ENVELOPE_FORGED && !to_owner(n);

	if (sender.n > 0 && !forged)
		address(n, sender);
	else
		address_to_postmaster(n);
}

void notice_send(struct flow *f, struct dispatch *d, struct promise *m, enum dsn_action action,
	const struct notice_rcpt *rcpts, size_t count)
{
	struct notice *n = notice_new(f, d, m, action);
	struct notice *silent = notice_new(f, d, m, action);

	if (keep_rcpts(silent, rcpts, count, false) > 0)
		end_untold(silent, LOG_INFO, "given-up-as-asked");
	else
		notice_free(silent);
	if (keep_rcpts(n, rcpts, count, true) > 0)
		address_and_send(n);
	else
		notice_free(n);
}
