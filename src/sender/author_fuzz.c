/* Laws: a list is read to its end or refused; what is found is an address, which stands alone or in
 * brackets for itself; white space before, and an empty element behind, change nothing. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "sender/author.h"

static size_t read_all(str list, struct buf *found)
{
	char address[ADDRESS_MAX + 1];
	size_t count = 0, before = list.n;

	for (;; count++) {
		enum author_step step = author_next(&list, address);
		struct fail why;

		if (step != AUTHOR_ADDRESS) {
			buf_put(found, step == AUTHOR_BAD ? S("!") : S("."));
			return count;
		}
		LAW(list.n < before && address_parse(str_of(address), true, &why));
		before = list.n;
		buf_putf(found, "%s\n", address);
	}
}

static void check_alone(str address)
{
	struct buf text = { 0 }, found = { 0 }, want = { 0 };

	buf_putf(&text, "x <%.*s>, %.*s", STR(address), STR(address));
	buf_putf(&want, "%.*s\n%.*s\n.", STR(address), STR(address));
	(void)read_all(buf_str(&text), &found);
	LAW(str_eq(buf_str(&found), buf_str(&want)));
	buf_free(&text);
	buf_free(&found);
	buf_free(&want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str list = str_from(data, size), rest, line;
	struct buf first = { 0 }, second = { 0 }, wider = { 0 };
	size_t count = read_all(list, &first);

	buf_put(&wider, S(" \r\n (c) , "));
	buf_put(&wider, list);
	if (!str_ends(buf_str(&first), S("!")))
		buf_put(&wider, S(" ,"));
	LAW(read_all(buf_str(&wider), &second) == count);
	LAW(str_eq(buf_str(&first), buf_str(&second)));
	rest = buf_str(&first);
	while (str_cut(&rest, '\n', &line))
		check_alone(line);
	buf_free(&first);
	buf_free(&second);
	buf_free(&wider);
	return 0;
}
