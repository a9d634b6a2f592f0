#include "world/courier_frame.h"

#include <assert.h>

#include "world/courier.h"

void courier_frame_head(enum courier_word word, size_t n, char to[COURIER_FRAME_HEAD])
{
	assert(n <= COURIER_FRAME_MAX);
	to[0] = (char)word;
	for (int i = 0; i < 4; i++)
		to[1 + i] = (char)(n >> (24 - 8 * i));
}

static bool known(char c)
{
	return c == COURIER_BEGIN || c == COURIER_DATA || c == COURIER_FINISH ||
	       c == COURIER_DROP || c == COURIER_ANSWER;
}

enum scan courier_frame_take(str *input, enum courier_word *word, str *rest)
{
	size_t n = 0;

	if (input->n > 0 && !known(input->p[0]))
		return SCAN_BAD;
	if (input->n < COURIER_FRAME_HEAD)
		return SCAN_MORE;
	for (int i = 0; i < 4; i++)
		n = n << 8 | (unsigned char)input->p[1 + i];
	if (n > COURIER_FRAME_MAX)
		return SCAN_BAD;
	if (input->n - COURIER_FRAME_HEAD < n)
		return SCAN_MORE;
	*word = (enum courier_word)input->p[0];
	*rest = str_first(str_skip(*input, COURIER_FRAME_HEAD), n);
	*input = str_skip(*input, COURIER_FRAME_HEAD + n);
	return SCAN_DONE;
}

bool courier_frame_path_good(str path)
{
	bool names_something = false;
	str part;

	if (path.n > COURIER_PATH_MAX || !str_starts(path, S("/")) || str_has(path, '\0'))
		return false;
	while (path.n > 0) {
		str_cut(&path, '/', &part);
		if (str_eq(part, S("..")))
			return false;
		names_something = names_something || part.n > 0;
	}
	return names_something;
}

void courier_frame_feed(struct courier_frame_reader *r, str bytes)
{
	assert(bytes.n <= COURIER_FEED_MAX);
	buf_put(&r->in, bytes);
}

static enum scan read_order(struct courier_frame_reader *r, str rest, struct courier_order *order)
{
	bool legal = order->word == COURIER_BEGIN ? !r->in_parcel : r->in_parcel;

	if (!legal)
		return SCAN_BAD;
	switch (order->word) {
	case COURIER_BEGIN:
		if (!str_cut(&rest, '\0', &order->path) || !courier_frame_path_good(order->path) ||
			rest.n > COURIER_HEAD_MAX)
			return SCAN_BAD;
		order->head = rest;
		r->in_parcel = true;
		return SCAN_DONE;
	case COURIER_DATA:
		order->bytes = rest;
		return SCAN_DONE;
	case COURIER_FINISH:
	case COURIER_DROP:
		r->in_parcel = false;
		return rest.n == 0 ? SCAN_DONE : SCAN_BAD;
	case COURIER_ANSWER:
		break;
	}
	return SCAN_BAD;
}

enum scan courier_frame_next(struct courier_frame_reader *r, struct courier_order *order)
{
	str input, rest;
	enum scan took;

	buf_take(&r->in, r->told_n);
	r->told_n = 0;
	*order = (struct courier_order){ 0 };
	input = buf_str(&r->in);
	took = courier_frame_take(&input, &order->word, &rest);
	if (took != SCAN_DONE)
		return took;
	r->told_n = buf_str(&r->in).n - input.n;
	return read_order(r, rest, order);
}

void courier_frame_write_answer(const struct fail *why, struct buf *to)
{
	str status = why ? str_of(why->status) : S(""), text = why ? str_of(why->text) : S("");
	char head[COURIER_FRAME_HEAD];

	courier_frame_head(COURIER_ANSWER, status.n + 1 + text.n, head);
	buf_put(to, str_from(head, sizeof head));
	buf_put(to, status);
	buf_put_char(to, '\0');
	buf_put(to, text);
}

bool courier_frame_read_answer(str rest, struct fail *why)
{
	char code[sizeof why->status];
	str status;

	*why = (struct fail){ 0 };
	if (!str_cut(&rest, '\0', &status) || status.n >= sizeof code)
		return false;
	if (status.n > 0)
		fail_with(why, FAIL_TEMPORARY, str_to_c(status, code, sizeof code), "%.*s",
			STR(rest));
	return true;
}
