#include "sender/dmarc_record.h"

#include "base/ascii.h"

const char *dmarc_record_policy_name(enum dmarc_policy policy)
{
	static const char *const names[] = { [DMARC_POLICY_NONE] = "none",
		[DMARC_POLICY_QUARANTINE] = "quarantine",
		[DMARC_POLICY_REJECT] = "reject" };

	return names[policy];
}

/* Take one tag off *text.  False: it is none. */
static bool take_tag(str *text, str *name, str *value)
{
	str one;

	str_cut(text, ';', &one);
	*value = one;
	if (!str_cut(value, '=', name))
		return false;
	*name = str_trim(*name);
	*value = str_trim(*value);
	return name->n > 0;
}

bool dmarc_record_is(str text)
{
	str name, value;

	return take_tag(&text, &name, &value) && str_eq_nocase(name, S("v")) &&
	       str_eq(value, S("DMARC1"));
}

/* --- values ------------------------------------------------------------------------------------
 */

/* A record that is being read. */
struct reading {
	struct dmarc_record *r;
	bool bad_policy;
};

static bool read_policy(struct reading *t, str value, enum dmarc_policy *to)
{
	for (int p = DMARC_POLICY_NONE; p <= DMARC_POLICY_REJECT; p++)
		if (str_eq_nocase(value, str_of(dmarc_record_policy_name((enum dmarc_policy)p)))) {
			*to = (enum dmarc_policy)p;
			return true;
		}
	t->bad_policy = true;
	return false;
}

/* scheme ":" and something visible behind it (RFC 3986 section 3). */
static bool is_uri(str uri)
{
	str rest = uri, scheme;

	if (!str_cut(&rest, ':', &scheme) || scheme.n == 0 || rest.n == 0 ||
		!ascii_letter(scheme.p[0]))
		return false;
	for (size_t i = 0; i < scheme.n; i++)
		if (!ascii_letter(scheme.p[i]) && !ascii_digit(scheme.p[i]) &&
			!str_has(S("+-."), scheme.p[i]))
			return false;
	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] <= ' ' || rest.p[i] > '~')
			return false;
	return !str_eq_nocase(scheme, S("mailto")) || str_has(rest, '@');
}

static str read_uris(str list)
{
	str rest = list, one;

	while (rest.n > 0) {
		str_cut(&rest, ',', &one);
		if (is_uri(str_trim(one)))
			return list;
	}
	return S("");
}

static enum dmarc_psd read_psd(str value)
{
	if (str_eq_nocase(value, S("y")))
		return DMARC_PSD_YES;
	return str_eq_nocase(value, S("n")) ? DMARC_PSD_NO : DMARC_PSD_UNKNOWN;
}

static void read_tag(struct reading *t, str name, str value)
{
	struct dmarc_record *r = t->r;

	if (str_eq_nocase(name, S("p")))
		(void)read_policy(t, value, &r->p);
	else if (str_eq_nocase(name, S("sp")))
		r->has_sp = read_policy(t, value, &r->sp);
	else if (str_eq_nocase(name, S("np")))
		r->has_np = read_policy(t, value, &r->np);
	else if (str_eq_nocase(name, S("adkim")))
		r->strict_dkim = str_eq_nocase(value, S("s"));
	else if (str_eq_nocase(name, S("aspf")))
		r->strict_spf = str_eq_nocase(value, S("s"));
	else if (str_eq_nocase(name, S("t")))
		r->testing = str_eq_nocase(value, S("y"));
	else if (str_eq_nocase(name, S("psd")))
		r->psd = read_psd(value);
	else if (str_eq_nocase(name, S("rua")))
		r->rua = read_uris(value);
	else if (str_eq_nocase(name, S("ruf")))
		r->ruf = read_uris(value);
	else if (str_eq_nocase(name, S("fo")))
		r->fo = value;
}

/* Was this tag already in the part of the text that was read? */
static bool seen(str before, str name)
{
	str other, value;

	while (before.n > 0)
		if (take_tag(&before, &other, &value) && str_eq_nocase(other, name))
			return true;
	return false;
}

/* Who asks for reports takes part, even with a policy that nobody understands. */
static void settle(struct reading *t)
{
	struct dmarc_record *r = t->r;

	r->usable = !t->bad_policy || r->rua.n > 0;
	if (t->bad_policy) {
		r->has_sp = r->has_np = false;
		r->p = DMARC_POLICY_NONE;
	}
	if (!r->has_sp)
		r->sp = r->p;
	if (!r->has_np)
		r->np = r->sp;
}

void dmarc_record_read(str text, struct dmarc_record *r)
{
	struct reading t = { .r = r };
	str rest = text, name, value;

	*r = (struct dmarc_record){ 0 };
	while (rest.n > 0) {
		str before = str_first(text, (size_t)(rest.p - text.p));

		if (take_tag(&rest, &name, &value) && !seen(before, name))
			read_tag(&t, name, value);
	}
	settle(&t);
}
