/* Law: whatever bytes a child hears, in whatever cuts, it holds at most one frame and one feed of
 * them, hears the same orders, and none that is out of order or leads out of a path. */
#include "test/fuzz.h"

#include "world/courier.h"
#include "world/courier_frame.h"

#define HELD_MAX (COURIER_FRAME_HEAD + COURIER_FRAME_MAX + COURIER_FEED_MAX)

/* A program that was read is written as it was read. */
static bool written_back(const struct courier_order *o)
{
	struct courier_program again;
	struct buf text = { 0 };
	str head;
	/* numbers may have had zeros in front */
	bool same = courier_frame_write_program(&o->program, o->head, &text) &&
		    courier_frame_read_program(buf_str(&text), &again, &head) &&
		    str_eq(head, o->head) && again.argument_count == o->program.argument_count &&
		    str_eq(again.arguments[0], o->program.arguments[0]) &&
		    again.run_ms_max == o->program.run_ms_max;

	buf_free(&text);
	return same;
}

/* A number that stands for all orders heard up to the end, or the first bad one. */
static uint64_t hear(str bytes, size_t cut)
{
	struct courier_frame_reader r = { 0 };
	struct courier_order o;
	enum scan told = SCAN_MORE;
	bool open = false;
	uint64_t sum = 1;

	while (bytes.n > 0 && told != SCAN_BAD) {
		courier_frame_feed(&r, str_first(bytes, cut));
		bytes = str_skip(bytes, cut);
		LAW(buf_str(&r.in).n <= HELD_MAX);
		while ((told = courier_frame_next(&r, &o)) == SCAN_DONE) {
			bool begins = o.word == COURIER_BEGIN || o.word == COURIER_APPEND ||
				      o.word == COURIER_RUN || o.word == COURIER_LOOK;

			LAW(begins != open);
			open = (begins && o.word != COURIER_LOOK) || o.word == COURIER_DATA;
			LAW(o.word != COURIER_LOOK || o.bytes.n == 0 ||
				courier_frame_extension_good(o.bytes));
			LAW(o.word != COURIER_RUN || written_back(&o));
			LAW(o.whom.address.n + o.whom.into.n <= COURIER_WHOM_MAX);
			LAW(o.bytes.n <= COURIER_FRAME_MAX && o.head.n <= COURIER_HEAD_MAX);
			LAW((o.word != COURIER_BEGIN && o.word != COURIER_APPEND) ||
				(o.path.n <= COURIER_PATH_MAX && o.path.p[0] == '/' &&
					str_find_str(o.path, S("/../")) == o.path.n &&
					!str_ends(o.path, S("/.."))));
			sum = sum * 31 + (uint64_t)o.word + o.bytes.n + o.path.n + o.head.n;
		}
	}
	buf_free(&r.in);
	return sum * 2 + (told == SCAN_BAD);
}

/* What is found is written as it was read. */
static void found(str bytes)
{
	str text, again_text, input, rest;
	enum courier_found what, again;
	struct buf frame = { 0 };
	enum courier_word word;

	if (bytes.n > COURIER_FRAME_MAX || !courier_frame_read_found(bytes, &what, &text))
		return;
	courier_frame_write_found(what, text, &frame);
	input = buf_str(&frame);
	LAW(courier_frame_take(&input, &word, &rest) == SCAN_DONE && word == COURIER_FOUND);
	LAW(courier_frame_read_found(rest, &again, &again_text));
	LAW(again == what && str_eq(again_text, text));
	buf_free(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str bytes = str_from(data, size);
	uint64_t whole;
	struct fail why;

	if (size < 1 || size > COURIER_FEED_MAX)
		return 0;
	whole = hear(bytes, size);
	LAW(hear(bytes, 1 + data[0] % 64u) == whole);
	if (courier_frame_read_answer(bytes, &why))
		LAW(strlen(why.text) < sizeof why.text);
	found(bytes);
	return 0;
}
