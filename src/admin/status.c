#include "admin/status.h"

#include "admin/json.h"
#include "base/number.h"
#include "mail/date.h"

#define ROWS_MAX 20 /* destinations on the screen; --json has all */

static const char *const tls_levels[] = { [CONF_LISTENER_OFF] = "off",
	[CONF_LISTENER_OFFERED] = "offered",
	[CONF_LISTENER_REQUIRED] = "required",
	[CONF_LISTENER_IMPLICIT] = "implicit" };

static void print_tls(const struct status *s, const struct conf_listener *l, struct buf *out)
{
	int64_t ends_ms = identities_ends_ms(s->identities, l->name);
	char date[DATE_TEXT_MAX];

	buf_putf(out, ", tls %s", tls_levels[l->tls]);
	if (ends_ms > 0)
		buf_putf(out, " until %.10s", date_print_iso(ends_ms, date));
	else if (l->tls != CONF_LISTENER_OFF)
		buf_put(out, S(", WITHOUT A CERTIFICATE"));
}

static void print_listeners(const struct status *s, struct buf *out)
{
	char at[ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < s->conf->listener_count; i++) {
		const struct conf_listener *l = &s->conf->listeners[i];

		buf_putf(out, "%-12s%.*s", i == 0 ? "listeners" : "", STR(l->name));
		for (size_t k = 0; k < l->on.count; k++)
			buf_putf(out, " %s", endpoint_print(&l->on.items[k].at, at));
		print_tls(s, l, out);
		buf_put(out, S("\n"));
	}
}

static void print_processes(const struct status *s, struct buf *out)
{
	for (size_t i = 0; i < s->process_count; i++) {
		const struct status_process *p = &s->processes[i];

		buf_putf(out, "%-12s%-8s", i == 0 ? "processes" : "", p->name);
		if (p->id > 0)
			buf_putf(out, " %u", p->id);
		else
			buf_put(out, S(" does not run"));
		if (p->restarts > 0)
			buf_putf(out, ", restarted %u time%s", p->restarts,
				p->restarts == 1 ? "" : "s");
		buf_putf(out, "%s%s\n", p->walls[0] ? ": " : "", p->walls);
	}
}

static void print_destination(
	const struct status *s, const struct schedule_destination *d, struct buf *out)
{
	char wait[NUMBER_TEXT_MAX];

	buf_putf(out, "  %-32.*s %6zu waiting, %u connection%s", STR(d->key), d->waiting, d->slots,
		d->slots == 1 ? "" : "s");
	if (schedule_destination_failures(d) > 0 &&
		schedule_destination_not_before_ms(d) > s->now_ms)
		buf_putf(out, ", again in %s",
			number_show_time(schedule_destination_not_before_ms(d) - s->now_ms, wait));
	if (schedule_destination_trouble(d)->kind != FAIL_NONE)
		buf_putf(out, ": %s", schedule_destination_trouble(d)->text);
	buf_put(out, S("\n"));
}

/* One for which nothing waits is only remembered, so that new mail waits its time, too. */
static void print_destinations(const struct status *s, struct buf *out)
{
	const struct map *destinations = schedule_destinations(s->schedule);
	size_t rows = 0, more;

	for (struct map_entry *e = map_next(destinations, NULL); e; e = map_next(destinations, e)) {
		const struct schedule_destination *d = e->value;

		if (d->waiting == 0 && d->slots == 0)
			continue;
		if (rows++ < ROWS_MAX)
			print_destination(s, d, out);
	}
	more = rows > ROWS_MAX ? rows - ROWS_MAX : 0;
	if (more > 0)
		buf_putf(out, "  and %zu more destination%s\n", more, more == 1 ? "" : "s");
}

static void print_quarantine(const struct status *s, struct buf *out)
{
	const struct quarantine_sum *sum = &s->quarantine;
	char size[NUMBER_TEXT_MAX];

	if (sum->messages > 0)
		buf_putf(out, "%-12s%llu of these messages, %s\n", "quarantine",
			(unsigned long long)sum->messages, number_show_size(sum->octets, size));
}

static void print_screen(const struct status *s, struct buf *out)
{
	struct schedule_sum sum = schedule_sum(s->schedule);
	char up[NUMBER_TEXT_MAX], age[NUMBER_TEXT_MAX], disk[NUMBER_TEXT_MAX],
		living[NUMBER_TEXT_MAX], memory[NUMBER_TEXT_MAX];

	buf_putf(out, "%-12s%.*s, generation %u, up %s, %u worker%s\n", "server",
		STR(s->conf->hostname.text), s->conf->generation,
		number_show_time(s->now_ms - s->since_ms, up), s->workers,
		s->workers == 1 ? "" : "s");
	print_processes(s, out);
	print_listeners(s, out);
	buf_putf(out, "%-12s%s%s\n", "accepting",
		s->accepting ? "yes" : "NO: ", s->accepting ? "" : s->why_not.text);
	buf_putf(out, "%-12s%u open\n", "sessions", s->sessions);
	buf_putf(out,
		"%-12s%llu sessions, %llu accepted, %llu refused, %llu delivered, %llu deferred, "
		"%llu bounced\n",
		"last minute", (unsigned long long)s->minute.sessions,
		(unsigned long long)s->minute.accepted, (unsigned long long)s->minute.refused,
		(unsigned long long)s->minute.delivered, (unsigned long long)s->minute.deferred,
		(unsigned long long)s->minute.bounced);
	buf_putf(out, "%-12s%llu accepted, %llu refused, %llu delivered, %llu bounced\n",
		"since start", (unsigned long long)s->total.accepted,
		(unsigned long long)s->total.refused, (unsigned long long)s->total.delivered,
		(unsigned long long)s->total.bounced);
	buf_putf(out, "%-12s%zu message%s, %zu recipient%s", "queue", sum.messages,
		sum.messages == 1 ? "" : "s", sum.recipients, sum.recipients == 1 ? "" : "s");
	if (sum.messages > 0)
		buf_putf(out, ", the oldest for %s",
			number_show_time(s->now_ms - sum.oldest_ms, age));
	buf_put(out, S("\n"));
	print_quarantine(s, out);
	print_destinations(s, out);
	buf_putf(out, "%-12s%s on disk, %s living, %s in memory; %llu commits in %llu syncs\n",
		"spool", number_show_size(s->spool.log_octets, disk),
		number_show_size(s->spool.living_octets, living),
		number_show_size(s->spool.memory_octets, memory),
		(unsigned long long)s->spool.commits, (unsigned long long)s->spool.syncs);
}

static json_t *numbers_json(const struct flow_numbers *n)
{
	json_t *o = json_object();

	json_put_int(o, "sessions", (int64_t)n->sessions);
	json_put_int(o, "accepted", (int64_t)n->accepted);
	json_put_int(o, "refused", (int64_t)n->refused);
	json_put_int(o, "delivered", (int64_t)n->delivered);
	json_put_int(o, "deferred", (int64_t)n->deferred);
	json_put_int(o, "bounced", (int64_t)n->bounced);
	json_put_int(o, "discarded", (int64_t)n->discarded);
	return o;
}

static json_t *destinations_json(const struct status *s)
{
	const struct map *destinations = schedule_destinations(s->schedule);
	json_t *all = json_array();

	for (struct map_entry *e = map_next(destinations, NULL); e; e = map_next(destinations, e)) {
		const struct schedule_destination *d = e->value;
		json_t *o = json_object();

		json_put_str(o, "destination", d->key);
		json_put_int(o, "waiting", (int64_t)d->waiting);
		json_put_int(o, "connections", d->slots);
		if (d->provider)
			json_put_str(o, "provider", d->provider->name);
		json_put_int(o, "failures", schedule_destination_failures(d));
		if (schedule_destination_not_before_ms(d) > s->now_ms)
			json_put_time(o, "not_before", schedule_destination_not_before_ms(d));
		if (schedule_destination_trouble(d)->kind != FAIL_NONE)
			json_put_fail(o, "trouble", schedule_destination_trouble(d));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *processes_json(const struct status *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < s->process_count; i++) {
		const struct status_process *p = &s->processes[i];
		json_t *o = json_object();

		json_put_str(o, "name", str_of(p->name));
		json_put_int(o, "pid", p->id);
		json_put_int(o, "restarts", p->restarts);
		if (p->since_ms > 0)
			json_put_time(o, "since", p->since_ms);
		if (p->walls[0])
			json_put_str(o, "walls", str_of(p->walls));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *listeners_json(const struct status *s)
{
	json_t *all = json_array();
	char at[ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < s->conf->listener_count; i++) {
		const struct conf_listener *l = &s->conf->listeners[i];
		int64_t ends_ms = identities_ends_ms(s->identities, l->name);
		char date[DATE_TEXT_MAX];

		for (size_t k = 0; k < l->on.count; k++) {
			json_t *o = json_object();

			json_put_str(o, "name", l->name);
			json_put_str(o, "on", str_of(endpoint_print(&l->on.items[k].at, at)));
			json_put_str(o, "tls", str_of(tls_levels[l->tls]));
			if (ends_ms > 0)
				json_put_str(o, "certificate_ends",
					str_first(str_of(date_print_iso(ends_ms, date)), 10));
			json_array_append_new(all, o);
		}
	}
	return all;
}

static void print_json(const struct status *s, struct buf *out)
{
	struct schedule_sum sum = schedule_sum(s->schedule);
	json_t *o = json_object(), *queue = json_object(), *spool = json_object();

	json_put_str(o, "hostname", s->conf->hostname.text);
	json_put_int(o, "generation", s->conf->generation);
	json_put_time(o, "since", s->since_ms);
	json_put_int(o, "workers", s->workers);
	json_put_bool(o, "accepting", s->accepting);
	if (!s->accepting)
		json_put_fail(o, "why_not", &s->why_not);
	json_object_set_new(o, "processes", processes_json(s));
	json_object_set_new(o, "listeners", listeners_json(s));
	json_put_int(o, "sessions", s->sessions);
	json_object_set_new(o, "last_minute", numbers_json(&s->minute));
	json_object_set_new(o, "since_start", numbers_json(&s->total));
	json_put_int(queue, "messages", (int64_t)sum.messages);
	json_put_int(queue, "recipients", (int64_t)sum.recipients);
	if (sum.messages > 0)
		json_put_time(queue, "oldest", sum.oldest_ms);
	json_object_set_new(queue, "destinations", destinations_json(s));
	json_put_int(queue, "quarantined", (int64_t)s->quarantine.messages);
	json_put_int(queue, "quarantined_octets", (int64_t)s->quarantine.octets);
	json_object_set_new(o, "queue", queue);
	json_put_int(spool, "log_octets", (int64_t)s->spool.log_octets);
	json_put_int(spool, "living_octets", (int64_t)s->spool.living_octets);
	json_put_int(spool, "memory_octets", (int64_t)s->spool.memory_octets);
	json_put_int(spool, "commits", (int64_t)s->spool.commits);
	json_put_int(spool, "syncs", (int64_t)s->spool.syncs);
	json_put_bool(spool, "fenced", s->spool.fenced);
	json_object_set_new(o, "spool", spool);
	json_print(o, out);
}

void status_print(const struct status *s, bool json, struct buf *out)
{
	if (json)
		print_json(s, out);
	else
		print_screen(s, out);
}
