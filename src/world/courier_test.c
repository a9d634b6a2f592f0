/* Deliveries into real Maildirs, by real children. */
#include "test/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/number.h"
#include "world/courier_fake.h"
#include "world/courier_frame.h"
#include "world/courier_maildir.h"

static char folder[64], user_folder[80];
static struct loop *loop;
static struct courier *courier;
static struct loop_timer watchdog;
static int waiting;

static void on_watchdog(struct loop_timer *timer)
{
	(void)timer;
	loop_stop(loop);
}

static void begin_at_home(str home)
{
	str_to_c(S("/tmp/facteur-mail-XXXXXX"), folder, sizeof folder);
	CHECK(mkdtemp(folder) != NULL);
	chmod(folder, 0755);
	courier = courier_fake_open(S("host:1/x.test"), home);
	CHECK(courier != NULL);
	loop = loop_new("test");
	watchdog = (struct loop_timer){ .run = on_watchdog };
	loop_timer_set(loop, &watchdog, loop_now_ms(loop) + 20000);
	waiting = 0;
}

static void begin(void)
{
	begin_at_home(S(""));
}

static void finish(void)
{
	char command[128];

	loop_timer_cancel(loop, &watchdog);
	loop_free(loop);
	courier_fake_close(courier);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	CHECK(system(command) == 0);
}

/* --- an owner of a parcel --- */

struct sender {
	struct courier_parcel *parcel;
	size_t blocks, block_octets; /* to be written */
	size_t drop_after;           /* blocks; 0: never */
	int dones;
	bool delivered, in_call;
	struct fail why;
};

static void ended(void)
{
	if (--waiting == 0)
		loop_stop(loop);
}

static void on_writable(void *owner)
{
	struct sender *s = owner;
	struct buf block = { 0 };

	CHECK(!s->in_call);
	if (s->drop_after && --s->drop_after == 0) {
		courier_drop(s->parcel);
		ended();
		return;
	}
	if (s->blocks == 0) {
		courier_finish(s->parcel);
		return;
	}
	while (buf_str(&block).n < s->block_octets)
		buf_put(&block, S("line of 16 chars\r\n"));
	s->blocks--;
	courier_write(s->parcel, buf_str(&block));
	buf_free(&block);
}

static void on_done(void *owner, const struct fail *why)
{
	struct sender *s = owner;

	CHECK(!s->in_call);
	s->dones++;
	s->delivered = !why;
	if (why)
		s->why = *why;
	ended();
}

static const struct courier_handler handler = { .writable = on_writable, .done = on_done };

static void send_to(struct sender *s, const char *user, str path)
{
	waiting++;
	s->in_call = true;
	s->parcel = courier_send(courier, loop, &(struct courier_whom){ .user = str_of(user) },
		path, S("Return-Path: <a@b>\r\n"), &handler, s);
	s->in_call = false;
}

static str below(const char *name)
{
	static char path[200];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return str_of(path);
}

static void run(void)
{
	loop_run(loop);
	CHECK_INT(waiting, 0);
}

/* How many files are there; the last one's name and text. */
static int look(const char *name, char file[300], struct buf *text)
{
	char path[600], bytes[4096];
	int count = 0;
	DIR *d = opendir(below(name).p);
	struct dirent *e;

	CHECK(d != NULL);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		count++;
		str_to_c(str_of(e->d_name), file, 300);
	}
	closedir(d);
	if (count == 0 || !text)
		return count;
	snprintf(path, sizeof path, "%s/%s", below(name).p, file);
	int fd = open(path, O_RDONLY);
	ssize_t n;
	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		buf_put(text, str_from(bytes, (size_t)n));
	close(fd);
	return count;
}

TEST(courier_delivers_into_a_new_maildir)
{
	struct sender s = { .blocks = 1, .block_octets = 30 };
	struct buf text = { 0 };
	char file[300];
	struct stat st;
	str name, size;
	uint64_t octets;

	begin();
	send_to(&s, NULL, below("a//b/box/"));
	run();
	CHECK_STR(str_of(s.why.text), S(""));
	CHECK(s.delivered && s.dones == 1);
	CHECK_INT(look("a/b/box/new", file, &text), 1);
	CHECK_STR(buf_str(&text), S("Return-Path: <a@b>\nline of 16 chars\nline of 16 chars\n"));
	CHECK(stat(below("a/b/box/cur").p, &st) == 0 && (st.st_mode & 0777) == 0700);
	CHECK_INT(look("a/b/box/tmp", file, NULL), 0);
	CHECK_INT(look("a/b/box/new", file, NULL), 1);
	name = str_of(file);
	CHECK(str_find_str(name, S(".host\\0721\\057x.test,S=")) < name.n);
	size = str_skip(name, str_find_last(name, '=') + 1);
	CHECK(number_parse(size, 10000, &octets) && octets == buf_str(&text).n);
	buf_free(&text);
	finish();
}

TEST(courier_takes_much_in_blocks_and_many_in_turn)
{
	struct sender s[5];
	struct buf text = { 0 };
	char file[300];

	begin();
	for (int i = 0; i < 5; i++) {
		s[i] = (struct sender){ .blocks = 20, .block_octets = 150000 };
		send_to(&s[i], "", below("box"));
	}
	run();
	for (int i = 0; i < 5; i++)
		CHECK(s[i].delivered && s[i].dones == 1);
	CHECK_INT(look("box/new", file, &text), 5);
	CHECK_INT(buf_str(&text).n, 19 + 20 * 8334 * 17);
	buf_free(&text);
	finish();
}

TEST(courier_writes_before_its_turn_are_kept)
{
	struct sender s[3];
	char file[300];
	struct buf text = { 0 };

	begin();
	for (int i = 0; i < 3; i++) {
		s[i] = (struct sender){ 0 };
		send_to(&s[i], "", below("box"));
		courier_write(s[i].parcel, S("early\r"));
		courier_write(s[i].parcel, S("\nbird\r\r\nx\r"));
		courier_finish(s[i].parcel);
	}
	run();
	CHECK_INT(look("box/new", file, &text), 3);
	CHECK_STR(buf_str(&text), S("Return-Path: <a@b>\nearly\nbird\r\nx\r"));
	buf_free(&text);
	finish();
}

TEST(courier_drop_leaves_nothing_behind)
{
	struct sender s[4] = {
		{.blocks = 9, .block_octets = 100000, .drop_after = 3 },
		{ .blocks = 1,          .block_octets = 10                    },
                { .blocks = 5,          .block_octets = 10 },
		{ .blocks = 1,          .block_octets = 10                    }
	};
	char file[300];

	begin();
	for (int i = 0; i < 4; i++)
		send_to(&s[i], "", below("box"));
	courier_drop(s[2].parcel); /* before its turn */
	waiting--;
	run();
	CHECK(s[0].dones == 0 && s[2].dones == 0);
	CHECK(s[1].delivered && s[3].delivered);
	CHECK_INT(look("box/new", file, NULL), 2);
	CHECK_INT(look("box/tmp", file, NULL), 0);
	finish();
}

TEST(courier_refuses_paths_that_lead_elsewhere)
{
	static const char *const bad[] = { "", "/", "box", "/tmp/../etc/x", "/tmp/..", "/..",
		"//" };

	begin();
	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct sender s = { 0 };

		send_to(&s, "", str_of(bad[i]));
		courier_write(s.parcel, S("x"));
		courier_finish(s.parcel);
		run();
		CHECK(!s.delivered && s.dones == 1);
		CHECK(s.why.kind == FAIL_TEMPORARY);
	}
	finish();
}

TEST(courier_says_why_it_cannot_deliver)
{
	struct sender s = { 0 };
	char file[300];
	int fd;

	begin();
	fd = open(below("file").p, O_CREAT | O_WRONLY, 0600);
	CHECK(fd >= 0 && close(fd) == 0);
	send_to(&s, "", below("file"));
	run();
	CHECK(!s.delivered && strstr(s.why.text, "Not a directory") != NULL);
	s = (struct sender){ 0 };
	send_to(&s, "no-such-user", below("box"));
	run();
	CHECK(!s.delivered && strstr(s.why.text, "no-such-user") != NULL);
	CHECK_STR(str_of(s.why.status), S("4.3.5"));
	s = (struct sender){ 0 }; /* and it still works afterwards */
	send_to(&s, "", below("box"));
	run();
	CHECK(s.delivered && look("box/new", file, NULL) == 1);
	finish();
}

TEST(courier_becomes_the_user)
{
	struct passwd *nobody = getpwnam("nobody");
	struct sender s = { 0 };
	struct stat st;

	if (geteuid() != 0 || !nobody)
		skip();
	begin();
	snprintf(user_folder, sizeof user_folder, "%s/home", folder);
	CHECK(mkdir(user_folder, 0700) == 0);
	CHECK(chown(user_folder, nobody->pw_uid, nobody->pw_gid) == 0);
	send_to(&s, "nobody", below("home/box"));
	run();
	CHECK_STR(str_of(s.why.text), S(""));
	CHECK(stat(below("home/box/new").p, &st) == 0 && st.st_uid == nobody->pw_uid);
	s = (struct sender){ 0 };
	send_to(&s, "nobody", below("not-his/box"));
	run();
	CHECK(!s.delivered && strstr(s.why.text, "Permission denied") != NULL);
	finish();
}

TEST(courier_delivers_at_home_where_no_user_is_named)
{
	struct passwd *nobody = getpwnam("nobody");
	struct sender s = { 0 };
	struct stat st;

	if (geteuid() != 0 || !nobody)
		skip();
	begin_at_home(S("nobody"));
	CHECK(mkdir(below("home").p, 0700) == 0);
	CHECK(chown(below("home").p, nobody->pw_uid, nobody->pw_gid) == 0);
	send_to(&s, "", below("home/box"));
	run();
	CHECK_STR(str_of(s.why.text), S(""));
	CHECK(stat(below("home/box/new").p, &st) == 0 && st.st_uid == nobody->pw_uid);
	s = (struct sender){ 0 };
	send_to(&s, "", below("roots/box"));
	run();
	CHECK(!s.delivered && strstr(s.why.text, "Permission denied") != NULL);
	finish();
}

/* A child that dies takes its parcels with it, and its successor works.  Whose it is, the name of
 * the file in its hands says. */
static struct sender victim, bystander;

static void on_victim_writable(void *owner)
{
	struct sender *s = owner;
	char file[300];
	uint64_t pid = 0;
	str name;

	if (s->blocks-- > 1) {
		courier_write(s->parcel, S("some bytes\r\n"));
		return;
	}
	do {
		if (access(below("box/tmp").p, R_OK) != 0 || look("box/tmp", file, NULL) == 0)
			continue; /* it has not come so far yet */
		name = str_skip(str_of(file), str_find(str_of(file), 'P') + 1);
		CHECK(number_parse(str_first(name, str_find(name, 'Q')), 1 << 30, &pid));
	} while (pid == 0);
	CHECK(kill((pid_t)pid, SIGKILL) == 0);
}

TEST(courier_tells_of_a_child_that_died)
{
	static const struct courier_handler victim_handler = { .writable = on_victim_writable,
		.done = on_done };
	static const struct courier_whom home;
	char file[300];

	begin();
	victim = (struct sender){ .blocks = 3 };
	bystander = (struct sender){ .blocks = 1, .block_octets = 10 };
	waiting = 2;
	victim.parcel = courier_send(
		courier, loop, &home, below("box"), S("X: y\r\n"), &victim_handler, &victim);
	bystander.parcel =
		courier_send(courier, loop, &home, below("box"), S(""), &handler, &bystander);
	run();
	CHECK(victim.dones == 1 && !victim.delivered);
	CHECK_STR(str_of(victim.why.text), S("the courier has died"));
	CHECK(bystander.dones == 1 && !bystander.delivered);
	bystander = (struct sender){ .blocks = 1, .block_octets = 10 };
	send_to(&bystander, "", below("box"));
	run();
	CHECK(bystander.delivered);
	CHECK_INT(look("box/new", file, NULL), 1);
	finish();
}

TEST(courier_writes_nothing_that_the_law_does_not_know)
{
	const struct courier_whom whom = { .address = COURIER_FAKE_REFUSED };
	struct sender s = { .blocks = 2, .block_octets = 10 };
	char file[300];

	begin();
	waiting++;
	s.parcel = courier_send(courier, loop, &whom, below("box"), S("X: y\r\n"), &handler, &s);
	run();
	CHECK(s.dones == 1 && !s.delivered);
	CHECK_STR(str_of(s.why.status), S("4.3.5"));
	CHECK(access(below("box").p, F_OK) != 0);
	s = (struct sender){ .blocks = 2, .block_octets = 10 };
	send_to(&s, "", below("box")); /* the same child */
	run();
	CHECK(s.delivered);
	CHECK_INT(look("box/new", file, NULL), 1);
	finish();
}

/* What a child knows of the configuration it knows from its birth. */
TEST(courier_has_new_children_for_a_new_configuration)
{
	struct sender first = { .blocks = 1, .block_octets = 10 }, second = first, third = first;

	begin();
	send_to(&first, "", below("box"));
	run();
	send_to(&second, "", below("box"));
	courier_renew(courier);
	run(); /* it is finished by the old child, which goes */
	CHECK(first.delivered && second.delivered);
	while (courier_fake_children(NULL) > 0)
		usleep(1000);
	send_to(&third, "", below("box"));
	run();
	CHECK(third.delivered);
	CHECK_INT(courier_fake_children(NULL), 1);
	finish();
}

/* The machine between the two: the same orders, however the bytes are cut. */
static void put_frame(struct buf *to, enum courier_word word, str rest)
{
	char head[COURIER_FRAME_HEAD];

	courier_frame_head(word, rest.n, head);
	buf_put(to, str_from(head, sizeof head));
	buf_put(to, rest);
}

TEST(courier_frames_do_not_depend_on_the_cut)
{
	struct buf all = { 0 };

	put_frame(&all, COURIER_BEGIN, S("x@y.test\0|into\0/a/b\0Head: x\r\n"));
	put_frame(&all, COURIER_DATA, S("hello"));
	put_frame(&all, COURIER_FINISH, S(""));
	put_frame(&all, COURIER_BEGIN, S("\0\0/a/b\0"));
	put_frame(&all, COURIER_DROP, S(""));
	for (size_t cut = 1; cut < 20; cut++) {
		struct courier_frame_reader r = { 0 };
		struct courier_order o;
		char words[10] = "";
		size_t n = 0;

		for (str left = buf_str(&all); left.n > 0; left = str_skip(left, cut)) {
			courier_frame_feed(&r, str_first(left, cut));
			while (courier_frame_next(&r, &o) == SCAN_DONE) {
				words[n++] = (char)o.word;
				if (n == 1) {
					CHECK_STR(o.whom.address, S("x@y.test"));
					CHECK_STR(o.whom.into, S("|into"));
					CHECK_STR(o.path, S("/a/b"));
					CHECK_STR(o.head, S("Head: x\r\n"));
				}
				if (n == 2)
					CHECK_STR(o.bytes, S("hello"));
			}
		}
		CHECK_STR(str_of(words), S("BDFBX"));
		buf_free(&r.in);
	}
	buf_free(&all);
}

TEST(courier_frames_out_of_order_are_refused)
{
	static const struct {
		enum courier_word word;
		str rest;
	} bad[] = {
		{COURIER_DATA,    STR_INIT("x")            },
		{ COURIER_FINISH, STR_INIT("")             },
		{ COURIER_DROP,   STR_INIT("")             },
		{ COURIER_ANSWER, STR_INIT("")             },
		{ COURIER_GONE,   STR_INIT("4.3.0\0x")     },
		{ COURIER_BEGIN,  STR_INIT("/a/b")         },
		{ COURIER_BEGIN,  STR_INIT("\0\0/a/b")     },
		{ COURIER_BEGIN,  STR_INIT("\0\0/a/../b\0")},
		{ COURIER_LOOK,   STR_INIT("\0")           },
	};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct courier_frame_reader r = { 0 };
		struct courier_order o;
		struct buf bytes = { 0 };

		put_frame(&bytes, bad[i].word, bad[i].rest);
		courier_frame_feed(&r, buf_str(&bytes));
		CHECK_INT(courier_frame_next(&r, &o), SCAN_BAD);
		buf_free(&bytes);
		buf_free(&r.in);
	}
}

TEST(courier_maildir_tells_a_full_disk)
{
	struct courier_maildir m;
	struct fail why;
	str part = S("0123456789abcdef");
	int full = open("/dev/full", O_WRONLY);

	begin();
	courier_maildir_begin(&m, S("h"), below("box"), S(""));
	CHECK(m.file >= 0 && dup2(full, m.file) >= 0);
	for (int i = 0; i < 10000; i++)
		courier_maildir_write(&m, part);
	CHECK(!courier_maildir_finish(&m, &why));
	CHECK_STR(str_of(why.status), S("4.3.1"));
	close(full);
	finish();
}
