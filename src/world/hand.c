#include "world/hand.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct page {
	uint64_t held[HAND_THREADS_MAX]; /* 0: nothing */
	struct hand_suspect suspects[HAND_SUSPECTS_MAX];
	unsigned next; /* suspect to be written over */
	uint64_t trap;
};

static struct page *page;
static unsigned threads;             /* that have a place; atomic */
static _Thread_local unsigned place; /* 0: none yet; counted from 1 */

int hand_make(struct fail *why)
{
	int fd = memfd_create("hand", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	/* its size is fixed: nobody can have the other one read behind its end */
	if (fd >= 0 && ftruncate(fd, sizeof *page) == 0 &&
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	fail_with(why, FAIL_TEMPORARY, "4.3.0", "no memory to share: %s", strerrordesc_np(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

void hand_of(int descriptor)
{
	void *at = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);

	page = at == MAP_FAILED ? NULL : at;
}

uint64_t hand_take(uint64_t id)
{
	uint64_t had;

	if (!page)
		return 0;
	if (place == 0)
		place = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);
	if (place > HAND_THREADS_MAX)
		return 0;
	had = page->held[place - 1];
	__atomic_store_n(&page->held[place - 1], id, __ATOMIC_RELAXED);
	if (id != 0 && id == page->trap)
		abort();
	return had;
}

static void suspect(uint64_t id)
{
	for (size_t i = 0; i < HAND_SUSPECTS_MAX; i++)
		if (page->suspects[i].id == id) {
			page->suspects[i].crashes++;
			return;
		}
	page->suspects[page->next++ % HAND_SUSPECTS_MAX] = (struct hand_suspect){ id, 1 };
}

void hand_died(bool crashed)
{
	if (!page)
		return;
	for (size_t i = 0; i < HAND_THREADS_MAX; i++) {
		if (crashed && page->held[i] != 0)
			suspect(page->held[i]);
		page->held[i] = 0;
	}
}

size_t hand_suspects(struct hand_suspect to[HAND_SUSPECTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; page && i < HAND_SUSPECTS_MAX; i++)
		if (page->suspects[i].id != 0)
			to[n++] = page->suspects[i];
	return n;
}

void hand_clear(uint64_t id)
{
	for (size_t i = 0; page && i < HAND_SUSPECTS_MAX; i++)
		if (page->suspects[i].id == id)
			page->suspects[i] = (struct hand_suspect){ 0 };
}

void hand_trap(uint64_t id)
{
	if (page)
		page->trap = id;
}
