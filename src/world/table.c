#include "world/table.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cdb.h>
#include <xxhash.h>

#include "base/mem.h"
#include "world/file.h"

#define TABLE_MODE 0644
#define CHECKSUM_OCTETS 8

static const str format_key = STR_INIT("\0format");
static const str checksum_key = STR_INIT("\0checksum");

struct table {
	struct cdb cdb;
};

struct table_maker {
	int file; /* in memory, until it is whole */
	bool failed;
	struct cdb_make make;
};

/* Over the whole file, but for the place where it is written. */
static void checksum(str file, size_t place, char to[CHECKSUM_OCTETS])
{
	size_t behind = place + CHECKSUM_OCTETS;
	uint64_t hash =
		XXH3_64bits_withSeed(file.p + behind, file.n - behind, XXH3_64bits(file.p, place));

	for (size_t i = 0; i < CHECKSUM_OCTETS; i++)
		to[i] = (char)(hash >> 8 * i);
}

/* Looking up writes the place of what was found into the structure, and another thread may look up
 * at the same time: so each has a copy, which is small. */
bool table_find(const struct table *t, str key, str *value)
{
	struct cdb cdb = t->cdb;
	const void *p;

	if (cdb_find(&cdb, key.n ? key.p : "", (unsigned)key.n) <= 0)
		return false;
	p = cdb_getdata(&cdb);
	if (!p)
		return false;
	*value = str_from(p, cdb_datalen(&cdb));
	return true;
}

static bool sound(const struct table *t)
{
	str file = { (const char *)t->cdb.cdb_mem, t->cdb.cdb_fsize };
	char expected[CHECKSUM_OCTETS];
	str found;

	if (!table_find(t, checksum_key, &found) || found.n != CHECKSUM_OCTETS)
		return false;
	checksum(file, (size_t)(found.p - file.p), expected);
	return memcmp(found.p, expected, CHECKSUM_OCTETS) == 0;
}

struct table *table_open(str path, str format, struct fail *why)
{
	char c_path[PATH_MAX];
	struct table *t;
	int file;
	str found;

	if (path.n >= sizeof c_path || str_has(path, '\0')) {
		fail_with(why, FAIL_PERMANENT, "5.3.0", "%.*s: not a path", STR(path));
		return NULL;
	}
	file = open(str_to_c(path, c_path, sizeof c_path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0) {
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "%.*s: %s", STR(path),
			strerrordesc_np(errno));
		return NULL;
	}
	t = MEM_NEW(struct table);
	if (cdb_init(&t->cdb, file) != 0) {
		fail_with(why, FAIL_PERMANENT, "5.3.0", "%.*s: not a compiled table", STR(path));
		close(file);
		mem_free(t);
		return NULL;
	}
	close(file); /* the map stays */
	if (!sound(t))
		fail_with(why, FAIL_PERMANENT, "5.3.0",
			"%.*s: not a compiled table, or a damaged one", STR(path));
	else if (!table_find(t, format_key, &found) || !str_eq(found, format))
		fail_with(why, FAIL_PERMANENT, "5.3.0",
			"%.*s: not of the format \"%.*s\"; compile it again", STR(path),
			STR(format));
	else
		return t;
	table_close(t);
	return NULL;
}

void table_close(struct table *t)
{
	if (!t)
		return;
	cdb_free(&t->cdb);
	mem_free(t);
}

static void add(struct table_maker *m, str key, str value)
{
	if (m->failed || key.n > UINT_MAX || value.n > UINT_MAX)
		m->failed = true;
	else
		m->failed = cdb_make_add(&m->make, key.n ? key.p : "", (unsigned)key.n,
				    value.n ? value.p : "", (unsigned)value.n) != 0;
}

struct table_maker *table_maker_new(str format)
{
	struct table_maker *m = MEM_NEW(struct table_maker);

	m->file = memfd_create("table", MFD_CLOEXEC);
	m->failed = m->file < 0 || cdb_make_start(&m->make, m->file) != 0;
	add(m, format_key, format);
	add(m, checksum_key, str_from("\0\0\0\0\0\0\0\0", CHECKSUM_OCTETS));
	return m;
}

void table_maker_add(struct table_maker *m, str key, str value)
{
	assert(!str_starts(key, str_from("", 1)));
	add(m, key, value);
}

/* Fill in the checksum of what is whole but for it. */
static bool seal(struct table_maker *m, char *file, size_t octets)
{
	struct table t;
	str found;
	bool ok;

	if (cdb_init(&t.cdb, m->file) != 0)
		return false;
	ok = table_find(&t, checksum_key, &found);
	if (ok) {
		size_t place = (size_t)(found.p - (const char *)t.cdb.cdb_mem);

		checksum(str_from(file, octets), place, file + place);
	}
	cdb_free(&t.cdb);
	return ok;
}

bool table_maker_write(struct table_maker *m, str path, struct fail *why)
{
	bool ok = m->file >= 0 && cdb_make_finish(&m->make) == 0 && !m->failed;
	off_t octets = ok ? lseek(m->file, 0, SEEK_END) : 0;
	char *file = MAP_FAILED;

	if (octets > 0)
		file = mmap(NULL, (size_t)octets, PROT_READ | PROT_WRITE, MAP_SHARED, m->file, 0);
	ok = file != MAP_FAILED && seal(m, file, (size_t)octets);
	if (ok)
		ok = file_replace(path, str_from(file, (size_t)octets), TABLE_MODE, why);
	else
		fail_with(why, FAIL_TEMPORARY, "4.3.0", "%.*s: no memory for the table", STR(path));
	if (file != MAP_FAILED)
		munmap(file, (size_t)octets);
	if (m->file >= 0)
		close(m->file);
	mem_free(m);
	return ok;
}
