/* The walls, around a process that was forked for it. */
#include "test/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world/sandbox.h"
#include "world/sandbox_try.h"

static void *be_a_thread(void *owner)
{
	return owner;
}

static bool can_open(const char *folder, const char *name, int flags)
{
	char path[200];
	int fd;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* What is wrong; null: nothing. */
static const char *look(const char *folder, int before)
{
	static struct sandbox_attempt attempts[SANDBOX_TRY_MAX];
	size_t count = sandbox_try(attempts);
	pthread_t thread;
	char letter;

	for (size_t i = 0; i < count; i++)
		if (!attempts[i].error)
			return attempts[i].what;
	if (!can_open(folder, "new", O_RDWR | O_CREAT) || !can_open(folder, "new", O_RDONLY))
		return "its own folder";
	if (!can_open("/etc/ssl", "openssl.cnf", O_RDONLY))
		return "a file to read";
	if (can_open("/etc/ssl", "openssl.cnf", O_RDWR) || can_open("/etc", "passwd", O_RDONLY))
		return "a file that nobody allowed";
	if (pread(before, &letter, 1, 0) != 1)
		return "a file that was open before";
	if (pthread_create(&thread, NULL, be_a_thread, NULL) != 0 ||
		pthread_join(thread, NULL) != 0)
		return "a thread";
	return NULL;
}

static void live_in_walls(const char *folder)
{
	struct sandbox_path paths[] = {
		{str_of(folder),             true },
                { S("/etc/ssl/openssl.cnf"), false},
		{ S("/nowhere"),             false}
	};
	struct sandbox_setup setup = {
		.paths = paths, .count = LENGTH(paths), .sockets = SANDBOX_INTERNET
	};
	int before = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	char words[SANDBOX_WORDS_MAX];
	struct fail why = { 0 };
	const char *wrong = sandbox_enter(&setup, words, &why) ? look(folder, before) : why.text;

	if (wrong)
		fprintf(stderr, "the walls: %s\n", wrong);
	_exit(wrong != NULL);
}

TEST(sandbox_holds_and_lets_work)
{
	char folder[] = "/tmp/facteur-sandbox-XXXXXX", path[64];
	int status = -1;
	pid_t pid;

	CHECK(mkdtemp(folder));
	pid = fork();
	if (pid == 0)
		live_in_walls(folder);
	CHECK(waitpid(pid, &status, 0) == pid);
	snprintf(path, sizeof path, "%s/new", folder);
	unlink(path);
	rmdir(folder);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
