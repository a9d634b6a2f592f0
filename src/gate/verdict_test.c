#include "gate/verdict.h"

#include "test/test.h"

static const struct {
	const char *value;
	enum verdict_place place;
	enum verdict_kind kind;
	int code;
	const char *status, *text;
} cases[] = {
	{"accept",		       VERDICT_OF_ACCESS, VERDICT_ACCEPT,   0,   "",       ""             },
	{ "OK",			  VERDICT_OF_ACCESS, VERDICT_ACCEPT,   0,   "",       ""             },
	{ "1234567",		     VERDICT_OF_ACCESS, VERDICT_ACCEPT,   0,   "",       ""             },
	{ "DUNNO",		       VERDICT_OF_ACCESS, VERDICT_NONE,     0,   "",       ""             },
	{ "REJECT",		      VERDICT_OF_ACCESS, VERDICT_REFUSE,   550, "5.7.1",
         "Refused by a rule of this server"								 },
	{ "reject go away",              VERDICT_OF_ACCESS, VERDICT_REFUSE,   550, "5.7.1",  "go away"      },
	{ "refuse 554 5.7.28 go  away ", VERDICT_OF_ACCESS, VERDICT_REFUSE,   554, "5.7.28",
         "go  away"											 },
	{ "refuse 5.1.8 unknown",        VERDICT_OF_ACCESS, VERDICT_REFUSE,   550, "5.1.8",  "unknown"      },
	{ "refuse 450 later",            VERDICT_OF_ACCESS, VERDICT_REFUSE,   450, "4.7.1",  "later"        },
	{ "defer",		       VERDICT_OF_ACCESS, VERDICT_REFUSE,   450, "4.7.1",
         "Refused by a rule of this server"								 },
	{ "defer 4.3.0 a moment",        VERDICT_OF_HEADER, VERDICT_REFUSE,   450, "4.3.0",  "a moment"     },
	{ "554 no",		      VERDICT_OF_ACCESS, VERDICT_REFUSE,   554, "5.7.1",  "no"           },
	{ "421 4.7.0 no",                VERDICT_OF_ACCESS, VERDICT_REFUSE,   421, "4.7.0",  "no"           },
	{ "Hold for me",                 VERDICT_OF_HEADER, VERDICT_HOLD,     0,   "",       "for me"       },
	{ "DISCARD",		     VERDICT_OF_HEADER, VERDICT_DISCARD,  0,   "",       ""             },
	{ "WARN seen",                   VERDICT_OF_ACCESS, VERDICT_WARN,     0,   "",       "seen"         },
	{ "IGNORE",		      VERDICT_OF_HEADER, VERDICT_REMOVE,   0,   "",       ""             },
	{ "replace X-A: b",              VERDICT_OF_HEADER, VERDICT_REPLACE,  0,   "",       "X-A: b"       },
	{ "REDIRECT a@b.test",           VERDICT_OF_BODY,   VERDICT_REDIRECT, 0,   "",       "a@b.test"     },
	{ "FILTER smtp:[::1]:26",        VERDICT_OF_ACCESS, VERDICT_FILTER,   0,   "",       "smtp:[::1]:26"},
	{ "prepend X-A: b",              VERDICT_OF_ACCESS, VERDICT_PREPEND,  0,   "",       "X-A: b"       },
	{ "PREPEND X-A: b",              VERDICT_OF_HEADER, VERDICT_PREPEND,  0,   "",       "X-A: b"       },
};

TEST(verdict_words_are_ours_and_postfix_s)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct verdict v;
		struct fail why = { 0 };

		CHECK(verdict_parse(str_of(cases[i].value), cases[i].place, &v, &why));
		CHECK_INT(v.kind, cases[i].kind);
		CHECK_INT(v.code, cases[i].code);
		CHECK_STR(str_of(v.status), str_of(cases[i].status));
		CHECK_STR(v.text, str_of(cases[i].text));
	}
}

TEST(verdict_refuses_what_it_does_not_know)
{
	static const struct {
		const char *value;
		enum verdict_place place;
	} wrong[] = {
		{"",                    VERDICT_OF_ACCESS},
		{ "acept",              VERDICT_OF_ACCESS},
		{ "remove",             VERDICT_OF_ACCESS},
		{ "remove",             VERDICT_OF_BODY  },
		{ "filter smtp:x",      VERDICT_OF_HEADER},
		{ "filter smtp",        VERDICT_OF_ACCESS},
		{ "redirect a",         VERDICT_OF_ACCESS},
		{ "prepend a",          VERDICT_OF_ACCESS},
		{ "OK",                 VERDICT_OF_HEADER},
		{ "12345",              VERDICT_OF_HEADER},
		{ "replace",            VERDICT_OF_HEADER},
		{ "prepend no field",   VERDICT_OF_HEADER},
		{ "refuse 550 4.7.1 x", VERDICT_OF_ACCESS},
	};

	for (size_t i = 0; i < LENGTH(wrong); i++) {
		struct verdict v;
		struct fail why = { 0 };

		CHECK(!verdict_parse(str_of(wrong[i].value), wrong[i].place, &v, &why));
		CHECK(why.text[0] != '\0');
	}
}
