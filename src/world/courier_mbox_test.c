/* One message into an mbox, with the kernel's files. */
#include "world/courier_mbox.h"

#include "test/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/facteur-mbox-XXXXXX";
static char box[64];

static void begin(void)
{
	if (box[0] == '\0') {
		CHECK(mkdtemp(folder));
		snprintf(box, sizeof box, "%s/box", folder);
	}
	unlink(box);
}

static str content(char *to, size_t size)
{
	FILE *f = fopen(box, "r");
	size_t n = f ? fread(to, 1, size, f) : 0;

	if (f)
		fclose(f);
	return str_from(to, n);
}

static bool put(const char *text, size_t cut, struct fail *why)
{
	struct courier_mbox m = { 0 };
	str rest = str_of(text);

	courier_mbox_begin(&m, str_of(box), S("a@b.test"), S("Delivered-To: x\r\n"));
	for (; rest.n > 0; rest = str_skip(rest, cut))
		courier_mbox_write(&m, str_first(rest, cut));
	return courier_mbox_finish(&m, why);
}

TEST(courier_mbox_quotes_in_every_cut)
{
	static const char text[] = "Subject: x\r\n\r\nFrom me\r\n>>From you\r\nFro\r\n>Fromage\r\n "
				   "From\r\n\r\nlast";

	for (size_t cut = 1; cut <= sizeof text; cut++) {
		char bytes[1000];
		struct fail why;
		str got, line;

		begin();
		CHECK(put(text, cut, &why));
		CHECK(put("x: y\r\n", cut, &why));
		got = content(bytes, sizeof bytes);
		str_cut(&got, '\n', &line);
		CHECK(str_starts(line, S("From a@b.test  ")));
		CHECK(str_starts(
			got, S("Delivered-To: x\nSubject: x\n\n>From me\n>>>From you\nFro\n"
			       ">Fromage\n From\n\nlast\n\nFrom a@b.test  ")));
		CHECK(str_ends(got, S("\nDelivered-To: x\nx: y\n\n")));
	}
}

TEST(courier_mbox_refuses_what_is_no_file_of_its_own)
{
	struct fail why;
	char bytes[10];

	begin();
	CHECK(symlink("/etc/passwd", box) == 0);
	CHECK(!put("x\r\n", 10, &why));
	CHECK_STR(str_of(why.status), S("4.2.0"));
	unlink(box);
	CHECK(mkfifo(box, 0600) == 0);
	CHECK(!put("x\r\n", 10, &why));
	CHECK(why.kind == FAIL_TEMPORARY);
	unlink(box);
	CHECK_INT(content(bytes, sizeof bytes).n, 0);
}

/* What its reader forgot does not lock for ever; a message that was dropped left nothing. */
TEST(courier_mbox_takes_a_stale_lock_and_leaves_none)
{
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct courier_mbox m = { 0 };
	struct fail why;
	char lock[80], bytes[10];
	int fd;

	begin();
	snprintf(lock, sizeof lock, "%s.lock", box);
	fd = open(lock, O_CREAT | O_WRONLY, 0600);
	CHECK(fd >= 0 && futimens(fd, old) == 0);
	close(fd);
	courier_mbox_begin(&m, str_of(box), S(""), S(""));
	courier_mbox_write(&m, S("x\r\n"));
	courier_mbox_drop(&m);
	CHECK_INT(content(bytes, sizeof bytes).n, 0);
	CHECK(put("x\r\n", 10, &why));
	CHECK(access(lock, F_OK) != 0);
	unlink(box);
	CHECK(rmdir(folder) == 0);
	box[0] = '\0';
	memcpy(folder, "/tmp/facteur-mbox-XXXXXX", sizeof folder);
}
