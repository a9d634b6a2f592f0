/*
 * bench/sink - accepts everything, and counts which messages came
 *
 *	sink --listen ADDRESS:PORT --messages N [--seconds N] [--recipients N]
 *
 * Ends when every id from 0 to N - 1 has come, or after so many seconds, and prints what it saw.
 * With --recipients it ends when messages for so many have come, whatever their ids.
 * Latency is from the generator's stamp to the moment at which the message was here.
 */
#include <signal.h>
#include <stdio.h>

#include "base/list.h"
#include "base/mem.h"
#include "test/bench/in.h"
#include "test/bench/measure.h"
#include "test/bench/stamp.h"

#define HEAD_OCTETS_MAX 8192 /* the stamp stands within this */
#define GOODBYE_MS 300       /* for the last replies and QUITs */

static struct {
	struct loop *loop;
	size_t messages, distinct, again, unknown;
	uint64_t octets;
	uint64_t recipients, recipients_wanted, transactions;
	bool *seen;
	int64_t first_us, last_us;
	struct measure_samples latency;
	struct loop_timer end;
} all;

struct session {
	struct in in;
	struct buf head; /* of the message, until its stamp was found */
	bool found;
	unsigned rcpts; /* of the message that comes in */
	size_t id;
	int64_t begun_us;
};

static struct session *session_of(struct in *in)
{
	return AROUND(in, struct session, in);
}

static void body(struct in *in, str bytes)
{
	struct session *s = session_of(in);

	all.octets += bytes.n;
	if (s->found || buf_str(&s->head).n >= HEAD_OCTETS_MAX)
		return;
	if (buf_str(&s->head).n == 0 && stamp_find(bytes, &s->id, &s->begun_us)) {
		s->found = true;
		return;
	}
	buf_put(&s->head, str_first(bytes, HEAD_OCTETS_MAX));
	s->found = stamp_find(buf_str(&s->head), &s->id, &s->begun_us);
}

static void forget(struct in *in)
{
	struct session *s = session_of(in);

	buf_free(&s->head);
	s->found = false;
	s->rcpts = 0;
}

static void rcpt(struct in *in, const struct smtp_rcpt *rcpt)
{
	(void)rcpt;
	session_of(in)->rcpts++;
}

static void end_soon(void)
{
	loop_timer_set(all.loop, &all.end, loop_now_ms(all.loop) + GOODBYE_MS);
}

static void commit(struct in *in)
{
	struct session *s = session_of(in);
	int64_t now_us = measure_now_us();

	all.recipients += s->rcpts;
	all.transactions++;
	if (all.recipients_wanted > 0) {
		all.last_us = now_us;
		if (all.recipients >= all.recipients_wanted)
			end_soon();
		forget(in);
		return;
	}
	if (!s->found || s->id >= all.messages) {
		all.unknown++;
	} else if (all.seen[s->id]) {
		all.again++;
	} else {
		all.seen[s->id] = true;
		if (all.distinct++ == 0)
			all.first_us = now_us;
		all.last_us = now_us;
		measure_add(&all.latency, now_us - s->begun_us);
		if (all.distinct == all.messages)
			end_soon();
	}
	forget(in);
}

static void over(struct in *in)
{
	forget(in);
	mem_free(session_of(in));
}

static const struct in_calls calls = {
	.rcpt = rcpt,
	.body = body,
	.commit = commit,
	.reset = forget,
	.over = over,
};

static void accepted(
	void *owner, struct sock *sock, const struct endpoint *peer, const struct endpoint *local)
{
	struct session *s = MEM_NEW(struct session);

	(void)owner, (void)peer, (void)local;
	in_open(&s->in, all.loop, sock, &calls);
}

static void end(struct loop_timer *timer)
{
	(void)timer;
	loop_stop(all.loop);
}

int main(int argc, char **argv)
{
	struct endpoint at = measure_endpoint(argc, argv, "listen");
	uint64_t seconds = measure_number(argc, argv, "seconds", "600");

	signal(SIGPIPE, SIG_IGN);
	all.messages = measure_number(argc, argv, "messages", NULL);
	all.recipients_wanted = measure_number(argc, argv, "recipients", "0");
	all.seen = mem_zero(all.messages);
	all.loop = loop_new("sink");
	all.end.run = end;
	loop_timer_set(all.loop, &all.end, loop_now_ms(all.loop) + (int64_t)seconds * 1000);
	in_listen(all.loop, &at, accepted, NULL);
	loop_run(all.loop);

	printf("{\"recipients\": %llu, \"transactions\": %llu, ",
		(unsigned long long)all.recipients, (unsigned long long)all.transactions);
	printf("\"messages\": %zu, \"again\": %zu, \"unknown\": %zu, \"octets\": %llu, "
	       "\"first_us\": %lld, \"last_us\": %lld, \"cpu_us\": %lld, \"latency_us\": {",
		all.distinct, all.again, all.unknown, (unsigned long long)all.octets,
		(long long)all.first_us, (long long)all.last_us, (long long)measure_cpu_us());
	measure_print(&all.latency);
	printf("}}\n");
	return all.recipients_wanted ? all.recipients != all.recipients_wanted
				     : all.distinct != all.messages;
}
