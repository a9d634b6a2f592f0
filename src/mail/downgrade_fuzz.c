/* Laws: the result is as long as was said, has no byte above 127, ends its lines as the message
 * did, and does not depend on the cut; a 7-bit message stays as it is; and what is decoded from the
 * parts of the result are the bytes that were put into them. */
#include "test/fuzz.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "mail/downgrade.h"

#define PARTS_MAX 4

static bool convert(str from, size_t n, struct buf *to)
{
	struct downgrade *d = downgrade_new();
	uint64_t octets = 0;
	bool converts = true;

	buf_clear(to);
	for (str rest = from; rest.n > 0 && converts; rest = str_skip(rest, n))
		converts = downgrade_scan(d, str_first(rest, n));
	converts = converts && downgrade_scan_end(d, &octets);
	if (converts) {
		for (str rest = from; rest.n > 0; rest = str_skip(rest, n))
			downgrade_convert(d, str_first(rest, n), to);
		downgrade_convert_end(d, to);
		LAW(buf_str(to).n == octets);
	}
	downgrade_free(d);
	return converts;
}

static void check_clean(str s)
{
	str body = str_skip(s, str_find_str(s, S("\r\n\r\n")));

	LAW(utf8_ascii(body)); /* the header stays as it came */
	for (size_t i = 0; i < s.n; i++) {
		LAW(s.p[i] != '\n' || (i > 0 && s.p[i - 1] == '\r'));
		LAW(s.p[i] != '\r' || (i + 1 < s.n && s.p[i + 1] == '\n'));
	}
}

/* --- any message, made of what messages are made of ----------------------------------------- */

static const str snippets[] = {
	STR_INIT("\r\n"),
	STR_INIT("Content-Type: "),
	STR_INIT("multipart/mixed; boundary=a\r\n"),
	STR_INIT("multipart/digest; boundary=b\r\n"),
	STR_INIT("multipart/signed; boundary=c\r\n"),
	STR_INIT("text/plain\r\n"),
	STR_INIT("image/x\r\n"),
	STR_INIT("message/rfc822\r\n"),
	STR_INIT("\r\n--a\r\n"),
	STR_INIT("\r\n--a--\r\n"),
	STR_INIT("\r\n--b\r\n"),
	STR_INIT("\r\n--b--\r\n"),
	STR_INIT("\r\n--c\r\n"),
	STR_INIT("Content-Transfer-Encoding: 8bit\r\n"),
	STR_INIT("Content-Transfer-Encoding: base64\r\n"),
	STR_INIT("MIME-Version: 1.0\r\n"),
	STR_INIT("\r\n\r\n"),
	STR_INIT("Subject: x\r\n y\r\n"),
};

static void check_any(str dice)
{
	static const size_t cuts[] = { 1, 2, 7, 100 };
	struct buf from = { 0 }, to = { 0 }, again = { 0 };
	bool converts;

	for (size_t i = 0; i < dice.n; i++) {
		unsigned char c = (unsigned char)dice.p[i];

		buf_put(&from,
			c < LENGTH(snippets) ? snippets[c] : str_first(str_skip(dice, i), 1));
	}
	buf_put(&from, S("\r\n"));
	converts = convert(buf_str(&from), SIZE_MAX, &to);
	if (converts)
		check_clean(buf_str(&to));
	if (converts && utf8_ascii(buf_str(&from)))
		LAW(str_eq(buf_str(&from), buf_str(&to)));
	for (size_t i = 0; i < LENGTH(cuts); i++) {
		LAW(convert(buf_str(&from), cuts[i], &again) == converts);
		LAW(!converts || str_eq(buf_str(&to), buf_str(&again)));
	}
	buf_free(&from);
	buf_free(&to);
	buf_free(&again);
}

/* --- parts that are known ------------------------------------------------------------------- */

static void decode_quoted(str s, struct buf *to)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '=') {
			buf_put_char(to, s.p[i]);
		} else if (s.p[i + 1] == '\r') {
			i += 2;
		} else {
			buf_put_char(
				to, (char)(ascii_hex(s.p[i + 1]) * 16 + ascii_hex(s.p[i + 2])));
			i += 2;
		}
	}
}

static void decode(str part, struct buf *to)
{
	str header = str_first(part, str_find_str(part, S("\r\n\r\n"))), line;
	str body = str_skip(part, header.n + 4);

	buf_clear(to);
	if (str_ends(header, S("quoted-printable"))) {
		while (body.n > 0) {
			bool ends = str_cut(&body, '\n', &line);

			LAW(line.n <= 77);
			decode_quoted((str){ line.p, line.n + ends }, to);
		}
	} else if (str_ends(header, S("base64"))) {
		while (body.n > 0) {
			str_cut(&body, '\n', &line);
			LAW(line.n <= 77);
			LAW(base64_decode(str_trim_right(line), to));
		}
	} else {
		buf_put(to, body);
	}
}

static void check_parts(str dice)
{
	struct buf from = { 0 }, to = { 0 }, bodies[PARTS_MAX] = { { 0 } }, decoded = { 0 };
	size_t count = 1 + (unsigned char)dice.p[0] % PARTS_MAX;
	str rest;

	buf_put(&from, S("Content-Type: multipart/mixed; boundary=a\r\nMIME-Version: 1.0\r\n\r\n"));
	for (size_t i = 0; i < count; i++) {
		str body = str_first(dice, dice.n / count);

		dice = str_skip(dice, body.n);
		for (size_t n = 0; n < body.n; n++)
			if (body.p[n] == '\n')
				buf_put(&bodies[i], S("\r\n"));
			else
				buf_put_char(&bodies[i], body.p[n] == '\r' ? '-' : body.p[n]);
		buf_putf(&from, "--a\r\nContent-Type: %s/x\r\n\r\n", i % 2 ? "image" : "text");
		buf_put(&from, buf_str(&bodies[i]));
		buf_put(&from, S("\r\n"));
		if (str_find_str(buf_str(&bodies[i]), S("--a")) < buf_str(&bodies[i]).n)
			goto other; /* not the parts that we think */
	}
	buf_put(&from, S("--a--\r\n"));
	LAW(convert(buf_str(&from), SIZE_MAX, &to));
	check_clean(buf_str(&to));
	rest = str_skip(buf_str(&to), str_find_str(buf_str(&to), S("\r\n--a\r\n")));
	for (size_t i = 0; i < count; i++) {
		rest = str_skip(rest, 7);
		decode(str_first(rest, str_find_str(rest, S("\r\n--a"))), &decoded);
		LAW(str_eq(buf_str(&decoded), buf_str(&bodies[i])));
		rest = str_skip(rest, str_find_str(rest, S("\r\n--a")));
	}
	LAW(str_eq(rest, S("\r\n--a--\r\n")));
other:
	buf_free(&from);
	buf_free(&to);
	buf_free(&decoded);
	for (size_t i = 0; i < PARTS_MAX; i++)
		buf_free(&bodies[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str dice = str_from(data, size);

	if (size < 2)
		return 0;
	if (data[0] % 2)
		check_any(str_skip(dice, 1));
	else
		check_parts(str_skip(dice, 1));
	return 0;
}
