#include "world/courier_frame.h"

#include <assert.h>

#include "base/number.h"

void courier_frame_head(enum courier_word word, size_t n, char to[COURIER_FRAME_HEAD])
{
	assert(n <= COURIER_FRAME_MAX);
	to[0] = (char)word;
	for (int i = 0; i < 4; i++)
		to[1 + i] = (char)(n >> (24 - 8 * i));
}

static bool known(char c)
{
	return c == COURIER_BEGIN || c == COURIER_APPEND || c == COURIER_RUN || c == COURIER_DATA ||
	       c == COURIER_FINISH || c == COURIER_DROP || c == COURIER_ANSWER ||
	       c == COURIER_GONE || c == COURIER_LOOK || c == COURIER_FOUND;
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

bool courier_frame_write_whom(const struct courier_whom *whom, struct buf *to)
{
	if (whom->address.n + whom->into.n > COURIER_WHOM_MAX || str_has(whom->address, '\0') ||
		str_has(whom->into, '\0'))
		return false;
	buf_put(to, whom->address);
	buf_put_char(to, '\0');
	buf_put(to, whom->into);
	buf_put_char(to, '\0');
	return true;
}

static bool take_whom(str *rest, struct courier_whom *whom)
{
	return str_cut(rest, '\0', &whom->address) && str_cut(rest, '\0', &whom->into) &&
	       whom->address.n + whom->into.n <= COURIER_WHOM_MAX;
}

static enum scan read_order(struct courier_frame_reader *r, str rest, struct courier_order *order)
{
	bool begins = order->word == COURIER_BEGIN || order->word == COURIER_APPEND ||
		      order->word == COURIER_RUN || order->word == COURIER_LOOK;

	if (begins == r->in_parcel || (begins && !take_whom(&rest, &order->whom)))
		return SCAN_BAD;
	switch (order->word) {
	case COURIER_BEGIN:
	case COURIER_APPEND:
		if (!str_cut(&rest, '\0', &order->path) || !courier_frame_path_good(order->path) ||
			(order->word == COURIER_APPEND && !str_cut(&rest, '\0', &order->sender)) ||
			rest.n > COURIER_HEAD_MAX)
			return SCAN_BAD;
		order->head = rest;
		r->in_parcel = true;
		return SCAN_DONE;
	case COURIER_RUN:
		if (!courier_frame_read_program(rest, &order->program, &order->head))
			return SCAN_BAD;
		r->in_parcel = true;
		return SCAN_DONE;
	case COURIER_DATA:
		order->bytes = rest;
		return SCAN_DONE;
	case COURIER_FINISH:
	case COURIER_DROP:
		r->in_parcel = false;
		return rest.n == 0 ? SCAN_DONE : SCAN_BAD;
	case COURIER_LOOK:
		order->bytes = rest;
		return rest.n == 0 || courier_frame_extension_good(rest) ? SCAN_DONE : SCAN_BAD;
	case COURIER_FOUND:
	case COURIER_ANSWER:
	case COURIER_GONE:
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

/* --- programs --- */

static bool program_good(const struct courier_program *p)
{
	return p->argument_count > 0 && p->argument_count <= COURIER_ARGUMENTS_MAX &&
	       p->environment_count <= COURIER_VARIABLES_MAX &&
	       str_starts(p->arguments[0], S("/")) && p->run_ms_max > 0 &&
	       p->output_octets_max <= COURIER_OUTPUT_MAX;
}

/* False: a NUL inside would make two values of it. */
static bool put_values(struct buf *to, const str *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (str_has(values[i], '\0'))
			return false;
		buf_put(to, values[i]);
		buf_put_char(to, '\0');
	}
	return true;
}

static void put_number(struct buf *to, uint64_t n)
{
	buf_putf(to, "%llu", (unsigned long long)n);
	buf_put_char(to, '\0');
}

bool courier_frame_write_program(const struct courier_program *program, str head, struct buf *to)
{
	size_t before = buf_str(to).n;

	if (!program_good(program) || head.n > COURIER_HEAD_MAX)
		return false;
	put_number(to, program->argument_count);
	put_number(to, program->environment_count);
	put_number(to, (uint64_t)program->run_ms_max);
	put_number(to, program->output_octets_max);
	if (!put_values(to, program->arguments, program->argument_count) ||
		!put_values(to, program->environment, program->environment_count) ||
		buf_str(to).n - before > COURIER_PROGRAM_OCTETS_MAX)
		return false;
	buf_put(to, head);
	return true;
}

static bool take_number(str *rest, uint64_t max, uint64_t *n)
{
	str digits;

	return str_cut(rest, '\0', &digits) && number_parse(digits, max, n);
}

static bool take_values(str *rest, str *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!str_cut(rest, '\0', &values[i]))
			return false;
	return true;
}

bool courier_frame_read_program(str rest, struct courier_program *program, str *head)
{
	uint64_t arguments, variables, run_ms, octets;
	size_t whole = rest.n;

	if (!take_number(&rest, COURIER_ARGUMENTS_MAX, &arguments) ||
		!take_number(&rest, COURIER_VARIABLES_MAX, &variables) ||
		!take_number(&rest, INT64_MAX / 2, &run_ms) ||
		!take_number(&rest, COURIER_OUTPUT_MAX, &octets) ||
		!take_values(&rest, program->arguments, arguments) ||
		!take_values(&rest, program->environment, variables))
		return false;
	program->argument_count = arguments;
	program->environment_count = variables;
	program->run_ms_max = (int64_t)run_ms;
	program->output_octets_max = octets;
	*head = rest;
	return program_good(program) && whole - rest.n <= COURIER_PROGRAM_OCTETS_MAX &&
	       rest.n <= COURIER_HEAD_MAX;
}

static void write_end(enum courier_word word, const struct fail *why, struct buf *to)
{
	str status = why && why->kind != FAIL_NONE ? str_of(why->status) : S("");
	str text = why ? str_of(why->text) : S("");
	char head[COURIER_FRAME_HEAD];

	courier_frame_head(word, status.n + 1 + text.n, head);
	buf_put(to, str_from(head, sizeof head));
	buf_put(to, status);
	buf_put_char(to, '\0');
	buf_put(to, text);
}

void courier_frame_write_answer(const struct fail *why, struct buf *to)
{
	write_end(COURIER_ANSWER, why, to);
}

void courier_frame_write_gone(const struct fail *why, struct buf *to)
{
	write_end(COURIER_GONE, why, to);
}

bool courier_frame_read_answer(str rest, struct fail *why)
{
	char code[sizeof why->status];
	str status;

	*why = (struct fail){ 0 };
	if (!str_cut(&rest, '\0', &status) || status.n >= sizeof code)
		return false;
	fail_with(why,
		status.n == 0                 ? FAIL_NONE
		: str_starts(status, S("5.")) ? FAIL_PERMANENT
					      : FAIL_TEMPORARY,
		str_to_c(status, code, sizeof code), "%.*s", STR(rest));
	return true;
}

bool courier_frame_extension_good(str extension)
{
	return extension.n > 0 && extension.n <= COURIER_EXTENSION_MAX &&
	       !str_has(extension, '/') && !str_has(extension, '\0');
}

void courier_frame_write_found(enum courier_found found, str text, struct buf *to)
{
	char head[COURIER_FRAME_HEAD];

	courier_frame_head(COURIER_FOUND, 1 + text.n, head);
	buf_put(to, str_from(head, sizeof head));
	buf_put_char(to, (char)('0' + found));
	buf_put(to, text);
}

bool courier_frame_read_found(str rest, enum courier_found *found, str *text)
{
	if (rest.n == 0 || rest.p[0] < '0' + COURIER_NONE || rest.p[0] > '0' + COURIER_UNFIT)
		return false;
	*found = (enum courier_found)(rest.p[0] - '0');
	*text = str_skip(rest, 1);
	return true;
}
