/*
 * test/sim/hand - a message that kills the pivot, and the parent that counts
 *
 * In a world with poison one of the messages that the pivot takes in hand is chosen, and each time
 * that it is taken again, the process dies of it.  At the second time it has to be set aside: a
 * third one, before somebody has released it, is wrong.  A kill by others takes the parent along,
 * and what it has counted.
 */
#ifndef TEST_SIM_HAND_H
#define TEST_SIM_HAND_H

#include "world/hand.h"

void hand_open(bool poison);
void hand_calm(void);          /* whatever it was, it is repaired: nothing kills any more */
uint64_t hand_poisonous(void); /* the message; 0: there is none */

#endif
