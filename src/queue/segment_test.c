/* Reading on through segments: whatever has been fetched along, the bytes are those of the place.
 */
#include "queue/segment.h"

#include "queue/spool_fake.h"
#include "test/test.h"

#define SEGMENTS 3
#define OCTETS 50000 /* of each */

static struct disk *disk;
static struct segment_reader reader;
static struct segment_window window;

/* No two places of all segments look alike. */
static char byte_at(uint32_t number, uint64_t offset)
{
	uint64_t n = number * OCTETS + offset;

	return (char)(n ^ n >> 7 ^ n >> 13);
}

static void begin(void)
{
	char bytes[OCTETS], name[SEGMENT_NAME_MAX];
	struct fail why;

	fake_reset(1);
	disk = disk_open(S("/spool"), &why);
	reader.disk = disk;
	for (uint32_t number = 1; number <= SEGMENTS; number++) {
		struct disk_file *f = disk_create(disk, segment_name(number, name), &why);
		str part = str_from(bytes, sizeof bytes);

		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = byte_at(number, i);
		CHECK(f && disk_write(f, 0, &part, 1, &why));
		disk_close_file(f);
	}
}

static void end(void)
{
	segment_window_free(&window);
	segment_reader_close(&reader);
	disk_close(disk);
	fake_reset(0);
}

static bool read_on(uint32_t number, uint64_t offset, size_t octets, size_t fetch)
{
	struct fail why;
	str bytes;

	if (!segment_read_on(&reader, &window, number, offset, octets, fetch, &bytes, &why))
		return false;
	CHECK_INT(bytes.n, octets);
	for (size_t i = 0; i < octets; i++)
		CHECK(bytes.p[i] == byte_at(number, offset + i));
	return true;
}

/* To and fro, in any segment, of any size, also when more or less is fetched than the time before:
 * what is there is read, and what is not is refused. */
TEST(segment_reads_on_from_any_place_to_any_other)
{
	struct prng dice;

	begin();
	prng_seed(&dice, 7);
	for (unsigned n = 0; n < 20000; n++) {
		uint32_t number = 1 + (uint32_t)prng_below(&dice, SEGMENTS);
		uint64_t offset = prng_below(&dice, OCTETS + 100);
		size_t octets = 1 + prng_below(&dice, n % 10 ? 300 : 20000);
		size_t fetch = n % 3 ? prng_below(&dice, 30000) : 0;

		CHECK(read_on(number, offset, octets, fetch) == (offset + octets <= OCTETS));
	}
	CHECK(!read_on(SEGMENTS + 1, 0, 1, 100)); /* it is not there, */
	CHECK(read_on(SEGMENTS, 0, 1, 100));      /* and that is nobody else's trouble */
	end();
}

TEST(segment_reads_what_it_has_fetched_once)
{
	begin();
	fake_reads = 0;
	for (uint64_t offset = 0; offset + 100 <= 4000; offset += 100)
		CHECK(read_on(1, offset, 100, 4000));
	CHECK_INT(fake_reads, 1);
	CHECK(read_on(1, 3950, 100, 0)); /* half of it was fetched */
	CHECK(read_on(2, 3950, 100, 0)); /* the same place, elsewhere */
	CHECK_INT(fake_reads, 3);
	CHECK(read_on(2, 3960, 90, 4000) && read_on(2, 3950, 1, 4000));
	CHECK_INT(fake_reads, 3);
	end();
}

/* It costs one read more in its segment, and then one for each that is asked for there. */
TEST(segment_reads_on_around_a_bad_place)
{
	begin();
	CHECK(fake_bad_place(S("log-00000002"), 1000));
	fake_reads = 0;
	CHECK(!read_on(2, 1000, 1, 0)); /* nothing more was fetched: it is tried once */
	CHECK_INT(fake_reads, 1);
	CHECK(read_on(2, 0, 100, 4000));
	CHECK_INT(fake_reads, 3);
	CHECK(!read_on(2, 950, 100, 4000));
	CHECK(read_on(2, 1050, 100, 4000) && read_on(2, 1150, 100, 4000));
	CHECK_INT(fake_reads, 6);
	CHECK(read_on(3, 0, 100, 4000) && read_on(3, 100, 100, 4000));
	CHECK_INT(fake_reads, 7);
	end();
}

/* Behind the end of the file there may be less than is fetched along. */
TEST(segment_reads_on_to_its_end)
{
	begin();
	CHECK(read_on(1, OCTETS - 100, 100, 4000) && read_on(1, OCTETS - 1, 1, 4000));
	CHECK(!read_on(1, OCTETS - 100, 101, 4000) && !read_on(1, OCTETS, 1, 4000));
	CHECK(read_on(1, OCTETS - 100, 100, 0));
	end();
}
