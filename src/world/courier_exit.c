#include "world/courier_exit.h"

#include <sysexits.h>

#include "base/ascii.h"
#include "base/buf.h"

static const struct meaning {
	int code;
	const char *status, *text;
} meanings[] = {
	{EX_USAGE,        "5.3.0", "command line usage error"     },
	{ EX_DATAERR,     "5.6.0", "data format error"            },
	{ EX_NOINPUT,     "5.3.0", "cannot open input"            },
	{ EX_NOUSER,      "5.1.1", "user unknown"                 },
	{ EX_NOHOST,      "5.1.2", "host name unknown"            },
	{ EX_UNAVAILABLE, "5.3.0", "service unavailable"          },
	{ EX_SOFTWARE,    "5.3.0", "internal software error"      },
	{ EX_OSERR,       "4.3.0", "system resource problem"      },
	{ EX_OSFILE,      "5.3.0", "critical system file missing" },
	{ EX_CANTCREAT,   "5.2.0", "cannot create the output file"},
	{ EX_IOERR,       "5.3.0", "input/output error"           },
	{ EX_TEMPFAIL,    "4.3.0", "temporary failure"            },
	{ EX_PROTOCOL,    "5.5.0", "remote error in protocol"     },
	{ EX_NOPERM,      "5.7.0", "permission denied"            },
	{ EX_CONFIG,      "5.3.5", "local configuration error"    },
};

/* RFC 3463 section 2: "4.3.0" or "5.1.10" in front, with a blank or nothing behind. */
static size_t status_length(str s)
{
	unsigned dots = 0, digits = 0;
	size_t i = 0;

	if (!str_starts(s, S("4.")) && !str_starts(s, S("5.")))
		return 0;
	for (; i < s.n && s.p[i] != ' '; i++) {
		if (s.p[i] == '.' && digits > 0) {
			dots++;
			digits = 0;
		} else if (ascii_digit(s.p[i]) && digits < 3) {
			digits++;
		} else {
			return 0;
		}
	}
	return dots == 2 && digits > 0 ? i : 0;
}

/* In one line, each run of blanks and line ends as one blank. */
static void flatten(str said, struct buf *to)
{
	bool gap = false;

	for (size_t i = 0; i < said.n; i++) {
		bool blank = said.p[i] == ' ' || (said.p[i] >= '\t' && said.p[i] <= '\r');

		if (!blank && gap && buf_str(to).n > 0)
			buf_put_char(to, ' ');
		if (!blank)
			buf_put_char(to, said.p[i]);
		gap = blank;
	}
}

static void read_failure(int code, str said, struct fail *why)
{
	struct meaning m = { code, code < 0 ? "4.3.0" : "5.3.0",
		code < 0 ? "the program was killed" : "the program failed" };
	char status[sizeof why->status];
	size_t n = status_length(said);

	for (size_t i = 0; i < LENGTH(meanings); i++)
		if (meanings[i].code == code)
			m = meanings[i];
	if (n > 0)
		m.status = str_to_c(str_first(said, n), status, sizeof status);
	said = str_trim(str_skip(said, n));
	fail_with(why, m.status[0] == '5' ? FAIL_PERMANENT : FAIL_TEMPORARY, m.status,
		"%s%s%.*s (%s %d)", n > 0 ? "" : m.text, said.n > 0 && n == 0 ? ": " : "",
		STR(said), code < 0 ? "signal" : "exit code", code < 0 ? -code : code);
}

bool courier_exit_read(int code, str said, struct fail *why)
{
	struct buf flat = { 0 };
	str words;

	flatten(said, &flat);
	words = str_first(buf_str(&flat), FAIL_TEXT_MAX - 100); /* the rest of the line is ours */
	if (code == 0)
		fail_with(why, FAIL_NONE, "", "%.*s", STR(words));
	else
		read_failure(code, words, why);
	buf_free(&flat);
	return code == 0;
}
