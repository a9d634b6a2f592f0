/* Names into records: from a zone file, and through libunbound from a small server of our own. */
#include "test/test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "world/resolve.h"

/* --- a DNS server that knows a few names --- */

static const struct row {
	const char *name; /* as in the packet, lower case */
	uint16_t type;
	unsigned rcode;
	int silent;
	str answers[2]; /* whole records, names as pointers to the question */
} rows[] = {
	{"a.test",		    DNS_A,   0, 0,
         { STR_INIT("\xc0\x0c\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\xc0\x00\x02\x01") } },
	{ "mx.test",                  DNS_MX,  0, 0,
         { STR_INIT(
			  "\xc0\x0c\x00\x0f\x00\x01\x00\x00\x0e\x10\x00\x07\x00\x0a\x02mx\xc0\x0c"),
			STR_INIT("\xc0\x0c\x00\x0f\x00\x01\x00\x00\x0e\x10\x00\x06\x00\x14\x01"
				 "b\xc0\x0f") }                                           },
	{ "empty.test",               DNS_MX,  0, 0, { STR_INIT("") }                     },
	{ "fail.test",                DNS_A,   2, 0, { STR_INIT("") }                     },
	{ "silent.test",              DNS_A,   0, 1, { STR_INIT("") }                     },
	{ "7.2.0.192.in-addr.arpa",   DNS_PTR, 0, 0,
         { STR_INIT("\xc0\x0c\x00\x0c\x00\x01\x00\x00\x0e\x10\x00\x08\x01p\x04test\x00") }},
	{ "7.0.168.192.in-addr.arpa", DNS_PTR, 0, 0,
         { STR_INIT("\xc0\x0c\x00\x0c\x00\x01\x00\x00\x0e\x10\x00\x08\x01q\x04test\x00") }},
};

static struct {
	int fd;
	uint16_t port;
	pthread_t thread;
	atomic_int asked_a; /* questions for a.test */
} server;

static size_t read_question(const char *p, size_t n, char name[256], uint16_t *type)
{
	size_t at = 12, to = 0;

	while (at < n && p[at]) {
		size_t size = (unsigned char)p[at++];

		if (to)
			name[to++] = '.';
		for (size_t i = 0; i < size && at < n && to < 250; i++)
			name[to++] = (char)(p[at] >= 'A' && p[at] <= 'Z' ? p[at] + 32 : p[at]),
			at++;
	}
	name[to] = '\0';
	*type = (uint16_t)((unsigned char)p[at + 1] << 8 | (unsigned char)p[at + 2]);
	return at + 5;
}

static size_t answer(char *p, size_t n)
{
	char name[256];
	uint16_t type;
	size_t end = read_question(p, n, name, &type);
	const struct row *row = NULL;

	for (size_t i = 0; i < LENGTH(rows); i++)
		if (strcmp(rows[i].name, name) == 0 && (rows[i].type == type || rows[i].rcode))
			row = &rows[i];
	if (strcmp(name, "a.test") == 0)
		atomic_fetch_add(&server.asked_a, 1);
	if (row && row->silent)
		return 0;
	p[2] = (char)0x81;
	p[3] = (char)(0x80 | (row ? row->rcode : 3));
	memset(p + 6, 0, 6);
	for (int i = 0; row && i < 2; i++) {
		if (row->answers[i].n == 0)
			continue;
		memcpy(p + end, row->answers[i].p, row->answers[i].n);
		end += row->answers[i].n;
		p[7]++;
	}
	return end;
}

static void *serve(void *unused)
{
	char packet[2000];
	struct sockaddr_in from;

	(void)unused;
	for (;;) {
		socklen_t size = sizeof from;
		ssize_t n = recvfrom(server.fd, packet, 512, 0, (struct sockaddr *)&from, &size);
		size_t out;

		if (n < 17)
			return NULL; /* the word to stop */
		out = answer(packet, (size_t)n);
		if (out > 0 &&
			sendto(server.fd, packet, out, 0, (struct sockaddr *)&from, size) < 0)
			return NULL;
	}
}

static void start_server(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof at;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.fd = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(bind(server.fd, (struct sockaddr *)&at, size) == 0);
	CHECK(getsockname(server.fd, (struct sockaddr *)&at, &size) == 0);
	server.port = ntohs(at.sin_port);
	atomic_store(&server.asked_a, 0);
	CHECK(pthread_create(&server.thread, NULL, serve, NULL) == 0);
}

static void stop_server(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(server.port) };

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(sendto(server.fd, "x", 1, 0, (struct sockaddr *)&at, sizeof at) == 1);
	pthread_join(server.thread, NULL);
	close(server.fd);
}

/* --- asking --- */

static struct loop *loop;
static int waiting;

static void on_answered(struct resolve_query *q)
{
	(void)q;
	if (--waiting == 0)
		loop_stop(loop);
}

static void on_watchdog(struct loop_timer *timer)
{
	(void)timer;
	loop_stop(loop);
}

static void wait_for_all(void)
{
	struct loop_timer watchdog = { .run = on_watchdog };

	loop_timer_set(loop, &watchdog, loop_now_ms(loop) + 25000);
	loop_run(loop);
	loop_timer_cancel(loop, &watchdog);
	CHECK_INT(waiting, 0);
}

static void ask(struct resolver *r, struct resolve_query *q, const char *name, enum dns_type type)
{
	resolve_query_init(q, loop, str_of(name), type, on_answered);
	waiting++;
	resolve_ask(r, q);
}

static struct resolver *open_forwarding(void)
{
	struct endpoint at = { .port = server.port };
	struct resolve_setup setup = { .servers = &at, .server_count = 1 };
	struct fail why = { 0 };
	struct resolver *r;

	CHECK(ip_parse(S("127.0.0.1"), &at.ip));
	r = resolve_open(&setup, &why);
	CHECK_STR(str_of(why.text), S(""));
	return r;
}

/* Equal sets of records come in changing order. */
static str best_name(const struct dns_records *r)
{
	size_t best = 0;

	for (size_t i = 1; i < r->count; i++)
		if (r->records[i].preference < r->records[best].preference)
			best = i;
	return r->records[best].name;
}

TEST(resolve_asks_a_server)
{
	static const struct {
		const char *name;
		enum dns_type type;
		enum resolve_outcome outcome;
		const char *first; /* name or address */
	} cases[] = {
		{"a.test",                    DNS_A,   RESOLVE_FOUND,   "192.0.2.1" },
		{ "A.Test.",                  DNS_A,   RESOLVE_FOUND,   "192.0.2.1" },
		{ "mx.test",                  DNS_MX,  RESOLVE_FOUND,   "mx.mx.test"},
		{ "7.2.0.192.in-addr.arpa",   DNS_PTR, RESOLVE_FOUND,   "p.test"    },
		{ "7.0.168.192.in-addr.arpa", DNS_PTR, RESOLVE_FOUND,   "q.test"    },
		{ "empty.test",               DNS_MX,  RESOLVE_NO_DATA, NULL        },
		{ "none.test",                DNS_A,   RESOLVE_NO_NAME, NULL        },
		{ "",			 DNS_A,   RESOLVE_NO_NAME, NULL        },
		{ "fail.test",                DNS_A,   RESOLVE_TROUBLE, NULL        },
	};
	struct resolve_query q[LENGTH(cases)];
	struct resolver *r;

	start_server();
	loop = loop_new("test");
	r = open_forwarding();
	for (int again = 0; again < 2; again++) { /* the second time from the cache */
		for (size_t i = 0; i < LENGTH(cases); i++)
			ask(r, &q[i], cases[i].name, cases[i].type);
		wait_for_all();
		for (size_t i = 0; i < LENGTH(cases); i++) {
			char text[IP_TEXT_MAX];

			CHECK_INT(q[i].outcome, cases[i].outcome);
			CHECK_INT(q[i].trust, RESOLVE_INSECURE);
			CHECK((q[i].records != NULL) == (cases[i].first != NULL));
			CHECK((q[i].trouble[0] != 0) == (q[i].outcome == RESOLVE_TROUBLE));
			if (cases[i].first && cases[i].type == DNS_A)
				CHECK_STR(str_of(ip_print(&q[i].records->records[0].ip, text)),
					str_of(cases[i].first));
			else if (cases[i].first)
				CHECK_STR(best_name(q[i].records), str_of(cases[i].first));
			dns_records_free(q[i].records);
		}
	}
	resolve_close(r);
	loop_free(loop);
	stop_server();
}

TEST(resolve_asks_once_for_many)
{
	struct resolve_query *q = mem_zero(200 * sizeof *q);
	struct resolver *r;

	start_server();
	loop = loop_new("test");
	r = open_forwarding();
	for (int i = 0; i < 200; i++)
		ask(r, &q[i], "a.test", DNS_A);
	wait_for_all();
	CHECK_INT(atomic_load(&server.asked_a), 1);
	for (int i = 0; i < 200; i++) {
		CHECK(q[i].outcome == RESOLVE_FOUND && q[i].records->count == 1);
		dns_records_free(q[i].records);
	}
	resolve_close(r);
	loop_free(loop);
	stop_server();
	mem_free(q);
}

/* Many different questions whose answers are cached come back without the stack growing. */
TEST(resolve_answers_thousands_from_the_cache)
{
	int n = RESOLVE_OPEN_MAX - 1;
	struct resolve_query *q = mem_zero((size_t)n * sizeof *q);
	struct resolver *r;
	char name[40];

	start_server();
	loop = loop_new("test");
	r = open_forwarding();
	for (int again = 0; again < 2; again++) {
		for (int i = 0; i < n; i++) {
			snprintf(name, sizeof name, "n%d.nothing.test", i);
			ask(r, &q[i], name, DNS_A);
		}
		wait_for_all();
		for (int i = 0; i < n; i++)
			CHECK(q[i].outcome != RESOLVE_FOUND);
	}
	resolve_close(r);
	loop_free(loop);
	stop_server();
	mem_free(q);
}

TEST(resolve_close_answers_what_is_open)
{
	struct resolve_query q[3];
	struct resolver *r;

	start_server();
	loop = loop_new("test");
	r = open_forwarding();
	for (int i = 0; i < 3; i++)
		ask(r, &q[i], i ? "silent.test" : "other.silent.test", DNS_A);
	resolve_close(r);
	wait_for_all();
	CHECK(q[1].outcome == RESOLVE_TROUBLE && q[2].outcome == RESOLVE_TROUBLE);
	CHECK_STR(str_of(q[2].trouble), S("shutting down"));
	loop_free(loop);
	stop_server();
}

TEST(resolve_reads_a_zone_file)
{
	static const char zone[] = "example.org MX 10 mx.example.org\n"
				   "mx.example.org A 192.0.2.7\n"
				   "slow.example TIMEOUT\nbad.example SERVFAIL\n";
	char path[] = "/tmp/facteur-zone-XXXXXX";
	struct resolve_setup setup = { .zone_file = path };
	struct resolve_query q[5];
	struct fail why = { 0 };
	struct resolver *r;
	int fd = mkstemp(path);

	CHECK(fd >= 0 && write(fd, zone, strlen(zone)) > 0);
	close(fd);
	loop = loop_new("test");
	r = resolve_open(&setup, &why);
	CHECK(r != NULL);
	ask(r, &q[0], "Example.org", DNS_MX);
	ask(r, &q[1], "mx.example.org", DNS_MX);
	ask(r, &q[2], "nobody.example", DNS_A);
	ask(r, &q[3], "slow.example", DNS_A);
	ask(r, &q[4], "bad.example", DNS_A);
	wait_for_all();
	CHECK(q[0].outcome == RESOLVE_FOUND && q[0].records->records[0].preference == 10);
	CHECK_INT(q[1].outcome, RESOLVE_NO_DATA);
	CHECK_INT(q[2].outcome, RESOLVE_NO_NAME);
	CHECK_INT(q[3].outcome, RESOLVE_TROUBLE);
	CHECK_STR(str_of(q[3].trouble), S("timed out"));
	CHECK_STR(str_of(q[4].trouble), S("server failure"));
	dns_records_free(q[0].records);
	resolve_close(r);
	loop_free(loop);
	unlink(path);
}

TEST(resolve_open_says_what_is_wrong)
{
	struct resolve_setup no_zone = { .zone_file = "/nonexistent/zone" };
	struct resolve_setup no_anchor = { .anchor_file = "/nonexistent/anchor" };
	char path[] = "/tmp/facteur-zone-XXXXXX";
	struct resolve_setup bad_zone = { .zone_file = path };
	struct fail why;
	int fd = mkstemp(path);

	CHECK(fd >= 0 && write(fd, "a A 1.2.3\n", 10) == 10);
	close(fd);
	CHECK(!resolve_open(&no_zone, &why));
	CHECK(strstr(why.text, "/nonexistent/zone") != NULL);
	CHECK(!resolve_open(&no_anchor, &why));
	CHECK(strstr(why.text, "/nonexistent/anchor") != NULL);
	CHECK(!resolve_open(&bad_zone, &why));
	CHECK(str_starts(str_of(why.text), str_of(path)));
	unlink(path);
}
