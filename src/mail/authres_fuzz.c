/* Laws: what is read from any field, written by us, is read again as the same; no line of it is too
 * long, and it holds one field only; a field with our name in it that others could take for ours is
 * known as such. */
#include "test/fuzz.h"

#include "base/ascii.h"
#include "base/fail.h"
#include "mail/authres.h"

#define LINE_OCTETS_MAX 998 /* RFC 5322 section 2.1.1 */

static void check_lines(str field)
{
	str line, rest = field;

	LAW(str_ends(field, S("\r\n")));
	while (rest.n > 0) {
		LAW(str_cut(&rest, '\n', &line) && str_ends(line, S("\r")));
		line.n--;
		LAW(line.n <= LINE_OCTETS_MAX && line.n > 0);
		LAW(rest.n == 0 || rest.p[0] == '\t');
		for (size_t i = 0; i < line.n; i++)
			LAW(line.p[i] == '\t' || !ascii_control(line.p[i]));
	}
}

static void write_result(struct authres_writer *w, const struct authres_result *r)
{
	authres_add(w, str_of(r->method), str_of(r->result));
	if (r->reason[0])
		authres_reason(w, str_of(r->reason));
	for (size_t i = 0; i < r->count; i++)
		authres_property(w, str_of(r->properties[i].type), str_of(r->properties[i].name),
			str_of(r->properties[i].value));
}

static void check_same(const struct authres_result *a, const struct authres_result *b)
{
	char clean[AUTHRES_VALUE_MAX];

	LAW(strcmp(a->method, b->method) == 0 && strcmp(a->result, b->result) == 0);
	LAW(strcmp(fail_clean(str_of(a->reason), clean, sizeof clean), b->reason) == 0);
	LAW(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		fail_clean(str_of(a->properties[i].value), clean, sizeof clean);
		LAW(strcmp(a->properties[i].type, b->properties[i].type) == 0);
		LAW(strcmp(a->properties[i].name, b->properties[i].name) == 0);
		LAW(strcmp(clean, b->properties[i].value) == 0);
	}
}

static void check_read_again(struct authres *a)
{
	static struct authres_result first, second;
	struct authres_writer w;
	struct buf out = { 0 };

	while (authres_next(a, &first) == AUTHRES_RESULT) {
		struct authres again;
		str body;

		buf_clear(&out);
		authres_begin(&w, &out, S("pivot.test"), true);
		write_result(&w, &first);
		LAW(authres_end(&w));
		check_lines(buf_str(&out));
		body = str_skip(buf_str(&out), sizeof "Authentication-Results:" - 1);
		LAW(authres_claims(body, S("Pivot.test.")));
		LAW(authres_open(body, &again));
		LAW(authres_next(&again, &second) == AUTHRES_RESULT);
		check_same(&first, &second);
		LAW(authres_next(&again, &second) == AUTHRES_END);
	}
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str body = str_from(data, size), id;
	struct authres a;

	if (authres_open(body, &a))
		check_read_again(&a);
	/* How a careless reader finds the name. */
	str_cut(&body, ';', &id);
	if (str_eq_nocase(str_trim(id), S("pivot.test")))
		LAW(authres_claims(str_from(data, size), S("pivot.test")));
	return 0;
}
