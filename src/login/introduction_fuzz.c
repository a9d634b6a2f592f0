/* Laws: what is taken of a question or an answer is put again as it was; of a file of credentials
 * only a line that names the host is believed, and what it says has no control character. */
#include "test/fuzz.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "login/introduction.h"

static void look_at_question(str bytes)
{
	struct introduction_question q;
	struct buf again = { 0 };

	if (!introduction_take_question(bytes, &q))
		return;
	introduction_put_question(&q, &again);
	LAW(str_eq(buf_str(&again), bytes));
	buf_free(&again);
}

static void look_at_answer(str bytes)
{
	struct introduction_answer answer;
	struct buf again = { 0 };

	if (!introduction_take_answer(bytes, &answer))
		return;
	introduction_put_answer(&answer, &again);
	LAW(str_eq(buf_str(&again), bytes));
	buf_free(&again);
}

static void look_at_file(str text)
{
	static const struct credentials_for whom = { STR_INIT("mx.a"), STR_INIT("a"), 587 };
	struct credentials found;
	struct fail why = { 0 };
	bool right = credentials_check(S("f"), text, &why);
	bool is_there = credentials_find(S("f"), text, &whom, &found, &why);

	LAW(right || !is_there);
	LAW(is_there || why.kind != FAIL_NONE);
	if (!is_there)
		return;
	LAW(found.name.n > 0 && found.password.n > 0 && !str_has(found.name, ':'));
	LAW(found.name.p >= text.p && found.password.p + found.password.n <= text.p + text.n);
	LAW(str_find_str(text, S("a")) < text.n || str_has(text, 'A') || str_has(text, '*'));
	for (size_t i = 0; i < found.password.n; i++)
		LAW(!ascii_control(found.password.p[i]) || found.password.p[i] == '\t');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str rest;

	if (size == 0)
		return 0;
	rest = str_from(data + 1, size - 1);
	if (data[0] % 3 == 0)
		look_at_question(rest);
	else if (data[0] % 3 == 1)
		look_at_answer(rest);
	else
		look_at_file(rest);
	return 0;
}
