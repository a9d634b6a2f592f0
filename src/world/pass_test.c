/* Messages between processes: here both ends are ours. */
#include "test/test.h"

#include <unistd.h>

#include "world/pass.h"

TEST(pass_brings_a_message_and_its_descriptor)
{
	char bytes[PASS_OCTETS_MAX], letter = 0;
	int ends[2], files[2], came;
	struct fail why;
	str got;

	CHECK(pass_pair(ends, &why));
	CHECK(pipe(files) == 0);
	CHECK(pass_send(ends[0], S("take this"), files[1], 0));
	CHECK(pass_send(ends[0], S("and nothing"), -1, 0));
	CHECK(pass_receive(ends[1], bytes, &got, &came, 1000));
	CHECK(str_eq(got, S("take this")) && came >= 0 && came != files[1]);
	CHECK(write(came, "x", 1) == 1 && read(files[0], &letter, 1) == 1 && letter == 'x');
	pass_close(came);
	CHECK(pass_receive(ends[1], bytes, &got, &came, 1000));
	CHECK(str_eq(got, S("and nothing")) && came == -1);
	CHECK(!pass_receive(ends[1], bytes, &got, &came, 0));
	CHECK(pass_alive(ends[1]));
	pass_close(ends[0]);
	CHECK(!pass_alive(ends[1]));
	CHECK(!pass_receive(ends[1], bytes, &got, &came, -1));
	CHECK(!pass_send(ends[1], S("hello?"), -1, 0));
	pass_close(ends[1]);
	pass_close(files[0]);
	pass_close(files[1]);
}

static bool same(str question, str answer)
{
	return str_eq(question, answer);
}

TEST(pass_drops_the_answer_to_an_earlier_question)
{
	char bytes[PASS_OCTETS_MAX];
	struct fail why;
	int ends[2], came;
	str got;

	CHECK(pass_pair(ends, &why));
	CHECK(!pass_ask(ends[0], S("one"), bytes, &got, &came, same, 0));
	CHECK(pass_send(ends[1], S("one"), -1, 0) && pass_send(ends[1], S("two"), ends[1], 0));
	CHECK(pass_ask(ends[0], S("two"), bytes, &got, &came, same, 1000));
	CHECK(str_eq(got, S("two")) && came >= 0);
	pass_close(came);
	pass_close(ends[0]);
	pass_close(ends[1]);
}

struct heard {
	struct loop *loop;
	struct pass_watch *watch;
	unsigned messages, descriptors;
	bool gone;
};

static void on_heard(void *owner, str bytes, int *descriptor)
{
	struct heard *h = owner;

	(void)bytes;
	h->messages++;
	h->descriptors += *descriptor >= 0;
}

static void on_gone(void *owner)
{
	struct heard *h = owner;

	h->gone = true;
	pass_watch_free(h->watch);
	loop_stop(h->loop);
}

TEST(pass_watch_hears_all_and_then_the_end)
{
	static const struct pass_handler handler = { .received = on_heard, .gone = on_gone };
	struct heard h = { .loop = loop_new("test") };
	struct fail why;
	int ends[2];

	CHECK(pass_pair(ends, &why));
	for (int i = 0; i < 5; i++)
		CHECK(pass_send(ends[0], S("word"), i % 2 ? ends[0] : -1, 0));
	pass_close(ends[0]); /* two more are on their way, with the messages */
	h.watch = pass_watch(h.loop, ends[1], &handler, &h);
	loop_run(h.loop);
	CHECK(h.messages == 5 && h.descriptors == 2 && h.gone);
	pass_close(ends[1]);
	loop_free(h.loop);
}
