/* Laws: what is passed on does not depend on where the bytes were cut; it has no bare CR or LF, no
 * NUL, no long line, and is within its limit; a message that is sound, stuffed and sent again, is
 * the same; the end is the first CRLF.CRLF of what came. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "smtp/data.h"

#define MESSAGE_OCTETS_MAX 300
#define LINE_OCTETS_MAX 40

struct result {
	struct buf body;
	bool over, sound;
	size_t taken;
};

static void take_part(struct smtp_data *d, str part, struct result *r)
{
	size_t n = part.n;

	while (part.n > 0 && !r->over) {
		size_t before = part.n;
		str piece;

		r->over = smtp_data_take(d, &part, &piece) == SCAN_DONE;
		LAW(part.n < before);
		buf_put(&r->body, piece);
	}
	r->taken += n - part.n;
}

static struct result take(str input, size_t step, bool dots, bool repair)
{
	struct smtp_data d = { .line_octets_max = LINE_OCTETS_MAX,
		.message_octets_max = MESSAGE_OCTETS_MAX,
		.dots = dots,
		.repair = repair };
	struct result r = { 0 };
	struct fail why;

	smtp_data_init(&d);
	for (size_t at = 0; at < input.n && !r.over; at += step)
		take_part(&d, str_first(str_skip(input, at), step), &r);
	if (!dots)
		smtp_data_end(&d);
	r.sound = smtp_data_sound(&d, &why);
	return r;
}

static void check_clean(str body)
{
	LAW(!str_has(body, '\0') && body.n <= MESSAGE_OCTETS_MAX);
	while (body.n > 0) {
		size_t end = str_find_str(body, S("\r\n"));
		str line = str_first(body, end);

		LAW(!str_has(line, '\r') && !str_has(line, '\n') && line.n + 2 <= LINE_OCTETS_MAX);
		body = str_skip(body, end + 2);
	}
}

static void stuff(str body, struct buf *to)
{
	while (body.n > 0) {
		size_t end = str_find_str(body, S("\r\n")) + 2;

		if (body.p[0] == '.')
			buf_put_char(to, '.');
		buf_put(to, str_first(body, end));
		body = str_skip(body, end);
	}
	buf_put(to, S(".\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool dots = size > 0 && data[0] & 1, repair = size > 0 && data[0] & 2;
	size_t step = size > 0 ? 1 + (data[0] >> 2) % 7 : 1;
	str input = size ? str_from(data + 1, size - 1) : S("");
	struct result whole = take(input, SIZE_MAX / 2, dots, repair);
	struct result cut = take(input, step, dots, repair);
	bool at_once = str_starts(input, S(".\r\n"));
	size_t end = str_find_str(input, S("\r\n.\r\n"));

	LAW(str_eq(buf_str(&whole.body), buf_str(&cut.body)));
	LAW(whole.over == cut.over && whole.sound == cut.sound && whole.taken == cut.taken);
	check_clean(buf_str(&whole.body));
	LAW(whole.over == (dots && (at_once || end < input.n)));
	if (whole.over)
		LAW(whole.taken == (at_once ? 3 : end + 5));
	if (whole.sound && (whole.over || !dots)) {
		struct buf again = { 0 };
		struct result second;

		stuff(buf_str(&whole.body), &again);
		second = take(buf_str(&again), step, true, false);
		LAW(second.sound && second.over);
		LAW(str_eq(buf_str(&second.body), buf_str(&whole.body)));
		buf_free(&second.body);
		buf_free(&again);
	}
	buf_free(&whole.body);
	buf_free(&cut.body);
	return 0;
}
