#include "test/sim/hand.h"

#include "test/sim/sim.h"
#include "test/sim/trace.h"

#define CHOSEN_PER_MILLE 30
#define CRASHES_MAX 2 /* then it is set aside */

static struct {
	bool kills, chooses;
	uint64_t id;
	bool falls; /* the process is dying of it */
	unsigned crashes;
	bool aside;
} hand;

void hand_open(bool poison)
{
	hand = (typeof(hand)){ .kills = poison, .chooses = poison };
}

void hand_calm(void)
{
	hand.kills = hand.chooses = hand.aside = false;
}

uint64_t hand_poisonous(void)
{
	return hand.id;
}

uint64_t hand_take(uint64_t id)
{
	if (hand.chooses && id != 0 && sim_chance(CHOSEN_PER_MILLE)) {
		hand.id = id;
		hand.chooses = false;
	}
	if (id == 0 || id != hand.id || !hand.kills)
		return 0;
	if (hand.aside || hand.crashes >= CRASHES_MAX)
		sim_fail("a message that killed the pivot twice is taken in hand again");
	trace("the pivot dies of a message");
	hand.falls = true;
	sim_crash_here();
	return 0;
}

void hand_died(bool crashed)
{
	hand.crashes = hand.falls && crashed ? hand.crashes + 1 : 0;
	hand.aside = hand.aside && hand.falls;
	hand.falls = false;
}

size_t hand_suspects(struct hand_suspect to[HAND_SUSPECTS_MAX])
{
	if (hand.crashes == 0)
		return 0;
	to[0] = (struct hand_suspect){ .id = hand.id, .crashes = hand.crashes };
	return 1;
}

void hand_clear(uint64_t id)
{
	if (id != hand.id)
		return;
	trace("a message is set aside");
	hand.crashes = 0;
	hand.aside = true;
}
