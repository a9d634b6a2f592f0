/*
 * test/sim/outage - a large provider is away for two days, told with the whole daemon
 *
 *	sim_outage [--messages N] [--verbose]
 *
 * Mail for it comes in all the time, and a little for others.  The same three days are lived twice,
 * with the outage and without.  Wrong is: another one's mail that is later for it; a second
 * connection to the provider while it is away; afterwards, more connections than it lets us see
 * successes for, or than are allowed; a warning or a bounce at another time than the configuration
 * says; a message without its one end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/number.h"
#include "test/sim/dns.h"
#include "test/sim/net.h"
#include "test/sim/pivot.h"
#include "test/sim/sim.h"
#include "test/sim/store.h"
#include "test/sim/trace.h"
#include "world/sock.h"

#define MESSAGES 3000 /* to the provider, in the two days */
#define MESSAGES_MAX 200000
#define DOMAINS 50
#define MINUTE_NS (60 * SIM_S)
#define HOUR_NS (60 * MINUTE_NS)
#define DAY_NS (24 * HOUR_NS)
#define OUTAGE_NS (2 * DAY_NS)
#define OTHER_EVERY_NS (2 * MINUTE_NS)
#define WARN_NS (4 * HOUR_NS)
#define LIFETIME_NS DAY_NS
#define SLACK_NS (3 * MINUTE_NS) /* timers, and the way of a report */
#define CONNECTIONS 4
#define SETTLE_NS (5 * SIM_S) /* those that were on their way when it went */
#define OCTETS_A_MESSAGE 1024 /* that waits, in the daemon's memory; more than that is a leak */
#define BASE_OCTETS (24 << 20)

static const char settings[] =
	"hostname pivot.test\npostmaster pm@sender.test\n"
	"directories { spool /spool; state /state; run /run }\n"
	"resolver { zone zone.txt }\nrelay-for 10.0.1.0/24\n"
	"listen mx { on 10.0.0.1:25; tls off }\n"
	"transport out { smtp; connections 4; tls none }\nroute * { transport out }\n"
	"queue { retry 5m 10m 20m 1h; warn 4h; lifetime 1d; reserve 1M; memory 4M }\n";

struct letter_end {
	int64_t sent_ns, came_ns, warned_ns, bounced_ns; /* 0: it has not */
	bool big;
};

static struct outage {
	struct node *pivot, *hosts, *clients;
	struct loop *host_loop, *client_loop;
	int64_t begun_ns, up_ns; /* from when on the provider is there again */
	size_t big_count;
	struct letter_end *letters;
	size_t count, accepted, ended;
	int64_t next_big_ns, next_other_ns;
	unsigned big_open, big_most, successes;
	struct loop_timer timer; /* the next message */
	unsigned clients_open;
	size_t held_most, waiting_most;
} o;

static int64_t here_ns(void)
{
	return sim_here_ns() - o.begun_ns;
}

static bool away(void)
{
	return here_ns() < o.up_ns;
}

/* --- next hops: the provider, and one that has all others and the senders --- */

struct host_session {
	struct sock *sock;
	struct buf in, body;
	struct loop_timer timer;
	bool big, in_body, open;
	char rcpt[64];
};

static void session_over(struct host_session *s, bool politely)
{
	if (s->open && s->big)
		o.big_open--;
	s->open = false;
	loop_timer_cancel(o.host_loop, &s->timer);
	if (s->sock && politely)
		sock_finish(s->sock);
	else if (s->sock)
		sock_close(s->sock);
	s->sock = NULL;
	buf_free(&s->in);
	buf_free(&s->body);
}

static size_t number_of(str address)
{
	uint64_t n = 0;

	(void)!number_parse(
		str_first(str_skip(address, 1), str_find(address, '@') - 1), MESSAGES_MAX * 2, &n);
	return n < o.count ? n : 0;
}

static void once(int64_t *at_ns, const char *what, size_t number)
{
	if (*at_ns != 0)
		sim_fail("P2: message %zu %s twice", number, what);
	*at_ns = here_ns();
}

static void report(str text)
{
	size_t at = str_find_str(text, S("Final-Recipient: rfc822;"));
	str address = str_trim(str_skip(text, at + 24));
	size_t number = number_of(str_first(address, str_find(address, '\r')));
	struct letter_end *l = &o.letters[number];
	bool failed = str_find_str(text, S("Action: failed")) < text.n;
	int64_t age_ns = here_ns() - l->sent_ns, due_ns = failed ? LIFETIME_NS : WARN_NS;

	if (at == text.n || number == 0 || !l->big) {
		sim_fail("a report about nothing that was late");
		return;
	}
	once(failed ? &l->bounced_ns : &l->warned_ns, failed ? "bounced" : "was warned of", number);
	if (age_ns < due_ns - SIM_S || age_ns > due_ns + SLACK_NS)
		sim_fail("message %zu: its %s came after %lld s", number,
			failed ? "bounce" : "warning", (long long)(age_ns / SIM_S));
	o.ended += failed;
}

static void arrived(struct host_session *s)
{
	str rcpt = str_of(s->rcpt);
	size_t number = number_of(rcpt);

	if (str_ends(rcpt, S("@sender.test"))) {
		report(buf_str(&s->body));
	} else if (number == 0) {
		sim_fail("P6: a message that nobody sent came to %s", s->rcpt);
	} else {
		once(&o.letters[number].came_ns, "came", number);
		o.ended++;
		o.successes += s->big;
	}
	buf_clear(&s->body);
}

static void say(struct host_session *s, const char *line)
{
	sock_send(s->sock, str_of(line));
	sock_send(s->sock, S("\r\n"));
}

static void command(struct host_session *s, str line)
{
	size_t end = str_find(line, '>'), begin = str_find(line, '<') + 1;

	if (str_starts_nocase(line, S("RCPT")))
		str_to_c(str_skip(str_first(line, end), begin), s->rcpt, sizeof s->rcpt);
	s->in_body = str_starts_nocase(line, S("DATA"));
	if (str_starts_nocase(line, S("EHLO")))
		say(s, "250-host.test\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME");
	else if (str_starts_nocase(line, S("QUIT")))
		say(s, "221 2.0.0 bye");
	else
		say(s, s->in_body ? "354 go" : "250 2.0.0 ok");
}

static size_t host_received(void *owner, str bytes)
{
	struct host_session *s = owner;
	size_t end;

	buf_put(&s->in, bytes);
	while (s->sock && (end = str_find_str(buf_str(&s->in), S("\r\n"))) < buf_str(&s->in).n) {
		str line = str_first(buf_str(&s->in), end);

		if (!s->in_body) {
			command(s, line);
		} else if (str_eq(line, S("."))) {
			s->in_body = false;
			arrived(s);
			say(s, "250 2.0.0 taken");
		} else {
			buf_put(&s->body, line);
			buf_put(&s->body, S("\r\n"));
		}
		buf_take(&s->in, end + 2);
	}
	return bytes.n;
}

static void host_closed(void *owner, const struct fail *why)
{
	(void)why;
	session_over(owner, false);
}

static const struct sock_handler host_handler = { host_received, NULL, host_closed, NULL, NULL };

static void host_timer(struct loop_timer *timer)
{
	session_over(AROUND(timer, struct host_session, timer), true);
}

/* One probe while it is away; then one connection more with each round of successes. */
static void count_connections(void)
{
	o.big_open++;
	if (o.big_open > o.big_most)
		o.big_most = o.big_open;
	if (o.big_open > CONNECTIONS)
		sim_fail("P9: %u connections to the provider", o.big_open);
	if (away() && here_ns() > SETTLE_NS && o.big_open > 1)
		sim_fail("P9: a second connection to a provider that is away");
	if (o.up_ns > 0 && !away() && o.big_open > 1 + o.successes)
		sim_fail("P9: %u connections after %u successes", o.big_open, o.successes);
}

static void host_accepted(
	void *owner, struct sock *sock, const struct endpoint *peer, const struct endpoint *local)
{
	struct host_session *s = sim_alloc(sizeof *s);

	(void)peer;
	(void)local;
	s->sock = sock;
	s->big = owner;
	s->open = true;
	s->timer.run = host_timer;
	sock_own(sock, &host_handler, s);
	if (s->big)
		count_connections();
	if (s->big && away()) /* it takes the connection, and dies */
		loop_timer_set(o.host_loop, &s->timer, loop_now_ms(o.host_loop) + 300);
	else
		say(s, "220 host.test ESMTP");
}

static void boot_hosts(void *owner)
{
	static const char *const ips[] = { "10.0.2.2", "10.0.2.1" };

	(void)owner;
	o.host_loop = loop_new("hosts");
	loop_start(o.host_loop);
	for (size_t i = 0; i < LENGTH(ips); i++) {
		struct endpoint at = { .port = 25 };
		struct fail why;

		if (!ip_parse(str_of(ips[i]), &at.ip))
			abort();
		(void)!sock_listen(
			o.host_loop, sock_bind(&at, 0, &why), host_accepted, i == 1 ? &o : NULL);
	}
}

/* --- who sends --- */

struct client {
	struct sock *sock;
	struct buf in;
	size_t number;
	unsigned step;
};

static void client_say(struct client *c)
{
	struct letter_end *l = &o.letters[c->number];
	char text[256];

	switch (c->step++) {
	case 0:
		sock_send(c->sock, S("EHLO client.test\r\n"));
		return;
	case 1:
		sock_send(c->sock, S("MAIL FROM:<s@sender.test>\r\n"));
		return;
	case 2:
		snprintf(text, sizeof text, "RCPT TO:<m%zu@d%zu.%s.test>\r\n", c->number,
			c->number % DOMAINS, l->big ? "big" : "other");
		sock_send(c->sock, str_of(text));
		return;
	case 3:
		sock_send(c->sock, S("DATA\r\n"));
		return;
	case 4:
		snprintf(text, sizeof text,
			"Date: Tue, 24 Nov 2026 00:00:00 +0000\r\nFrom: s@sender.test\r\n"
			"Subject: no. %zu\r\n\r\nWords.\r\n.\r\n",
			c->number);
		sock_send(c->sock, str_of(text));
		return;
	case 5:
		l->sent_ns = here_ns();
		o.accepted++;
		sock_send(c->sock, S("QUIT\r\n"));
		return;
	}
}

static size_t client_received(void *owner, str bytes)
{
	struct client *c = owner;
	str in;

	buf_put(&c->in, bytes);
	in = buf_str(&c->in);
	if (!str_ends(in, S("\r\n")))
		return bytes.n;
	in = str_first(in, in.n - 2);
	if (str_has(in, '\n')) /* the last line of several */
		in = str_skip(in, str_find_last(in, '\n') + 1);
	if (in.p[0] != '2' && in.p[0] != '3')
		sim_fail("a client heard %.*s", STR(in));
	if (in.n > 3 && in.p[3] == ' ') {
		buf_clear(&c->in);
		client_say(c);
	}
	return bytes.n;
}

static void client_closed(void *owner, const struct fail *why)
{
	struct client *c = owner;

	(void)why;
	if (c->step < 6)
		sim_fail("a client was left alone");
	sock_close(c->sock);
	buf_free(&c->in);
	o.clients_open--;
	mem_free(c);
}

static void client_connected(void *owner)
{
	(void)owner;
}

static const struct sock_handler client_handler = { client_received, NULL, client_closed,
	client_connected, NULL };

static void send_one(bool big)
{
	struct client *c = MEM_NEW(struct client);
	struct endpoint at = { .ip = o.pivot->ip, .port = 25 };

	c->number = o.count++;
	o.letters[c->number].big = big;
	o.clients_open++;
	c->sock = sock_connect(o.client_loop, &at, NULL, &client_handler, c);
}

/* Behind the outage the provider gets a tenth of it: what waits is to go meanwhile. */
static void client_timer(struct loop_timer *timer)
{
	int64_t big_every_ns = OUTAGE_NS / (int64_t)o.big_count, now_ns = here_ns(), next_ns;

	if (now_ns >= o.next_big_ns) {
		send_one(true);
		o.next_big_ns += now_ns < OUTAGE_NS ? big_every_ns : 10 * big_every_ns;
	}
	if (now_ns >= o.next_other_ns) {
		send_one(false);
		o.next_other_ns += OTHER_EVERY_NS;
	}
	if (o.accepted - o.ended > o.waiting_most) {
		o.waiting_most = o.accepted - o.ended;
		o.held_most = o.pivot->held_octets;
	}
	next_ns = o.next_big_ns < o.next_other_ns ? o.next_big_ns : o.next_other_ns;
	if (next_ns < OUTAGE_NS + DAY_NS)
		loop_timer_set(o.client_loop, timer,
			loop_now_ms(o.client_loop) + (next_ns - now_ns) / SIM_MS + 1);
}

static void boot_clients(void *owner)
{
	(void)owner;
	o.client_loop = loop_new("clients");
	loop_start(o.client_loop);
	o.timer.run = client_timer;
	loop_timer_set(o.client_loop, &o.timer, loop_now_ms(o.client_loop) + 1000);
}

/* --- three days --- */

static str zone_make(void)
{
	struct buf b = { 0 };

	buf_put(&b, S("sender.test MX 10 mx.other.test\nmx.other.test A 10.0.2.2\n"
		      "mx.big.test A 10.0.2.1\n"));
	for (unsigned i = 0; i < DOMAINS; i++)
		buf_putf(&b, "d%u.big.test MX 10 mx.big.test\nd%u.other.test MX 10 mx.other.test\n",
			i, i);
	return buf_str(&b); /* of the world: it goes with it */
}

static bool all_over(void *owner)
{
	(void)owner;
	return o.clients_open == 0 && o.ended == o.count - 1;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Of the others: from its 250 to its arrival. */
static int64_t p99_of_others(void)
{
	int64_t *waits = mem_alloc(o.count * sizeof *waits), p99;
	size_t n = 0;

	for (size_t i = 1; i < o.count; i++)
		if (!o.letters[i].big)
			waits[n++] = o.letters[i].came_ns - o.letters[i].sent_ns;
	qsort(waits, n, sizeof *waits, by_size);
	p99 = waits[n * 99 / 100];
	mem_free(waits);
	return p99;
}

/* Who came more than a lifetime before it was there again has bounced; he and who waited for long
 * enough were warned of; nobody else. */
static void judge_ends(void)
{
	for (size_t i = 1; i < o.count && !sim.failed; i++) {
		const struct letter_end *l = &o.letters[i];
		int64_t waited_ns = l->came_ns - l->sent_ns;

		if ((l->came_ns > 0) == (l->bounced_ns > 0))
			sim_fail("P2: message %zu has not one end", i);
		else if (l->bounced_ns > 0 && l->warned_ns == 0)
			sim_fail("message %zu bounced, and nobody was warned", i);
		else if (l->came_ns > 0 && waited_ns > WARN_NS + SLACK_NS && l->warned_ns == 0)
			sim_fail("message %zu came after %lld s, and nobody was warned", i,
				(long long)(waited_ns / SIM_S));
		else if (l->bounced_ns > 0 && l->sent_ns > OUTAGE_NS - LIFETIME_NS + HOUR_NS)
			sim_fail("message %zu was given up, and the provider was there again", i);
	}
	if (o.up_ns > 0 && o.big_most != CONNECTIONS)
		sim_fail("the provider was never opened again as a whole");
	if (o.held_most > BASE_OCTETS + o.waiting_most * OCTETS_A_MESSAGE)
		sim_fail("P8: the daemon held %zu octets, with %zu messages", o.held_most,
			o.waiting_most);
}

static bool live(size_t messages, bool outage, int64_t *p99_ns)
{
	size_t bounced = 0, warned = 0;

	sim_open(1);
	o = (struct outage){ .big_count = messages, .up_ns = outage ? OUTAGE_NS : 0, .count = 1 };
	o.letters =
		sim_alloc((messages * 2 + 3 * DAY_NS / OTHER_EVERY_NS + 100) * sizeof *o.letters);
	net_faults.latency_ns_max = 2 * SIM_MS;
	dns_faults = (struct dns_faults){ .zone = zone_make(), .latency_ns_max = 20 * SIM_MS };
	o.pivot = sim_node("pivot", "10.0.0.1");
	o.pivot->store = store_new();
	o.pivot->store->faults.stall_per_mille = 0;
	pivot_new(o.pivot, &(struct pivot_rules){ .whole = S(settings) });
	pivot_sizes(8 << 20, BASE_OCTETS + messages * OCTETS_A_MESSAGE);
	o.hosts = sim_node("hosts", "10.0.2.1");
	sim_boot(o.hosts, boot_hosts, NULL);
	if (!pivot_boot())
		sim_fail("the pivot does not start");
	o.begun_ns = sim.now_ns;
	o.clients = sim_node("clients", "10.0.1.1");
	sim_boot(o.clients, boot_clients, NULL);
	sim_run(sim.now_ns + OUTAGE_NS + DAY_NS, NULL, NULL);
	if (!sim.failed && !sim_run(sim.now_ns + DAY_NS, all_over, NULL) && !sim.failed)
		sim_fail("P2: %zu of %zu messages have no end", o.count - 1 - o.ended, o.count - 1);
	judge_ends();
	for (size_t i = 1; i < o.count; i++) {
		bounced += o.letters[i].bounced_ns > 0;
		warned += o.letters[i].warned_ns > 0;
	}
	*p99_ns = p99_of_others();
	printf("%s outage: %zu messages, %zu of them bounced and %zu warned of, %zu waited at "
	       "most; "
	       "p99 of others %lld ms; at most %u connections; %zu KiB held with them; %llu "
	       "events\n",
		outage ? "with the" : "without an", o.count - 1, bounced, warned, o.waiting_most,
		(long long)(*p99_ns / SIM_MS), o.big_most, o.held_most / 1024,
		(unsigned long long)sim.event_count);
	if (!sim.failed)
		pivot_stop();
	if (sim.failed)
		printf("failed: %s\n", sim.failure);
	return !sim.failed;
}

int main(int argc, char **argv)
{
	uint64_t messages = MESSAGES;
	int64_t without_ns = 0, with_ns = 0;
	bool verbose = false, ok;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--verbose") == 0) {
			verbose = true;
		} else if (strcmp(argv[i], "--messages") != 0 || i + 1 == argc ||
			   !number_parse(str_of(argv[++i]), MESSAGES_MAX, &messages) ||
			   messages < 100) {
			fprintf(stderr, "usage: sim_outage [--messages N] [--verbose]\n");
			return 2;
		}
	}
	trace_setup(verbose);
	ok = live(messages, false, &without_ns);
	sim_close();
	ok = live(messages, true, &with_ns) && ok;
	sim_close();
	if (ok && with_ns > without_ns + 5 * SIM_MS) {
		printf("failed: other mail is later for the outage\n");
		ok = false;
	}
	printf("%d passed, %d failed\n", ok, !ok);
	return !ok;
}
