/*
 * bench/generator - sends so many messages over so many sessions at once, and says what it cost
 *
 *	generator --to ADDRESS:PORT [--messages N] [--sessions N] [--per-session N] [--size OCTETS]
 *		[--pause MS] [--rate N] [--recipient ADDRESS]
 *
 * A new session begins as soon as one has ended.  With --pause each waits before it begins anew.
 * Latency is from the connect to the last reply; with several messages a session, from MAIL on.
 * With --rate so many sessions begin in a second, whatever became of the others (an open loop), and
 * latency is from the moment at which one was to begin.
 */
#include <signal.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "test/bench/measure.h"
#include "test/bench/out.h"
#include "test/bench/stamp.h"

#define PORTION_OCTETS 65536
#define LINE_OCTETS 78

struct client;

static struct {
	struct loop *loop;
	struct endpoint to;
	size_t messages, begun, ended, failed, open;
	uint64_t per_session, pause_ms;
	uint64_t rate; /* sessions a second; 0: as they come */
	size_t started;
	int64_t begun_us;
	struct loop_timer pace;
	struct client *clients;
	size_t client_count;
	struct buf content; /* what follows the stamp */
	struct measure_samples latency;
	struct fail last_failure;
} all;

struct client {
	struct out out;
	struct loop_timer again;
	char stamp[STAMP_OCTETS + 1];
	size_t given; /* octets of this mail */
	size_t in_session;
	bool open, counted;
	int64_t begun_us;
};

static struct smtp_client_rcpt recipient;

static struct client *client_of(struct out *out)
{
	return AROUND(out, struct client, out);
}

static void next_mail(struct client *c)
{
	struct smtp_client_mail mail = {
		.sender = S("from@generator.test"),
		.size_octets = STAMP_OCTETS + buf_str(&all.content).n,
		.rcpts = &recipient,
		.rcpt_count = 1,
	};

	if (c->in_session > 0)
		c->begun_us = measure_now_us();
	stamp_write(c->stamp, all.begun++, c->begun_us);
	c->given = 0;
	c->in_session++;
	out_mail(&c->out, &mail, false);
}

static void ready(struct out *out)
{
	struct client *c = client_of(out);

	if (c->in_session < all.per_session && all.begun < all.messages)
		next_mail(c);
	else
		out_quit(out, false);
}

static str body(struct out *out)
{
	struct client *c = client_of(out);
	str portion = str_from(c->stamp, STAMP_OCTETS);

	if (c->given > 0)
		portion = str_first(
			str_skip(buf_str(&all.content), c->given - STAMP_OCTETS), PORTION_OCTETS);
	c->given += portion.n;
	return portion;
}

static void results(struct out *out)
{
	struct client *c = client_of(out);
	const struct smtp_client_result *result = smtp_client_results(out->machine);

	measure_add(&all.latency, measure_now_us() - c->begun_us);
	all.ended++;
	if (!result->delivered) {
		all.failed++;
		all.last_failure = result->reply;
	}
}

static void begin(struct client *c);

/* When the next session of an open loop is to begin. */
static int64_t due_us(void)
{
	return all.begun_us + (int64_t)(all.started * 1000000 / all.rate);
}

static void start_due(void)
{
	for (size_t i = 0; i < all.client_count; i++) {
		if (all.started == all.messages || due_us() > measure_now_us())
			return;
		if (!all.clients[i].open)
			begin(&all.clients[i]);
	}
}

static void keep_pace(struct loop_timer *timer)
{
	start_due();
	if (all.started < all.messages)
		loop_timer_set(all.loop, timer, loop_now_ms(all.loop) + 1);
}

static void again(struct loop_timer *timer)
{
	begin(AROUND(timer, struct client, again));
}

static void over(struct out *out, const struct fail *trouble)
{
	struct client *c = client_of(out);

	if (c->in_session == 0 && trouble->kind != FAIL_NONE) {
		/* Refused before the first mail: one that we shall not send. */
		all.begun++;
		all.ended++;
		all.failed++;
		all.last_failure = *trouble;
	}
	all.open--;
	c->open = false;
	if (all.rate > 0) {
		start_due();
		if (all.started == all.messages && all.open == 0)
			loop_stop(all.loop);
		return;
	}
	if (all.begun < all.messages && all.pause_ms)
		loop_timer_set(all.loop, &c->again, loop_now_ms(all.loop) + (int64_t)all.pause_ms);
	else if (all.begun < all.messages)
		begin(c);
	else if (all.open == 0)
		loop_stop(all.loop);
}

static const struct out_calls calls = {
	.ready = ready,
	.body = body,
	.results = results,
	.over = over,
};

static void begin(struct client *c)
{
	c->in_session = 0;
	c->begun_us = all.rate > 0 ? due_us() : measure_now_us();
	c->open = true;
	all.started++;
	all.open++;
	out_open(&c->out, all.loop, &all.to, NULL, &calls);
}

/* A plausible message of size octets, stamp included. */
static void make_content(size_t size)
{
	char line[LINE_OCTETS + 1];

	buf_put(&all.content, S("From: <from@generator.test>\r\nTo: <to@sink.test>\r\n"
				"Subject: One of many\r\nDate: Tue, 24 Nov 2026 04:28:54 +0000\r\n"
				"Message-ID: <bench@generator.test>\r\n\r\n"));
	memset(line, 'x', sizeof line);
	while (STAMP_OCTETS + buf_str(&all.content).n + 2 < size) {
		size_t left = size - STAMP_OCTETS - buf_str(&all.content).n - 2;

		buf_put(&all.content,
			str_from(line, left < LINE_OCTETS - 2 ? left : LINE_OCTETS - 2));
		buf_put(&all.content, S("\r\n"));
	}
}

int main(int argc, char **argv)
{
	size_t sessions = measure_number(argc, argv, "sessions", "20");

	signal(SIGPIPE, SIG_IGN);
	all.to = measure_endpoint(argc, argv, "to");
	all.messages = measure_number(argc, argv, "messages", "1000");
	all.per_session = measure_number(argc, argv, "per-session", "1");
	all.pause_ms = measure_number(argc, argv, "pause", "0");
	recipient.address = str_of(measure_option(argc, argv, "recipient", "to@sink.test"));
	all.rate = measure_number(argc, argv, "rate", "0");
	make_content(measure_number(argc, argv, "size", "4K"));
	all.loop = loop_new("generator");

	if (sessions > all.messages)
		sessions = all.messages;
	struct client *clients = mem_zero(sessions * sizeof *clients);

	all.clients = clients;
	all.client_count = sessions;
	all.begun_us = measure_now_us();
	all.pace.run = keep_pace;
	for (size_t i = 0; i < sessions; i++) {
		clients[i].again.run = again;
		if (all.rate == 0)
			begin(&clients[i]);
	}
	if (all.rate > 0)
		loop_timer_set(all.loop, &all.pace, loop_now_ms(all.loop));
	loop_run(all.loop);

	printf("{\"messages\": %zu, \"failed\": %zu, \"begun_us\": %lld, \"ended_us\": %lld, "
	       "\"cpu_us\": %lld, \"failure\": \"%s\", \"latency_us\": {",
		all.ended, all.failed, (long long)all.begun_us, (long long)measure_now_us(),
		(long long)measure_cpu_us(), all.failed ? all.last_failure.status : "");
	measure_print(&all.latency);
	printf("}}\n");
	loop_free(all.loop);
	buf_free(&all.content);
	mem_free(clients);
	return all.failed ? 1 : 0;
}
