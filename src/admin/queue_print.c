#include "admin/queue_print.h"

#include "admin/json.h"
#include "base/log.h"
#include "base/number.h"
#include "world/clock.h"

static const char *state_name(const struct promise_rcpt *r)
{
	switch (r->state) {
	case SPOOL_WAITING:
		return r->in_hand ? "in hand" : r->held ? "held" : "waiting";
	case SPOOL_DELIVERED:
		return "delivered";
	case SPOOL_BOUNCED:
		return "bounced";
	case SPOOL_DISCARDED:
		return "discarded";
	case SPOOL_GIVEN_UP:
		return "given up";
	case SPOOL_DELETED:
		return "deleted";
	case SPOOL_HELD:
		return "held";
	}
	return "";
}

/* What is known of why a recipient waits; kind FAIL_NONE: nothing. */
static struct fail reason(struct dispatch *d, const struct promise *m, size_t rcpt)
{
	struct route_mail mail = promise_mail(m, rcpt);
	struct fail why = { 0 };
	struct route_way way;
	struct arena a;

	arena_init(&a, ARENA_UNLIMITED);
	if (m->rcpts[rcpt].last)
		why = m->rcpts[rcpt].last->fail;
	else if (route_find(schedule_router(dispatch_schedule(d)), &a, &mail, &way, NULL))
		schedule_destination_why(dispatch_schedule(d), &way, &why);
	arena_free(&a);
	return why;
}

/* When it will be discarded, if nobody releases it; 0: never. */
static int64_t ends_ms(struct dispatch *d, const struct promise *m, size_t rcpt)
{
	const struct promise_rcpt *r = &m->rcpts[rcpt];

	if (!r->quarantined || r->state != SPOOL_WAITING || r->in_hand)
		return 0;
	return m->envelope.received_ms +
	       router_conf(schedule_router(dispatch_schedule(d)))->quarantine.keep_ms;
}

static json_t *rcpt_json(struct dispatch *d, const struct promise *m, size_t i)
{
	const struct envelope_rcpt *e = &m->envelope.rcpts[i];
	struct fail why = reason(d, m, i);
	json_t *o = json_object();

	json_put_str(o, "address", e->address);
	if (!str_eq(e->original, e->address))
		json_put_str(o, "original", e->original);
	json_put_str(o, "state", str_of(state_name(&m->rcpts[i])));
	json_put_int(o, "attempts", m->rcpts[i].attempts);
	if (m->rcpts[i].state == SPOOL_WAITING && m->rcpts[i].next_ms > 0)
		json_put_time(o, "next", m->rcpts[i].next_ms);
	if (ends_ms(d, m, i) > 0)
		json_put_time(o, "kept_until", ends_ms(d, m, i));
	if (why.kind != FAIL_NONE)
		json_put_fail(o, "reason", &why);
	return o;
}

static json_t *message_json(
	struct dispatch *d, const struct promise *m, const bool *wanted, bool whole)
{
	json_t *o = json_object(), *rcpts = json_array();
	char ip[IP_TEXT_MAX];

	json_put_id(o, "id", m->envelope.id);
	json_put_id(o, "session", m->envelope.session_id);
	json_put_str(o, "sender", m->envelope.sender);
	json_put_time(o, "received", m->envelope.received_ms);
	json_put_int(o, "octets", (int64_t)m->envelope.octets);
	json_put_str(o, "client", str_of(ip_print(&m->envelope.client, ip)));
	json_put_str(o, "helo", m->envelope.helo);
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		if (whole || wanted[i])
			json_array_append_new(rcpts, rcpt_json(d, m, i));
	json_object_set_new(o, "recipients", rcpts);
	return o;
}

static void print_rcpt(struct dispatch *d, const struct promise *m, size_t i, struct buf *out)
{
	struct fail why = reason(d, m, i);
	int64_t wait_ms = m->rcpts[i].next_ms - clock_wall_ms();
	char text[NUMBER_TEXT_MAX];

	buf_putf(out, "    %.*s  %s", STR(m->envelope.rcpts[i].address), state_name(&m->rcpts[i]));
	if (m->rcpts[i].attempts > 0)
		buf_putf(out, ", tried %u time%s", m->rcpts[i].attempts,
			m->rcpts[i].attempts == 1 ? "" : "s");
	if (m->rcpts[i].state == SPOOL_WAITING && wait_ms > 0)
		buf_putf(out, ", again in %s", number_show_time(wait_ms, text));
	if (ends_ms(d, m, i) > 0)
		buf_putf(out, ", kept for %s",
			number_show_time(ends_ms(d, m, i) - clock_wall_ms(), text));
	if (why.kind != FAIL_NONE)
		buf_putf(out, ": %s", why.text);
	buf_put(out, S("\n"));
}

static void message_text(struct dispatch *d, const struct promise *m, const bool *wanted,
	bool whole, struct buf *out)
{
	char id[LOG_ID_TEXT_MAX], size[NUMBER_TEXT_MAX], age[NUMBER_TEXT_MAX], ip[IP_TEXT_MAX];

	buf_putf(out, "%s  %s  %s old  from <%.*s>\n", log_id_print(m->envelope.id, id),
		number_show_size(m->envelope.octets, size),
		number_show_time(clock_wall_ms() - m->envelope.received_ms, age),
		STR(m->envelope.sender));
	if (whole)
		buf_putf(out, "    from client %s, helo %.*s, session %s\n",
			ip_print(&m->envelope.client, ip), STR(m->envelope.helo),
			log_id_print(m->envelope.session_id, id));
	for (size_t i = 0; i < m->envelope.rcpt_count; i++)
		if (whole || wanted[i])
			print_rcpt(d, m, i, out);
}

void queue_print(struct dispatch *d, const struct promise *m, const bool *wanted, bool whole,
	bool json, struct buf *out)
{
	if (json)
		json_print_line(message_json(d, m, wanted, whole), out);
	else
		message_text(d, m, wanted, whole, out);
}
