/* Law: the verdict on a line does not depend on where the bytes were cut; a line has no CR and no
 * LF and is within its limit; the lax reading takes what the strict one takes; what skip leaves,
 * begins behind a CRLF. */
#include "test/fuzz.h"

#include "smtp/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t line_max = size ? 2 + data[0] % 32 : 2;
	str input = size ? str_from(data + 1, size - 1) : S("");
	str rest = input, line = { 0 }, again = { 0 };
	struct fail why, why_again;
	enum scan whole = smtp_line_take(&rest, line_max, &line, &why), cut = SCAN_MORE;
	str lax_rest = input, lax_line = { 0 };
	enum scan lax = smtp_line_take_lax(&lax_rest, line_max, &lax_line, NULL);
	bool after_cr = false, after_cr_again = false, over;

	for (size_t n = 0; n <= input.n && cut == SCAN_MORE; n++) {
		str part = str_first(input, n);

		cut = smtp_line_take(&part, line_max, &again, &why_again);
	}
	LAW(whole == cut);
	if (whole == SCAN_DONE) {
		LAW(str_eq(line, again) && line.n + 2 <= line_max);
		LAW(!str_has(line, '\r') && !str_has(line, '\n'));
		LAW(rest.n + line.n + 2 == input.n);
		LAW(lax == SCAN_DONE && str_eq(lax_line, line) && lax_rest.n == rest.n);
	}
	LAW(lax != SCAN_DONE || (lax_line.n + 2 <= line_max && !str_has(lax_line, '\r')));
	if (whole != SCAN_BAD)
		return 0;
	LAW(str_eq(str_of(why.text), str_of(why_again.text)));
	over = smtp_line_skip(&rest, &after_cr);
	LAW(!over || str_ends(str_first(input, input.n - rest.n), S("\r\n")));
	LAW(over == (str_find_str(input, S("\r\n")) < input.n));
	for (size_t i = 0; i < input.n; i++) {
		str byte = str_first(str_skip(input, i), 1);

		if (smtp_line_skip(&byte, &after_cr_again)) {
			LAW(over && i + 1 == input.n - rest.n);
			return 0;
		}
	}
	LAW(!over);
	return 0;
}
