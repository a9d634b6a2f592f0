#include "world/resolve.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <unbound.h>
#include <unbound-event.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "dns/packet.h"
#include "dns/zone.h"
#include "world/file.h"
#include "world/loop_event.h"

#define CLASS_IN 1

struct resolver {
	struct loop *loop;
	struct ub_ctx *unbound; /* one of the two is null */
	struct dns_zone *zone;
	struct map open; /* of questions by their key */
	struct loop_task close;
	bool closing;
};

/* What is asked of libunbound once, for all who ask it meanwhile. */
struct question {
	struct resolver *resolver;
	struct list queries;
	struct loop_timer deadline;
	int async_id;
	bool asking; /* ub_resolve_event has not returned: a cached answer comes from inside it */
	bool answered;
	size_t key_n;
	char key[DNS_NAME_MAX + 8];
};

/* What all queries of a question get; records are copied for each. */
struct answer {
	enum resolve_outcome outcome;
	enum resolve_trust trust;
	const struct dns_records *records;
	char trouble[96];
};

static void set_trouble(struct answer *a, const char *why)
{
	a->outcome = RESOLVE_TROUBLE;
	fail_clean(str_of(why), a->trouble, sizeof a->trouble);
}

/* --- answers -----------------------------------------------------------------------------------
 */

static void on_answered(struct loop_task *task)
{
	struct resolve_query *q = AROUND(task, struct resolve_query, task);

	q->answered(q);
}

static struct dns_records *copy_records(const struct dns_records *from)
{
	struct dns_builder *b = dns_builder_new();

	for (size_t i = 0; i < from->count; i++)
		if (!dns_builder_add(b, &from->records[i]))
			break; /* cannot be: it was added before */
	return dns_builder_finish(b);
}

static void answer_query(struct resolve_query *q, const struct answer *a)
{
	q->outcome = a->outcome;
	q->trust = a->trust;
	q->records = a->records ? copy_records(a->records) : NULL;
	memcpy(q->trouble, a->trouble, sizeof q->trouble);
	q->task.run = on_answered;
	loop_post(q->loop, &q->task);
}

static void answer_question(struct question *question, const struct answer *a)
{
	struct resolver *r = question->resolver;

	LIST_EACH_SAFE (link, &question->queries) {
		list_remove(link);
		answer_query(AROUND(link, struct resolve_query, link), a);
	}
	loop_timer_cancel(r->loop, &question->deadline);
	map_remove(&r->open, str_from(question->key, question->key_n));
	question->answered = true;
	if (!question->asking)
		mem_free(question);
}

/* --- libunbound --------------------------------------------------------------------------------
 */

static void read_packet(
	struct answer *a, str packet, enum dns_type type, struct dns_records **records)
{
	struct dns_builder *b = dns_builder_new();
	struct dns_packet read;
	bool good = dns_packet_read(packet, type, b, &read);

	*records = dns_builder_finish(b);
	if (!good)
		set_trouble(a, "malformed answer");
	else if (read.rcode == DNS_RCODE_NXDOMAIN)
		a->outcome = RESOLVE_NO_NAME;
	else if (read.rcode != DNS_RCODE_NONE)
		set_trouble(a, "server failure");
	else if (read.added > 0)
		a->outcome = RESOLVE_FOUND;
	else if (read.refused > 0)
		set_trouble(a, "unusable records");
	else
		a->outcome = RESOLVE_NO_DATA;
	if (a->outcome == RESOLVE_FOUND)
		a->records = *records;
}

/* From libunbound.  It must not be asked anything from here: a cached answer would call back at
 * once, and the stack would grow without limit. */
static void on_unbound(void *owner, int rcode, void *packet, int packet_octets, int security,
	char *why_bogus, int was_ratelimited)
{
	struct question *question = owner;
	struct resolve_query *first =
		AROUND(list_first(&question->queries), struct resolve_query, link);
	struct dns_records *records = NULL;
	struct answer a = { .trust = security == 2 ? RESOLVE_SECURE : RESOLVE_INSECURE };

	(void)was_ratelimited;
	loop_enter(question->resolver->loop);
	if (security == 1) {
		set_trouble(&a, why_bogus ? why_bogus : "DNSSEC validation failed");
		a.trust = RESOLVE_BOGUS;
	} else if (rcode == DNS_RCODE_NXDOMAIN) {
		a.outcome = RESOLVE_NO_NAME;
	} else if (rcode != DNS_RCODE_NONE || !packet || packet_octets < 0) {
		set_trouble(&a, "server failure");
	} else {
		read_packet(&a, str_from(packet, (size_t)packet_octets), first->type, &records);
	}
	answer_question(question, &a);
	dns_records_free(records);
}

static void on_deadline(struct loop_timer *timer)
{
	struct question *question = AROUND(timer, struct question, deadline);
	struct answer a = { 0 };

	(void)ub_cancel(question->resolver->unbound, question->async_id);
	set_trouble(&a, "timed out");
	answer_question(question, &a);
}

static void ask_unbound(struct resolver *r, struct question *question, struct resolve_query *q)
{
	struct answer a = { 0 };
	int failed;

	question->asking = true;
	failed = ub_resolve_event(r->unbound, q->name, (int)q->type, CLASS_IN, question, on_unbound,
		&question->async_id);
	question->asking = false;
	if (question->answered) {
		mem_free(question);
	} else if (failed) {
		set_trouble(&a, ub_strerror(failed));
		answer_question(question, &a);
	}
}

/* --- questions ---------------------------------------------------------------------------------
 */

static void ask_zone(struct resolver *r, struct resolve_query *q)
{
	struct answer a = { 0 };
	struct dns_records *records = NULL;

	switch (dns_zone_find(r->zone, str_of(q->name), q->type, &records)) {
	case ZONE_FOUND:
		a.outcome = RESOLVE_FOUND;
		a.records = records;
		break;
	case ZONE_NO_NAME:
		a.outcome = RESOLVE_NO_NAME;
		break;
	case ZONE_NO_DATA:
		a.outcome = RESOLVE_NO_DATA;
		break;
	case ZONE_SERVFAIL:
		set_trouble(&a, "server failure");
		break;
	case ZONE_TIMEOUT: /* said at once: nobody learns anything from waiting */
		set_trouble(&a, "timed out");
		break;
	}
	answer_query(q, &a);
	dns_records_free(records);
}

static void refuse(struct resolve_query *q, const char *why)
{
	struct answer a = { 0 };

	set_trouble(&a, why);
	answer_query(q, &a);
}

static void ask_together(struct resolver *r, struct resolve_query *q)
{
	char key[DNS_NAME_MAX + 8];
	int key_n = snprintf(key, sizeof key, "%u %s", (unsigned)q->type, q->name);
	struct question *question = map_get(&r->open, str_from(key, (size_t)key_n));

	if (question) {
		list_append(&question->queries, &q->link);
		return;
	}
	if (r->open.count >= RESOLVE_OPEN_MAX) {
		refuse(q, "too many questions at once");
		return;
	}
	question = MEM_NEW(struct question);
	question->resolver = r;
	list_init(&question->queries);
	list_append(&question->queries, &q->link);
	question->key_n = (size_t)key_n;
	memcpy(question->key, key, question->key_n);
	map_set(&r->open, str_from(key, (size_t)key_n), question);
	question->deadline.run = on_deadline;
	loop_timer_set(r->loop, &question->deadline, loop_now_ms(r->loop) + RESOLVE_MS_MAX);
	ask_unbound(r, question, q);
}

static void on_asked(struct loop_task *task)
{
	struct resolve_query *q = AROUND(task, struct resolve_query, task);
	struct resolver *r = q->resolver;
	struct answer no_name = { .outcome = RESOLVE_NO_NAME };

	if (q->name[0] == '\0')
		answer_query(q, &no_name);
	else if (r->closing)
		refuse(q, "shutting down");
	else if (r->zone)
		ask_zone(r, q);
	else
		ask_together(r, q);
}

void resolve_query_init(struct resolve_query *q, struct loop *loop, str name, enum dns_type type,
	void (*answered)(struct resolve_query *q))
{
	*q = (struct resolve_query){ .loop = loop, .answered = answered, .type = type };
	if (str_ends(name, S(".")))
		name.n--;
	if (name.n > DNS_NAME_MAX)
		name.n = 0; /* no such name can exist */
	for (size_t i = 0; i < name.n; i++)
		q->name[i] = ascii_lower(name.p[i]);
}

void resolve_ask(struct resolver *r, struct resolve_query *q)
{
	q->resolver = r;
	q->task.run = on_asked;
	loop_post(r->loop, &q->task);
}

/* --- opening and closing -----------------------------------------------------------------------
 */

/* Written so that what the configuration says is what happens: names and networks that unbound
 * would answer itself are asked like all others. */
static const struct {
	const char *word, *value;
} options[] = {
	{"do-not-query-localhost:",  "no"  }, /* a resolver on this machine is a good one */
	{ "unblock-lan-zones:",      "yes" }, /* PTR of private addresses */
	{ "insecure-lan-zones:",     "yes" },
	{ "infra-keep-probing:",     "yes" }, /* a server that was down is found again soon */
	{ "num-queries-per-thread:", "4096"},
};

static bool set_servers(struct ub_ctx *u, const struct resolve_setup *setup)
{
	for (size_t i = 0; i < setup->server_count; i++) {
		const struct endpoint *at = &setup->servers[i];
		char ip[IP_TEXT_MAX], text[IP_TEXT_MAX + 8];

		snprintf(text, sizeof text, "%s@%u", ip_print(&at->ip, ip),
			(unsigned)(at->port ? at->port : 53));
		if (ub_ctx_set_fwd(u, text) != 0)
			return false;
	}
	if (setup->server_count == 0) {
		/* without these files: no forwarder, it walks down from the root */
		(void)ub_ctx_resolvconf(u, NULL);
		(void)ub_ctx_hosts(u, NULL);
	}
	return true;
}

static bool set_up_unbound(struct resolver *r, const struct resolve_setup *setup, struct fail *why)
{
	struct ub_ctx *u = ub_ctx_create_event(loop_base(r->loop));
	bool good = u != NULL;
	int failed;

	r->unbound = u;
	if (good)
		(void)ub_ctx_debugout(u, NULL); /* our answers say what went wrong */
	for (size_t i = 0; good && i < LENGTH(options); i++)
		good = ub_ctx_set_option(u, options[i].word, options[i].value) == 0;
	if (!good || !set_servers(u, setup))
		return fail_with(why, FAIL_TEMPORARY, "4.4.3", "cannot set up the resolver");
	if (setup->anchor_file && ub_ctx_add_ta_file(u, setup->anchor_file) != 0)
		return fail_with(why, FAIL_TEMPORARY, "4.4.3", "cannot read the trust anchor %s",
			setup->anchor_file);
	/* The zone that unbound would deny, and the moment at which it reads its files. */
	failed = ub_ctx_zone_add(u, "test.", "transparent");
	if (failed && setup->anchor_file)
		return fail_with(why, FAIL_TEMPORARY, "4.4.3", "cannot use the trust anchor %s: %s",
			setup->anchor_file, ub_strerror(failed));
	if (failed)
		return fail_with(why, FAIL_TEMPORARY, "4.4.3", "cannot set up the resolver: %s",
			ub_strerror(failed));
	return true;
}

static bool read_zone(struct resolver *r, const char *path, struct fail *why)
{
	struct arena a;
	str text;

	arena_init(&a, FILE_OCTETS_MAX);
	if (file_read(&a, str_of(path), &text, why)) {
		r->zone = dns_zone_parse(text, why);
		if (!r->zone) {
			struct fail inner = *why;

			fail_with(why, inner.kind, inner.status, "%s:%s", path, inner.text);
		}
	}
	arena_free(&a);
	return r->zone != NULL;
}

static void on_close(struct loop_task *task)
{
	struct resolver *r = AROUND(task, struct resolver, close);
	struct map_entry *entry;
	struct answer a = { 0 };

	r->closing = true;
	set_trouble(&a, "shutting down");
	while ((entry = map_next(&r->open, NULL))) {
		struct question *question = entry->value;

		(void)ub_cancel(r->unbound, question->async_id);
		answer_question(question, &a);
	}
	loop_stop(r->loop);
}

static void free_resolver(struct resolver *r)
{
	if (r->unbound)
		ub_ctx_delete(r->unbound);
	dns_zone_free(r->zone);
	map_free(&r->open);
	loop_free(r->loop);
	mem_free(r);
}

struct resolver *resolve_open(const struct resolve_setup *setup, struct fail *why)
{
	struct resolver *r = MEM_NEW(struct resolver);

	r->close.run = on_close;
	r->loop = loop_new("resolver");
	if (setup->zone_file ? read_zone(r, setup->zone_file, why)
			     : set_up_unbound(r, setup, why)) {
		loop_start(r->loop);
		return r;
	}
	free_resolver(r);
	return NULL;
}

void resolve_close(struct resolver *r)
{
	if (!r)
		return;
	loop_post(r->loop, &r->close);
	loop_join(r->loop);
	free_resolver(r);
}
