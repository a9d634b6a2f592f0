/* What becomes of messages for a peer that takes 7 bits only. */
#include "test/test.h"

#include "base/utf8.h"
#include "mail/downgrade.h"

/* clang-format off */
static const struct {
	str from, to; /* to null: it cannot be converted; the same pointer: it stays as it is */
} cases[] = {
	/* without MIME fields */
	{ STR_INIT("Subject: x\r\n\r\ncaf\xe9 =\r\n. \r\n-- \r\n"),
	  STR_INIT("Subject: x\r\nMIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset=unknown-8bit\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		"caf=E9 =3D\r\n.=20\r\n=2D-=20\r\n") },
	/* raw bytes in the header stay as they came */
	{ STR_INIT("Subject: \xe9\r\n\r\n\xe9\r\n"),
	  STR_INIT("Subject: \xe9\r\nMIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset=unknown-8bit\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n=E9\r\n") },
	{ STR_INIT("MIME-Version: 1.0\r\nContent-Type: image/x; name=\xe9\r\n\r\n\xe9\r\n"),
	  STR_INIT("MIME-Version: 1.0\r\nContent-Type: image/x; name=\xe9\r\n"
		"Content-Transfer-Encoding: base64\r\n\r\n6Q0K\r\n") },
	/* text and data */
	{ STR_INIT("MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: text/html\r\n\r\n\xe9\r\n"),
	  STR_INIT("MIME-Version: 1.0\r\nContent-Type: text/html\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n=E9\r\n") },
	{ STR_INIT("MIME-Version: 1.0\r\nContent-Type: image/x\r\n\r\n\xe9\r\n"),
	  STR_INIT("MIME-Version: 1.0\r\nContent-Type: image/x\r\n"
		"Content-Transfer-Encoding: base64\r\n\r\n6Q0K\r\n") },
	{ STR_INIT("MIME-Version: 1.0\r\nContent-Type: text/x\r\nContent-Type: image/x\r\n\r\n\xe9\r\n"),
	  STR_INIT("MIME-Version: 1.0\r\nContent-Type: text/x\r\nContent-Type: image/x\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n=E9\r\n") },
	{ STR_INIT("MIME-Version: 1.0\r\nContent-Type: message/global\r\n\r\nTo: \xc3\xa9\r\n\r\n"),
	  STR_INIT("MIME-Version: 1.0\r\nContent-Type: message/global\r\n"
		"Content-Transfer-Encoding: base64\r\n\r\nVG86IMOpDQoNCg==\r\n") },
	/* parts: only what must be is converted; what nobody sees loses its high bytes */
	{ STR_INIT("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"a b\"\r\n"
		"Content-Transfer-Encoding:\r\n 8bit\r\n\r\nDonn\xe9" "es\r\n"
		"--a b\r\nContent-Transfer-Encoding: 8bit\r\n\r\nseven\r\n\r\n"
		"--a b \r\nContent-Type: text/plain\r\n\r\n\xe9 \r\n"
		"--a b\r\nContent-Type: application/x\r\n\r\n\xe9\r\n"
		"--a b--\r\n\xe9nd\r\n"),
	  STR_INIT("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"a b\"\r\n"
		"\r\nDonn?es\r\n"
		"--a b\r\nContent-Transfer-Encoding: 8bit\r\n\r\nseven\r\n\r\n"
		"--a b \r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E9=20\r\n"
		"--a b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\n6Q==\r\n"
		"--a b--\r\n?nd\r\n") },
	/* a message in a message, in a digest; its own multipart has the same end as the outer part */
	{ STR_INIT("MIME-Version: 1.0\r\nContent-Type: multipart/digest; boundary=o\r\n\r\n"
		"--o\r\n\r\nContent-Type: multipart/x; boundary=i\r\n\r\n--i\r\n\r\n\xe9\r\n--i--\r\n--o--\r\n"),
	  STR_INIT("MIME-Version: 1.0\r\nContent-Type: multipart/digest; boundary=o\r\n\r\n"
		"--o\r\n\r\nContent-Type: multipart/x; boundary=i\r\nMIME-Version: 1.0\r\n\r\n--i\r\n"
		"Content-Type: text/plain; charset=unknown-8bit\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n=E9\r\n--i--\r\n--o--\r\n") },
	/* headers that end at what is no field */
	{ STR_INIT("Subject: x\r\nhello\r\nh\xe9\r\n"),
	  STR_INIT("Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\nhello\r\nh=E9\r\n") },
	{ STR_INIT("Content-Type: multipart/x; boundary=i\r\n--i\r\n\r\n\xe9\r\n"),
	  STR_INIT("Content-Type: multipart/x; boundary=i\r\nMIME-Version: 1.0\r\n\r\n--i\r\n"
		"Content-Type: text/plain; charset=unknown-8bit\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n=E9\r\n") },
	/* what cannot be converted */
	{ STR_INIT("Content-Transfer-Encoding: \xe9\r\n\r\n\xe9\r\n"), { 0 } },
	{ STR_INIT("Content-Type: multipart/x; boundary=i\r\n\r\n--i\r\nX: \xe9\r\n\r\n\xe9\r\n--i--\r\n"), { 0 } },
	{ STR_INIT("Content-Type: multipart/signed; boundary=i\r\n\r\n--i\r\n\r\n\xe9\r\n"), { 0 } },
	{ STR_INIT("Content-Type: multipart/mixed\r\n\r\n\xe9\r\n"), { 0 } },
	{ STR_INIT("Content-Type: multipart/mixed; boundary=i\r\n\r\n--j\r\n\r\n\xe9\r\n--j--\r\n"), { 0 } },
	{ STR_INIT("Content-Type: message/partial\r\n\r\n\xe9\r\n"), { 0 } },
	{ STR_INIT("Content-Type: message/feedback-report\r\n\r\n\xe9\r\n"), { 0 } },
	{ STR_INIT("Content-Transfer-Encoding: base64\r\n\r\n\xe9\r\n"), { 0 } },
	{ STR_INIT("Content-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: base64\r\n\r\n\xe9\r\n"), { 0 } },
	{ STR_INIT("Content-Transfer-Encoding: x-uue\r\n\r\n\xe9\r\n"), { 0 } },
	{ STR_INIT("Subject: x\r\n\r\na\nb\r\n"), { 0 } },
	{ STR_INIT("Subject: x\r\n\r\na\rb\r\n"), { 0 } },
	{ STR_INIT("Subject: x\r\n\r\na\r\r\n"), { 0 } },
	{ STR_INIT("Subject: x\r\n\r\nno end"), { 0 } },
};

/* All of these stay as they are. */
static const str unchanged[] = {
	STR_INIT("Subject: x\r\n\r\nbody=\r\n-- \r\n"),
	STR_INIT("\r\n"),
	STR_INIT("Subject: x\r\n"),
	STR_INIT("hello\r\n"),
	STR_INIT("Content-Transfer-Encoding: 8bit\r\n\r\nbody\r\n"),
	STR_INIT("Content-Type: multipart/signed; boundary=i\r\n\r\n--i\r\n\r\nx\r\n--i--\r\n"),
	STR_INIT("Content-Type: multipart/x; boundary=i\r\n--i\r\nx\r\n--i\r\n\r\n--i--\r\n"),
};
/* clang-format on */

/* In portions of n bytes.  False: it cannot be converted. */
static bool convert(str from, size_t n, struct buf *to)
{
	struct downgrade *d = downgrade_new();
	uint64_t octets;
	bool converts = true;

	buf_clear(to);
	for (str rest = from; rest.n > 0 && converts; rest = str_skip(rest, n))
		converts = downgrade_scan(d, str_first(rest, n));
	if (converts && downgrade_scan_end(d, &octets)) {
		for (str rest = from; rest.n > 0; rest = str_skip(rest, n))
			downgrade_convert(d, str_first(rest, n), to);
		downgrade_convert_end(d, to);
		CHECK_INT(buf_str(to).n, octets);
	} else {
		converts = false;
	}
	downgrade_free(d);
	return converts;
}

TEST(downgrade_does_the_same_in_every_cut)
{
	struct buf to = { 0 };

	for (size_t i = 0; i < LENGTH(cases); i++)
		for (size_t n = 1; n <= cases[i].from.n; n++) {
			CHECK_INT(convert(cases[i].from, n, &to), cases[i].to.p != NULL);
			if (cases[i].to.p)
				CHECK_STR(buf_str(&to), cases[i].to);
		}
	for (size_t i = 0; i < LENGTH(unchanged); i++)
		for (size_t n = 1; n <= unchanged[i].n; n++) {
			CHECK(convert(unchanged[i], n, &to));
			CHECK_STR(buf_str(&to), unchanged[i]);
		}
	buf_free(&to);
}

TEST(downgrade_folds_long_lines)
{
	static const char *const types[] = { "text/plain", "image/x" };
	struct buf from = { 0 }, to = { 0 };

	for (size_t i = 0; i < LENGTH(types); i++) {
		str rest, line;

		buf_clear(&from);
		buf_putf(&from, "Content-Type: %s\r\n\r\n", types[i]);
		for (int n = 0; n < 3000; n++)
			buf_put(&from, n % 7 ? S("a") : n % 2 ? S("\xe9") : S("-"));
		buf_put(&from, S("\r\n"));
		CHECK(convert(buf_str(&from), 1000, &to));
		rest = buf_str(&to);
		while (str_cut(&rest, '\n', &line)) {
			CHECK(line.n <= 77 && str_ends(line, S("\r")));
			CHECK(utf8_ascii(line) && line.p[0] != '-');
		}
	}
	buf_free(&from);
	buf_free(&to);
}

TEST(downgrade_bounds_the_parts)
{
	struct buf from = { 0 }, to = { 0 };

	buf_put(&from, S("Content-Type: multipart/x; boundary=i\r\n\r\n"));
	for (size_t i = 1; i < DOWNGRADE_PARTS_MAX; i++)
		buf_put(&from, S("--i\r\n\r\n\xe9\r\n"));
	CHECK(convert(buf_str(&from), 997, &to));
	buf_put(&from, S("--i\r\n\r\n\xe9\r\n"));
	CHECK(!convert(buf_str(&from), 997, &to));
	buf_free(&from);
	buf_free(&to);
}
