/* Who had what in hand, seen from the process that is left. */
#include "test/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world/hand.h"

/* A process that takes these in turn, and dies. */
static void die_with(int page, const uint64_t *ids, size_t count, int signal)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		hand_of(page);
		for (size_t i = 0; i < count; i++)
			(void)hand_take(ids[i]);
		kill(getpid(), signal);
		_exit(0);
	}
	CHECK_INT(waitpid(child, &status, 0), child);
	hand_died(signal != SIGKILL);
}

TEST(hand_knows_what_was_in_hand_at_crashes)
{
	static const uint64_t first[] = { 7, 8, 9 }, second[] = { 9 }, none[] = { 5, 0 };
	struct hand_suspect found[HAND_SUSPECTS_MAX];
	struct fail why;
	int page = hand_make(&why);

	CHECK(page >= 0);
	hand_of(page);
	CHECK_INT(hand_suspects(found), 0);
	die_with(page, first, 3, SIGKILL); /* somebody else's doing */
	CHECK_INT(hand_suspects(found), 0);
	die_with(page, none, 2, SIGUSR1); /* put down again */
	CHECK_INT(hand_suspects(found), 0);
	die_with(page, first, 3, SIGUSR1);
	CHECK_INT(hand_suspects(found), 1);
	CHECK(found[0].id == 9 && found[0].crashes == 1);
	die_with(page, second, 1, SIGUSR1);
	die_with(page, first, 2, SIGUSR1);
	CHECK_INT(hand_suspects(found), 2);
	CHECK(found[0].id == 9 && found[0].crashes == 2 && found[1].id == 8);
	hand_clear(9);
	CHECK_INT(hand_suspects(found), 1);
	for (uint64_t id = 100; id < 100 + 2 * HAND_SUSPECTS_MAX; id++) { /* it is bounded */
		(void)hand_take(id);
		hand_died(true);
	}
	CHECK_INT(hand_suspects(found), HAND_SUSPECTS_MAX);
	CHECK_INT(hand_take(1), 0);
	CHECK_INT(hand_take(2), 1);
	CHECK_INT(hand_take(0), 2);
	close(page);
}
