#include "dns/name.h"

#include <idn2.h>

#include "base/ascii.h"
#include "base/utf8.h"

#define LABEL_UTF8_MAX 252 /* bytes of a label before its conversion: 63 characters of 4 */

static bool valid_label(str label)
{
	if (label.n == 0 || label.n > DNS_LABEL_MAX)
		return false;
	if (label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		char c = label.p[i];

		if (!ascii_letter(c) && !ascii_digit(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

bool dns_name_valid(str name)
{
	str label;
	bool more;

	if (name.n == 0 || name.n > DNS_NAME_MAX)
		return false;
	do {
		more = str_cut(&name, '.', &label);
		if (!valid_label(label))
			return false;
	} while (more);
	return true;
}

/* One label by libidn2, which checks xn-- labels too, into ASCII; a mapping that would make several
 * labels of it is refused, as valid_label knows no dot. */
static bool convert_label(str label, char to[DNS_LABEL_MAX + 1])
{
	char text[LABEL_UTF8_MAX + 1];
	uint8_t *converted = NULL;
	bool ok;

	if (label.n > LABEL_UTF8_MAX || str_has(label, '\0') || !utf8_valid(label))
		return false;
	for (size_t i = 0; i < label.n; i++)
		text[i] = ascii_lower(label.p[i]);
	text[label.n] = '\0';
	ok = idn2_lookup_u8((uint8_t *)text, &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) ==
	     IDN2_OK;
	if (ok) {
		str result = str_of((char *)converted);

		ok = valid_label(result);
		if (ok)
			str_to_c(result, to, DNS_LABEL_MAX + 1);
	}
	idn2_free(converted);
	return ok;
}

static bool needs_conversion(str label)
{
	return str_starts_nocase(label, S("xn--")) || !utf8_ascii(label);
}

bool dns_name_ascii(str name, char to[DNS_NAME_MAX + 1])
{
	size_t n = 0;
	str label;
	bool more;

	do {
		char ascii[DNS_LABEL_MAX + 1];

		more = str_cut(&name, '.', &label);
		if (needs_conversion(label)) {
			if (!convert_label(label, ascii))
				return false;
			label = str_of(ascii);
		}
		if (!valid_label(label) || n + label.n + more > DNS_NAME_MAX)
			return false;
		for (size_t i = 0; i < label.n; i++)
			to[n++] = ascii_lower(label.p[i]);
		if (more)
			to[n++] = '.';
	} while (more);
	to[n] = '\0';
	return true;
}

bool dns_name_askable(str name)
{
	str label;
	bool more;

	if (name.n > DNS_NAME_MAX)
		return false;
	do {
		more = str_cut(&name, '.', &label);
		if (label.n == 0 || label.n > DNS_LABEL_MAX)
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (label.p[i] < ' ' || label.p[i] > '~' || label.p[i] == '\\')
				return false;
	} while (more);
	return true;
}

bool dns_name_below(str name, str domain)
{
	size_t above;

	if (domain.n == 0 || str_eq_nocase(name, domain))
		return true;
	if (!str_ends_nocase(name, domain))
		return false;
	above = name.n - domain.n;
	return above > 1 && name.p[above - 1] == '.';
}
