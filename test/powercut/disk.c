/*
 * powercut/disk - a disk with a volatile cache, for a kernel under User-Mode Linux
 *
 * Loaded into linux.uml with LD_PRELOAD.  What the guest writes to the image DISK_IMAGE stays in
 * the memory of that process, as in the cache of a disk, until the guest flushes; kill -9 of the
 * process is the power cut, and takes the cache with it.  A disk may also write earlier, and in
 * any order: so each block of each write goes to the image at once with a chance of one in
 * EARLY_ONE_IN, dice from DISK_SEED.
 *
 * It promises what a disk promises: a block of BLOCK_OCTETS is written whole or not at all, and
 * when a flush has returned, everything written before it survives a cut.  The image itself is not
 * synced: it is the guest that loses its power here, not the host.
 *
 * All of the guest's kernel is one thread of linux.uml, so nothing is locked.  System calls are
 * made directly: the names of the C library are the ones that are replaced.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BLOCK_OCTETS 4096
#define EARLY_ONE_IN 3

static struct {
	bool ready;
	dev_t device;
	ino_t inode;
	size_t blocks;
	char *held;  /* the cache: as large as the image, filled where it is dirty */
	bool *dirty; /* one a block */
	uint64_t dice;
} disk;

static void *memory(size_t octets)
{
	void *p = mmap(NULL, octets, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

__attribute__((constructor)) static void begin(void)
{
	const char *image = getenv("DISK_IMAGE"), *seed = getenv("DISK_SEED");
	struct stat st;

	if (!image || !seed || stat(image, &st) != 0)
		abort();
	disk.device = st.st_dev;
	disk.inode = st.st_ino;
	disk.blocks = (size_t)st.st_size / BLOCK_OCTETS;
	disk.held = memory(disk.blocks * BLOCK_OCTETS);
	disk.dirty = memory(disk.blocks);
	disk.dice = strtoull(seed, NULL, 10) * 2 + 1; /* xorshift cannot leave zero */
	disk.ready = true;
}

/* Other files of the process, the guest's memory and hostfs, are passed through. */
static bool is_disk(int fd)
{
	struct stat st;

	return disk.ready && fstat(fd, &st) == 0 && st.st_dev == disk.device &&
	       st.st_ino == disk.inode;
}

static bool is_early(void)
{
	disk.dice ^= disk.dice << 13;
	disk.dice ^= disk.dice >> 7;
	disk.dice ^= disk.dice << 17;
	return (disk.dice >> 32) % EARLY_ONE_IN == 0;
}

static bool block_load(int fd, size_t block)
{
	off_t at = (off_t)(block * BLOCK_OCTETS);
	char *held = disk.held + at;

	return disk.dirty[block] ||
	       syscall(SYS_pread64, fd, held, BLOCK_OCTETS, at) == BLOCK_OCTETS;
}

static bool block_store(int fd, size_t block)
{
	off_t at = (off_t)(block * BLOCK_OCTETS);

	if (syscall(SYS_pwrite64, fd, disk.held + at, BLOCK_OCTETS, at) != BLOCK_OCTETS)
		return false;
	disk.dirty[block] = false;
	return true;
}

static int flush(int fd)
{
	for (size_t block = 0; block < disk.blocks; block++) {
		if (disk.dirty[block] && !block_store(fd, block))
			return -1;
	}
	return 0;
}

/* Cut octets from a position to the rest of its block, and to the image. */
static size_t portion(size_t n, off_t at)
{
	size_t room = BLOCK_OCTETS - (size_t)at % BLOCK_OCTETS;

	return n < room ? n : room;
}

ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
{
	size_t done = 0;

	if (!is_disk(fd))
		return syscall(SYS_pwrite64, fd, from, n, at);
	if (at < 0 || (size_t)at + n > disk.blocks * BLOCK_OCTETS) {
		errno = ENOSPC;
		return -1;
	}
	while (done < n) {
		size_t block = (size_t)at / BLOCK_OCTETS, part = portion(n - done, at);

		if (!block_load(fd, block))
			return -1;
		memcpy(disk.held + at, (const char *)from + done, part);
		disk.dirty[block] = true;
		if (is_early() && !block_store(fd, block))
			return -1;
		done += part;
		at += (off64_t)part;
	}
	return (ssize_t)n;
}

ssize_t pread64(int fd, void *to, size_t n, off64_t at)
{
	ssize_t got = syscall(SYS_pread64, fd, to, n, at);

	if (got <= 0 || !is_disk(fd))
		return got;
	for (size_t done = 0; done < (size_t)got;) {
		size_t block = (size_t)at / BLOCK_OCTETS, part = portion((size_t)got - done, at);

		if (block < disk.blocks && disk.dirty[block])
			memcpy((char *)to + done, disk.held + at, part);
		done += part;
		at += (off64_t)part;
	}
	return got;
}

int fsync(int fd)
{
	return is_disk(fd) ? flush(fd) : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return is_disk(fd) ? flush(fd) : (int)syscall(SYS_fdatasync, fd);
}
