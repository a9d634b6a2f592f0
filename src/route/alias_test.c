#include "route/alias.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "test/test.h"

/* A small world of files that can be included. */
static const struct {
	str path, text;
} files[] = {
	{STR_INIT("/list"),      STR_INIT("# a list\nanna, bert@b.test\n\n  \"carl\"\n")},
	{ STR_INIT("/outer"),    STR_INIT(":include:/list\ndora\n")                     },
	{ STR_INIT("/self"),     STR_INIT(":include:/self\n")                           },
	{ STR_INIT("/none"),     STR_INIT("# nobody\n")                                 },
	{ STR_INIT("/programs"), STR_INIT("|/bin/true\n")                               },
	{ STR_INIT("/bad"),      STR_INIT("anna\nbert carl\n")                          },
};

static bool include(void *owner, struct arena *a, str path, str *text, struct fail *why)
{
	(void)owner;
	for (size_t i = 0; i < LENGTH(files); i++)
		if (str_eq(files[i].path, path)) {
			*text = arena_copy(a, files[i].text);
			return true;
		}
	return fail_with(why, FAIL_TEMPORARY, "4.3.0", "%.*s: No such file", STR(path));
}

/* All of a table in one line. */
static str dump(const struct alias_table *t, const struct alias_table *keys, struct buf *to)
{
	struct alias_targets all;
	struct alias_target target;
	str key;

	buf_clear(to);
	for (size_t i = 0; alias_table_key(keys, i, &key); i++) {
		CHECK(alias_table_find(t, key, &all));
		buf_putf(to, "%s%.*s=", i ? " " : "", STR(key));
		for (size_t n = 0; alias_targets_next(&all, &target); n++)
			buf_putf(to, "%s%.*s", n ? "," : "", STR(target.text));
	}
	return buf_str(to);
}

static const struct {
	bool virtual;
	const char *text, *table; /* the table, or the error when it has a colon in front */
} cases[] = {
  /* the forms of aliases(5) */
	{false,  "root: anna\n",					    "root=anna@a.test"                                           },
	{ false, "root:anna,bert@b.test , carl",                            "root=anna@a.test,bert@b.test,carl@a.test"                   },
	{ false, "# c\n\n  \nroot : anna,\r\n# in between\r\n\n\tbert\r\n",
         "root=anna@a.test,bert@a.test"												  },
	{ false, "ROOT: Anna\n",					    "root=Anna@a.test"                                           },
	{ false, "root:\n  anna\nbert: carl",                               "root=anna@a.test bert=carl@a.test"                          },
	{ false, "\"a b\": x\n\"c:d\": y",                                  "\"a b\"=x@a.test \"c:d\"=y@a.test"                          },
	{ false, "\"a@b\": x\n",					    "\"a@b\"=x@a.test"                                           },
	{ false, "\"plain\": \"quoted\"\n",                                 "plain=quoted@a.test"                                        },
	{ false, "a: \"b c\", \"d@e.test\", \"f,g\"@h.test",
         "a=\"b c\"@a.test,d@e.test,\"f,g\"@h.test"										      },
	{ false, "a: <b@b.test>, Carl C <c@c.test>\n",                      "a=b@b.test,c@c.test"                                        },
	{ false, "a: <|b@b.test>, \"/c\"@c.test\n",                         "a=\"|b\"@b.test,\"/c\"@c.test"                              },
	{ false, "a: ,b,,\n ,c",					    "a=b@a.test,c@a.test"                                        },
	{ false, "a: /dev/null\nb: \"/dev/null\"",                          "a=/dev/null b=/dev/null"                                    },
	{ false, "a: :include:/outer, eve",
         "a=anna@a.test,bert@b.test,carl@a.test,dora@a.test,eve@a.test"                                                                  },
	{ false, "a: \":include:/list\"",                                   "a=anna@a.test,bert@b.test,carl@a.test"                      },
	{ false, "m\xc3\xbcller: b",					"m\xc3\xbcller=b@a.test"                                     },
	{ false, "",							""							   },
 /* of virtual(5) */
	{ true,  "anna bert",					       "anna@a.test=bert@a.test"                                    },
	{ true,  "Anna@A.Test\tb@b.test, c\n",                              "anna@a.test=b@b.test,c@a.test"                              },
	{ true,  "@a.test all@b.test\n",                                    "@a.test=all@b.test"                                         },
	{ true,  "@a.test @b.test\n",				       "@a.test=@b.test"                                            },
	{ true,  "a.test anything, at all ^\nx y",                          "x@a.test=y@a.test"                                          },
	{ true,  "x@other.test y@b.test",                                   "x@other.test=y@b.test"                                      },
	{ true,
         "x@b\xc3\xbc"
		"cher.test y",					      "x@xn--bcher-kva.test=y@a.test"                              },
	{ true,  "\"a b\" x",					       "\"a b\"@a.test=x@a.test"                                    },
 /* what is refused */
	{ false, "root anna",					       ":f:1:1: \"name: target\" is expected, but there is no \":\""},
	{ false, "a: b\n : c\n",					    ":f:2:2: a comma is missing before this target"              },
	{ false, ": b",						     ":f:1:1: a name is expected before the \":\""                },
	{ false, "  a: b",						  ":f:1:3: a line that begins with a blank continues nothing"  },
	{ false, "a: b\n  c",					       ":f:2:3: a comma is missing before this target"              },
	{ false, "a: b c",						  ":f:1:4: Bad local part of an address"                       },
	{ false, "a: b # c",						":f:1:4: Bad local part of an address"                       },
	{ false, "a: b, c@d..e",					    ":f:1:7: Bad domain of an address"                           },
	{ false, "a: \"b",						  ":f:1:4: the quote is not closed"                            },
	{ false, "\"a: b",						  ":f:1:1: the quote is not closed"                            },
	{ false, "a:\nb: c",						":f:1:1: this name has no target"                            },
	{ false, "b: c\na: ,",					      ":f:2:1: this name has no target"                            },
	{ false, "a@a.test: b",					     ":f:1:1: the name of an alias has no domain"                 },
	{ false, "a b: c",						  ":f:1:1: Bad local part of an address"                       },
	{ false, "a: b\nA: c",					      ":f:2:1: \"A\" is given twice; it stands in f:1:1, too"      },
	{ false, "a: \"|/bin/sh -c x\"",
         ":f:1:4: no program may stand in this file: 'aliases FILE { programs as USER }' "
		"allows it"													      },
	{ false, "a: |/bin/sh",
         ":f:1:4: no program may stand in this file: 'aliases FILE { programs as USER }' "
		"allows it"													      },
	{ false, "a: b, /var/mail/x",
         ":f:1:7: no file but /dev/null may stand here: 'aliases FILE { files as USER }' "
		"allows it"													      },
	{ false, "a: @b.test",
         ":f:1:4: \"@domain\" may be the first target of a virtual line only"                                                            },
	{ false, "a: :include:/lost",				       ":f:1:4: /lost: No such file"                                },
	{ false, "a: :include:/self",				       ":/self:1:1: /self includes itself"                          },
	{ false, "a: :include:/none",				       ":f:1:1: this name has no target"                            },
	{ false, "a: :include:/bad",					":/bad:2:1: Bad local part of an address"                    },
	{ true,  "anna",						    ":f:1:1: this name has no target"                            },
	{ true,  "anna b\nanna@a.test c",
         ":f:2:1: \"anna@a.test\" is given twice; it stands in f:1:1, too"                                                               },
	{ true,  "anna b, @b.test",
         ":f:1:9: \"@domain\" may be the first target of a virtual line only"                                                            },
	{ true,  "@a..test b",					      ":f:1:1: Bad domain of an address"                           },
	{ true,  "a @",						     ":f:1:3: Bad domain of an address"                           },
	{ true,  "a :include:/list",					":f:1:3: virtual files include nothing"                      },
};

TEST(alias_files_become_tables)
{
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct alias_builder *b = alias_builder_new(S("a.test"), include, NULL);
		struct fail why = { 0 };
		struct buf text = { 0 };
		bool ok = (cases[i].virtual ? alias_builder_virtual : alias_builder_aliases)(
			b, S("f"), str_of(cases[i].text), &why);
		struct alias_table *t = alias_builder_finish(b);

		if (ok)
			CHECK_STR(dump(t, t, &text), str_of(cases[i].table));
		else
			CHECK_STR(str_of(why.text),
				str_of(cases[i].table + (cases[i].table[0] == ':')));
		CHECK(ok == (cases[i].table[0] != ':'));
		buf_free(&text);
		alias_table_free(t);
	}
}

TEST(alias_targets_say_where_they_stand)
{
	struct alias_builder *b = alias_builder_new(S("a.test"), include, NULL);
	struct fail why = { 0 };
	struct alias_table *t;
	struct alias_targets all;
	struct alias_target target;
	static const struct {
		str file;
		unsigned line, column;
	} places[] = {
		{STR_INIT("f"),      2, 7},
		{ STR_INIT("f"),     3, 2},
		{ STR_INIT("/list"), 2, 1},
		{ STR_INIT("/list"), 2, 7},
		{ STR_INIT("/list"), 4, 3},
	};

	CHECK(alias_builder_aliases(b, S("f"), S("#\nroot: a,\n\tb,\n:include:/list"), &why) ==
		false);
	alias_builder_free(b);
	b = alias_builder_new(S("a.test"), include, NULL);
	CHECK(alias_builder_aliases(b, S("f"), S("#\nroot: a,\n\tb,\n :include:/list"), &why));
	t = alias_builder_finish(b);
	CHECK(alias_table_find(t, S("root"), &all));
	CHECK_STR(all.file, S("f"));
	CHECK_INT(all.line, 2);
	CHECK_INT(all.count, LENGTH(places));
	for (size_t i = 0; i < LENGTH(places); i++) {
		CHECK(alias_targets_next(&all, &target));
		CHECK_STR(target.file, places[i].file);
		CHECK_INT(target.line, places[i].line);
		CHECK_INT(target.column, places[i].column);
	}
	CHECK(!alias_targets_next(&all, &target));
	CHECK(!alias_table_find(t, S("Root"), &all));
	alias_table_free(t);
	alias_table_free(NULL);
	alias_builder_free(NULL);
}

TEST(alias_first_file_counts)
{
	struct alias_builder *b = alias_builder_new(S("a.test"), include, NULL);
	struct fail why = { 0 };
	struct buf text = { 0 };
	struct alias_table *t;

	CHECK(alias_builder_aliases(b, S("f"), S("x: one\ny: two"), &why));
	CHECK(alias_builder_aliases(b, S("g"), S("x: other\nz: three"), &why));
	CHECK(alias_builder_virtual(b, S("h"), S("x four"), &why));
	t = alias_builder_finish(b);
	CHECK_STR(dump(t, t, &text),
		S("x=one@a.test y=two@a.test z=three@a.test x@a.test=four@a.test"));
	buf_free(&text);
	alias_table_free(t);
}

TEST(alias_compiled_table_answers_alike)
{
	char path[] = "/tmp/facteur-alias-XXXXXX";
	struct alias_builder *b = alias_builder_new(S("a.test"), include, NULL);
	struct buf one = { 0 }, other = { 0 };
	struct fail why = { 0 };
	struct alias_table *t, *compiled;
	struct alias_targets all;
	str key;

	close(mkstemp(path));
	CHECK(alias_builder_aliases(b, S("f"), S("x: one, :include:/outer\ny: /dev/null"), &why));
	CHECK(alias_builder_virtual(b, S("h"), S("@a.test @b.test\nx four"), &why));
	t = alias_builder_finish(b);
	CHECK(alias_table_write(t, path, &why));
	compiled = alias_table_open(path, &why);
	CHECK(compiled);
	CHECK_STR(dump(compiled, t, &one), dump(t, t, &other));
	CHECK(!alias_table_find(compiled, S("nobody"), &all));
	CHECK(!alias_table_find(compiled, S("\0format"), &all));
	CHECK(!alias_table_key(compiled, 0, &key));
	alias_table_free(compiled);
	unlink(path);
	CHECK(!alias_table_open(path, &why));
	CHECK(!alias_table_write(t, "/nowhere/at/all", &why));
	alias_table_free(t);
	buf_free(&one);
	buf_free(&other);
}

/* clang-format off */
static const struct {
	const char *text, *says; /* beginning with ':' what is wrong, else the targets */
} allowed[] = {
	{ "a: \"| /usr/lib/sympa/bin/queue a@lists.test\"", "|/usr/lib/sympa/bin/queue a@lists.test" },
	{ "a: |/bin/true, /var/mail/x, \"/home/a b/Maildir/\", /dev/null",
	  "|/bin/true /var/mail/x /home/a b/Maildir/ /dev/null" },
	{ "a: \"|exec /bin/x\"", ":f:1:4: the path of a program is absolute, as in |/bin/x" },
	{ "a: \"|/bin/x >/dev/null 2>&1\"",
	  ":f:1:4: this command needs a shell, and none reads it; put it into a script" },
	{ "a: \"|/bin/x $HOME\"",
	  ":f:1:4: this command needs a shell, and none reads it; put it into a script" },
	{ "a: /", ":f:1:4: this is no path of a file" },
	{ "a: /var/../etc/passwd", ":f:1:4: this is no path of a file" },
	{ "a: :include:/programs", ":/programs:1:1: an included file may name neither programs nor files" },
};
/* clang-format on */

TEST(alias_files_lead_into_programs_and_files_where_that_is_allowed)
{
	for (size_t i = 0; i < LENGTH(allowed); i++) {
		struct alias_builder *b = alias_builder_new(S("a.test"), include, NULL);
		struct alias_targets targets;
		struct alias_target target;
		struct alias_table *t;
		struct buf said = { 0 };
		struct fail why = { 0 };

		alias_builder_allow(b, true, true);
		if (!alias_builder_aliases(b, S("f"), str_of(allowed[i].text), &why))
			buf_putf(&said, " :%s", why.text);
		t = alias_builder_finish(b);
		if (alias_table_find(t, S("a"), &targets))
			while (alias_targets_next(&targets, &target))
				buf_putf(&said, " %.*s", STR(target.text));
		CHECK_STR(str_skip(buf_str(&said), 1), str_of(allowed[i].says));
		buf_free(&said);
		alias_table_free(t);
	}
}
