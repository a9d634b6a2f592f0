#include "test/sim/sim.h"

#include <stdio.h>

#include "base/mem.h"
#include "test/sim/store.h"
#include "test/test.h"
#include "world/clock.h"
#include "world/disk.h"
#include "world/sock.h"
#include "world/work.h"

/* --- loops --- */

struct relay {
	struct loop *loops[2];
	struct note {
		struct loop_task task;
		int number;
	} notes[100];
	int next;
	bool in_order;
};

static struct relay relay;

static void note_run(struct loop_task *task)
{
	struct note *note = AROUND(task, struct note, task);

	if (note->number != relay.next++)
		relay.in_order = false;
}

static void send_notes(struct loop_timer *timer)
{
	mem_free(timer);
	for (int i = 0; i < 100; i++) {
		relay.notes[i] = (struct note){ { .run = note_run }, i };
		loop_post(relay.loops[1], &relay.notes[i].task);
	}
}

static void boot_relay(void *owner)
{
	struct loop_timer *timer = MEM_NEW(struct loop_timer);

	(void)owner;
	for (int i = 0; i < 2; i++) {
		relay.loops[i] = loop_new("relay");
		loop_start(relay.loops[i]);
	}
	timer->run = send_notes;
	loop_timer_set(relay.loops[0], timer, clock_steady_ms() + 5000);
}

static bool all_came(void *owner)
{
	(void)owner;
	return relay.next == 100;
}

TEST(sim_posts_of_one_loop_come_in_order)
{
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct node *n;

		sim_open(seed);
		relay = (struct relay){ .in_order = true };
		n = sim_node("n", "10.0.0.1");
		CHECK(sim_boot(n, boot_relay, NULL));
		CHECK(sim_run(60 * SIM_S, all_came, NULL));
		CHECK(relay.in_order);
		CHECK(sim.now_ns >= 5 * SIM_S);
		sim_close();
	}
}

/* --- streams --- */

#define STREAM_OCTETS 50000

struct talk {
	struct loop *loop;
	struct sock *client, *server;
	size_t sent, echoed, back;
	bool wrong, closed;
};

static struct talk talk;

static char letter(size_t at)
{
	return (char)('a' + at * 7 % 26);
}

static size_t echo_received(void *owner, str bytes)
{
	size_t n = sim_chance(800) ? bytes.n : (size_t)sim_between(0, (int64_t)bytes.n);

	(void)owner;
	if (n == 0)
		n = 1;
	sock_send(talk.server, str_first(bytes, n));
	talk.echoed += n;
	return n; /* the rest when this has been written */
}

static void echo_drained(void *owner)
{
	(void)owner;
	sock_resume(talk.server);
}

static void echo_closed(void *owner, const struct fail *why)
{
	(void)owner;
	(void)why;
	sock_finish(talk.server);
}

static const struct sock_handler echo = { echo_received, echo_drained, echo_closed, NULL, NULL };

static void echo_accepted(
	void *owner, struct sock *s, const struct endpoint *peer, const struct endpoint *local)
{
	(void)owner;
	CHECK(ip_eq(&peer->ip, &sim.nodes[1]->ip));
	CHECK(local->port == 25);
	talk.server = s;
	sock_own(s, &echo, NULL);
}

static size_t client_received(void *owner, str bytes)
{
	(void)owner;
	for (size_t i = 0; i < bytes.n; i++)
		if (bytes.p[i] != letter(talk.back++))
			talk.wrong = true;
	if (talk.back == STREAM_OCTETS) {
		sock_close(talk.client);
		talk.client = NULL;
		talk.closed = true;
	}
	return bytes.n;
}

static void client_send(void *owner)
{
	char some[1000];
	size_t n = 0;

	(void)owner;
	while (n < sizeof some && talk.sent < STREAM_OCTETS)
		some[n++] = letter(talk.sent++);
	sock_send(talk.client, (str){ some, n });
}

static void client_closed(void *owner, const struct fail *why)
{
	(void)owner;
	(void)why;
	talk.wrong = true;
}

static const struct sock_handler client = { client_received, client_send, client_closed,
	client_send, NULL };

static void boot_server(void *owner)
{
	struct endpoint at = { 0 };
	struct fail why;

	(void)owner;
	CHECK(endpoint_parse(S("10.0.0.1:25"), 0, &at));
	talk.loop = loop_new("server");
	loop_start(talk.loop);
	CHECK(sock_listen(talk.loop, sock_bind(&at, 0, &why), echo_accepted, NULL) != NULL);
}

static void boot_client(void *owner)
{
	struct loop *l = loop_new("client");
	struct endpoint at = { 0 };

	(void)owner;
	CHECK(endpoint_parse(S("10.0.0.1:25"), 0, &at));
	loop_start(l);
	talk.client = sock_connect(l, &at, NULL, &client, NULL);
}

static bool talk_over(void *owner)
{
	(void)owner;
	return talk.closed;
}

TEST(sim_streams_are_whole_and_in_order_in_any_cut)
{
	for (uint64_t seed = 0; seed < 50; seed++) {
		sim_open(seed);
		talk = (struct talk){ 0 };
		sim_node("server", "10.0.0.1");
		sim_node("client", "10.0.0.2");
		CHECK(sim_boot(sim.nodes[0], boot_server, NULL));
		CHECK(sim_boot(sim.nodes[1], boot_client, NULL));
		CHECK(sim_run(600 * SIM_S, talk_over, NULL));
		CHECK(!talk.wrong && talk.back == STREAM_OCTETS);
		sim_close();
	}
}

/* --- disks --- */

/* What was synced is there after any power cut; what was not may be. */
struct diary {
	int synced, written, cuts;
};

static struct diary diary;

static void boot_writer(void *owner)
{
	struct fail why = { 0 };
	struct disk *d = disk_open(S("/spool"), &why);
	struct disk_file *f = disk_open_file(d, S("diary"), &why);
	char page[600];
	size_t n;

	(void)owner;
	if (!f) {
		CHECK(diary.synced == 0);
		f = disk_create(d, S("diary"), &why);
		CHECK(f && disk_sync_names(d, &why));
	}
	for (int i = 0; i < diary.synced; i++) {
		CHECK(disk_read(f, (uint64_t)i * sizeof page, page, sizeof page, &n, &why));
		CHECK(n == sizeof page && page[0] == (char)i && page[599] == (char)i);
	}
	for (int i = diary.synced; i < 100; i++) {
		str parts[] = {
			{page,        300},
                        { page + 300, 300}
		};

		memset(page, i, sizeof page);
		CHECK(disk_write(f, (uint64_t)i * sizeof page, parts, 2, &why));
		diary.written++;
		CHECK(disk_sync(f, &why));
		diary.synced = i + 1;
	}
	disk_close_file(f);
	disk_close(d);
}

TEST(sim_disks_keep_what_was_synced)
{
	for (uint64_t seed = 0; seed < 100; seed++) {
		struct node *n;

		sim_open(seed);
		diary = (struct diary){ 0 };
		n = sim_node("writer", "10.0.0.1");
		n->store = store_new();
		n->store->faults.cut_in = sim_between(1, 100);
		while (!sim_boot(n, boot_writer, NULL)) {
			diary.cuts++;
			n->store->faults.cut_in = sim_between(1, 400);
		}
		CHECK(diary.synced == 100 && diary.cuts > 0);
		sim_end(n, SIM_FINISHED);
		CHECK(!sim.failed);
		sim_close();
	}
}

static void boot_unlucky(void *owner)
{
	struct fail why = { 0 };
	struct disk *d = disk_open(S("/spool"), &why);
	struct disk_file *f = disk_create(d, S("x"), &why);
	str bytes = S("bytes");

	(void)owner;
	CHECK(disk_sync_names(d, &why));
	sim.here_node->store->faults.sync_fails_in = 1;
	CHECK(disk_write(f, 0, &bytes, 1, &why));
	CHECK(!disk_sync(f, &why));
	CHECK_STR(str_of(why.status), S("4.3.0"));
	CHECK(disk_sync(f, &why)); /* it looks well, and is not */
	sim.here_node->store->faults.octets_max = 1000;
	CHECK(!disk_reserve(f, 2000, &why));
	CHECK_STR(str_of(why.status), S("4.3.1"));
	CHECK(disk_reserve(f, 1000, &why));
	CHECK_INT(disk_free_octets(d), 0);
	CHECK(disk_rename(d, S("x"), S("y"), &why));
	CHECK(!disk_open_file(d, S("x"), &why));
}

TEST(sim_disks_fail_as_told)
{
	struct node *n;

	sim_open(1);
	n = sim_node("unlucky", "10.0.0.1");
	n->store = store_new();
	CHECK(sim_boot(n, boot_unlucky, NULL));
	sim_close();
}

/* --- pools --- */

#define SIM_JOBS 20

static struct {
	struct work *pool;
	struct work_job jobs[SIM_JOBS];
	int ran, refused, done, cancelled;
} shop;

static void job_run(struct work_job *job)
{
	(void)job;
	shop.ran++;
}

static void job_done(struct work_job *job)
{
	shop.done++;
	shop.cancelled += job->cancelled;
}

static void close_shop(struct loop_timer *timer)
{
	mem_free(timer);
	work_close(shop.pool);
}

static void boot_shop(void *owner)
{
	struct loop *loop = loop_new("shop");
	struct loop_timer *timer = MEM_NEW(struct loop_timer);

	(void)owner;
	shop.pool = work_open("pool", 2, SIM_JOBS / 2, true);
	for (int i = 0; i < SIM_JOBS; i++) {
		shop.jobs[i] = (struct work_job){ .run = job_run, .done = job_done, .loop = loop };
		shop.refused += !work_post(shop.pool, &shop.jobs[i]);
	}
	timer->run = close_shop;
	loop_timer_set(loop, timer, clock_steady_ms() + 500);
	loop_start(loop);
}

static bool shop_is_empty(void *owner)
{
	(void)owner;
	return shop.done + shop.refused == SIM_JOBS;
}

TEST(sim_pools_end_every_job_once_and_cancel_what_waits_when_they_close)
{
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct node *n;

		sim_open(seed);
		memset(&shop, 0, sizeof shop);
		n = sim_node("n", "10.0.0.1");
		CHECK(sim_boot(n, boot_shop, NULL));
		CHECK(sim_run(60 * SIM_S, shop_is_empty, NULL));
		CHECK(shop.refused >= SIM_JOBS / 2 - 2);
		CHECK_INT(shop.ran + shop.cancelled + shop.refused, SIM_JOBS);
		sim_close();
	}
}
