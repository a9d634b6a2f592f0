/* The office: it counts its children, and none of them outlives its law. */
#include "test/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world/courier_fake.h"
#include "world/courier_people.h"

#define PATIENCE_MS 60000

static char folder[64];
static struct loop *loop;
static struct courier *courier;
static struct loop_timer watchdog;

struct sender {
	struct courier_parcel *parcel;
	bool closes; /* the law, while its message is in hand */
	int dones;
	bool delivered;
	struct fail why;
};

static void on_watchdog(struct loop_timer *timer)
{
	(void)timer;
	loop_stop(loop);
}

static void begin(void)
{
	str_to_c(S("/tmp/facteur-law-XXXXXX"), courier_fake_folder, sizeof courier_fake_folder);
	str_to_c(S("/tmp/facteur-box-XXXXXX"), folder, sizeof folder);
	CHECK(mkdtemp(courier_fake_folder) && mkdtemp(folder));
	courier = courier_fake_open(S("x.test"), S(""));
	loop = loop_new("test");
	watchdog = (struct loop_timer){ .run = on_watchdog };
	loop_timer_set(loop, &watchdog, loop_now_ms(loop) + PATIENCE_MS);
}

static void finish(void)
{
	char command[200];

	loop_timer_cancel(loop, &watchdog);
	loop_free(loop);
	courier_fake_close(courier);
	snprintf(command, sizeof command, "rm -rf '%s' '%s'", folder, courier_fake_folder);
	CHECK(system(command) == 0);
	courier_fake_folder[0] = '\0';
}

static const char *law_file(void)
{
	static char path[80];

	snprintf(path, sizeof path, "%s/closed", courier_fake_folder);
	return path;
}

static void close_law(void)
{
	int fd = open(law_file(), O_CREAT | O_WRONLY, 0600);

	CHECK(fd >= 0 && close(fd) == 0);
}

static bool child_has_begun(void)
{
	char path[80];

	snprintf(path, sizeof path, "%s/box/tmp", folder);
	return access(path, F_OK) == 0;
}

static void on_writable(void *owner)
{
	struct sender *s = owner;

	if (s->closes) {
		while (!child_has_begun())
			usleep(1000);
		close_law();
		s->closes = false;
		courier_write(s->parcel, S("x\r\n"));
		return;
	}
	courier_finish(s->parcel);
}

static void on_done(void *owner, const struct fail *why)
{
	struct sender *s = owner;

	s->dones++;
	s->delivered = !why;
	if (why)
		s->why = *why;
	loop_stop(loop);
}

static const struct courier_handler handler = { .writable = on_writable, .done = on_done };

static struct sender deliver(bool closes)
{
	struct sender s = { .closes = closes };
	char path[80];

	snprintf(path, sizeof path, "%s/box", folder);
	s.parcel = courier_send(courier, loop, &(struct courier_whom){ .user = S("") },
		str_of(path), S("X: y\r\n"), &handler, &s);
	loop_run(loop);
	CHECK_INT(s.dones, 1);
	return s;
}

/* Until it has so many, and the last one is not this. */
static int wait_for_children(size_t count, int former)
{
	int last = former;

	for (int ms = 0; ms < PATIENCE_MS; ms++) {
		if (courier_fake_children(&last) == count && (last != former || count == 0))
			return last;
		usleep(1000);
	}
	CHECK(false);
	return 0;
}

TEST(courier_office_has_its_limit_and_says_so)
{
	static int streams[COURIER_FAKE_CHILDREN_MAX];
	char text[FAIL_TEXT_MAX];
	struct sender s;

	begin();
	for (size_t i = 0; i < LENGTH(streams); i++) {
		int ends[2];

		CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
		CHECK(pass_send(courier_fake_control, S("="), ends[1], PATIENCE_MS));
		close(ends[1]);
		streams[i] = ends[0];
	}
	s = deliver(false);
	CHECK(!s.delivered && s.why.kind == FAIL_TEMPORARY);
	CHECK_STR(str_of(s.why.status), S("4.3.0"));
	snprintf(text, sizeof text, "the courier has %d deliveries in hand, and takes no more",
		COURIER_FAKE_CHILDREN_MAX);
	CHECK_STR(str_of(s.why.text), str_of(text));
	CHECK_INT(courier_fake_children(NULL), COURIER_FAKE_CHILDREN_MAX);
	close(streams[0]); /* one place is enough */
	wait_for_children(COURIER_FAKE_CHILDREN_MAX - 1, 0);
	s = deliver(false);
	CHECK_STR(str_of(s.why.text), S(""));
	CHECK(s.delivered);
	for (size_t i = 1; i < LENGTH(streams); i++)
		close(streams[i]);
	finish();
}

/* Nobody told the courier: it goes on with the stream that it has. */
TEST(courier_office_lets_no_child_outlive_its_law)
{
	int first, second;
	struct sender s;

	begin();
	CHECK(deliver(false).delivered);
	CHECK_INT(courier_fake_children(&first), 1);
	CHECK(deliver(false).delivered);
	CHECK_INT(courier_fake_children(&second), 1);
	CHECK_INT(second, first); /* one child for all */
	close_law();
	s = deliver(false);
	CHECK(!s.delivered);
	CHECK_STR(str_of(s.why.status), S("4.3.5"));
	second = wait_for_children(1, first);
	CHECK(unlink(law_file()) == 0);
	wait_for_children(1, second); /* without an order, too */
	CHECK(deliver(false).delivered);
	finish();
}

TEST(courier_office_lets_a_child_finish_what_it_began)
{
	begin();
	CHECK(deliver(true).delivered);
	CHECK(!deliver(false).delivered);
	finish();
}

/* A child whose stream ends goes, whatever the law. */
TEST(courier_office_forgets_streams_that_ended)
{
	int ends[2];

	begin();
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	CHECK(pass_send(courier_fake_control, S("!"), ends[1], PATIENCE_MS));
	close(ends[1]);
	wait_for_children(1, 0);
	close_law();
	close(ends[0]);
	wait_for_children(0, 0);
	finish();
}

static const char *in_folder(const char *name)
{
	static char paths[2][100];
	static int which;

	which = !which;
	snprintf(paths[which], sizeof paths[which], "%s/%s", folder, name);
	return paths[which];
}

static int watch_current(void)
{
	struct fail why;
	int watch = courier_watch_open(folder, "current", &why);

	CHECK(watch >= 0 && !courier_watch_changed(watch));
	return watch;
}

static void check_changed(int watch)
{
	CHECK(courier_watch_changed(watch));
	CHECK(courier_watch_changed(watch)); /* it stays so, for all who have it */
	courier_watch_close(watch);
}

TEST(courier_watch_sees_its_name_alone)
{
	struct fail why;
	int watch;

	begin();
	watch = watch_current();
	CHECK(symlink("generations/1", in_folder("current")) == 0);
	check_changed(watch);
	watch = watch_current();
	CHECK(mkdir(in_folder("generations"), 0700) == 0);
	CHECK(symlink("generations/2", in_folder("new")) == 0);
	CHECK(!courier_watch_changed(watch));
	CHECK(rename(in_folder("new"), in_folder("current")) == 0); /* as a compile does it */
	check_changed(watch);
	watch = watch_current();
	CHECK(unlink(in_folder("current")) == 0);
	check_changed(watch);
	watch = watch_current();
	CHECK(rename(folder, law_file()) == 0); /* it is in the other folder now */
	check_changed(watch);
	CHECK(courier_watch_open(folder, "current", &why) == -1 && why.text[0]);
	finish();
}

TEST(courier_people_begin_where_the_file_says)
{
	static const struct {
		str text;
		uint32_t min;
	} rows[] = {
		{STR_INIT(""),				  COURIER_PEOPLE_MIN},
		{ STR_INIT("# UID_MIN 5\n\n"),                  COURIER_PEOPLE_MIN},
		{ STR_INIT("UID_MIN\t\t 500\nUID_MAX 60000\n"), 500               },
		{ STR_INIT("UID_MIN 500\nUID_MIN 600"),         600               },
		{ STR_INIT("SYS_UID_MIN 100\nUID_MINI 7\n"),    COURIER_PEOPLE_MIN},
		{ STR_INIT("UID_MIN 0\n"),                      COURIER_PEOPLE_MIN},
		{ STR_INIT("UID_MIN -5\nUID_MIN x\nUID_MIN\n"), COURIER_PEOPLE_MIN},
		{ STR_INIT("UID_MIN 4294967296\n"),             COURIER_PEOPLE_MIN},
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		CHECK_INT(courier_people_read(rows[i].text), rows[i].min);
	CHECK_INT(courier_people_min("/nowhere/at/all"), COURIER_PEOPLE_MIN);
	CHECK(courier_people_min(COURIER_PEOPLE_FILE) > 0);
}
