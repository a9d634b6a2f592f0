#include "world/courier_people.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/number.h"

#define OCTETS_MAX 65536 /* Debian's has 13,000 */

uint32_t courier_people_read(str text)
{
	uint32_t min = COURIER_PEOPLE_MIN;
	str line, word, value;
	uint64_t number;

	while (text.n > 0) {
		str_cut(&text, '\n', &line);
		if (str_word(&line, &word) && str_eq(word, S("UID_MIN")) &&
			str_word(&line, &value) && number_parse(value, UINT32_MAX, &number) &&
			number > 0)
			min = (uint32_t)number;
	}
	return min;
}

uint32_t courier_people_min(const char *file)
{
	static char bytes[OCTETS_MAX];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	size_t count = 0;
	ssize_t n;

	if (fd < 0)
		return COURIER_PEOPLE_MIN;
	while (count < sizeof bytes && (n = read(fd, bytes + count, sizeof bytes - count)) > 0)
		count += (size_t)n;
	close(fd);
	return courier_people_read(str_from(bytes, count));
}
